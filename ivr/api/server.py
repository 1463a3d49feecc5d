"""The HTTP server of the API: lets in, checks what is asked against the types, answers; errors are problems in JSON."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol

import msgspec
from aiohttp import web

from ivr.api.access import Access
from ivr.api.openapi import describe
from ivr.api.operations import ROUTES
from ivr.api.problem import CONTENT_TYPE, Problem, of_error, of_http, unexpected
from ivr.api.routes import PATH, Asked, Handler, Reply, Route
from ivr.errors import IvrError, PeerDown

log = logging.getLogger(__name__)

LARGEST_BYTES = 64 * 1024
"""Of a request's content."""
ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
BODY_S = 10.0
"""A request's content is there by then."""
HEALTH_S = 2.0
TOKEN = web.RequestKey("token", str)
BEGAN = web.RequestKey("began", float)


class Counters(Protocol):
    def answered(self, operation: str, status: int, took_s: float) -> None: ...
    def page(self) -> bytes: ...


class ApiServer:
    def __init__(
        self,
        host: str,
        port: int,
        access: Access,
        handlers: Mapping[str, Handler],
        counters: Counters,
        *,
        try_store: Callable[[], Awaitable[object]],
    ) -> None:
        """`try_store`: raises `IvrError` when the tickets cannot be reached."""
        self._host, self._port = host, port
        self._access = access
        self._handlers = handlers
        self._counters = counters
        self._try_store = try_store
        self._description = json.dumps(describe(ROUTES), ensure_ascii=False).encode()
        self._runner: web.AppRunner | None = None

    def application(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BYTES, middlewares=[self._guard])
        app.on_response_prepare.append(self._note)
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/openapi.json", self._openapi)
        for route in ROUTES:
            handle = partial(self._handle, route, self._handlers[route.name])
            app.router.add_route(route.method, route.path, handle, name=route.name)
        return app

    async def start(self) -> None:
        """Raises `PeerDown` when the port is taken."""
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self.stop()
            raise PeerDown(
                f"{self._host}:{self._port} 无法监听（{error.strerror}）：请停掉占用它的程序，或改设置里的 ports.api。"
            ) from error

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    # --- one request

    async def _handle(self, route: Route, handler: Handler, request: web.Request) -> web.StreamResponse:
        token = await self._access.check(request.headers.get("Authorization"), request.remote or "", route.scope)
        request[TOKEN] = token.name
        asked = Asked(
            by=f"api:{token.name}",
            path=_path(route, request),
            query=_query(route, request),
            body=await _body(route, request),
            if_match=_if_match(route, request),
            if_none_match=request.headers.get("If-None-Match"),
            range=request.headers.get("Range"),
        )
        reply = await handler(asked)
        return reply if isinstance(reply, web.StreamResponse) else _response(reply)

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Whatever happens, the answer is one that the description knows."""
        request[BEGAN] = time.perf_counter()
        try:
            response = await handler(request)
        except Problem as problem:
            response = _refusal(problem)
        except IvrError as error:
            refused = of_error(error)
            if refused.status >= 500:
                log.warning("api: %s", error)
            response = _refusal(refused)
        except web.HTTPException as error:
            kept = {name: value for name, value in error.headers.items() if name in {"Allow", "Retry-After"}}
            response = _refusal(of_http(error.status, kept))
        except Exception:  # the boundary of a request: others go on
            log.exception("api: %s %s", request.method, request.match_info.route.name)
            response = _refusal(unexpected())
        response.headers.update(ALWAYS)
        return response

    async def _note(self, request: web.Request, response: web.StreamResponse) -> None:
        """Logged and counted as the answer begins: only then a file knows whether all of it was asked for."""
        name = request.match_info.route.name
        if name is None:  # health, metrics, the description; what is nowhere
            return
        status, took_s = response.status, time.perf_counter() - request.get(BEGAN, time.perf_counter())
        self._counters.answered(name, status, took_s)
        about = request.match_info.get("ticket_no") or request.match_info.get("call_id") or "-"
        about = about if re.fullmatch(r"[\w.-]{1,128}", about, re.ASCII) else "?"
        log.info("api token=%s %s %s → %d %.0f ms", request.get(TOKEN, "-"), name, about, status, took_s * 1000)

    async def _health(self, _: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(HEALTH_S):
                await self._try_store()
        except (IvrError, TimeoutError) as error:
            log.warning("api: health: %s", error)
            raise Problem(503, "store", "工单库没有回答；为什么在 gateway 的日志里。") from error
        return web.json_response({"ok": True})

    async def _metrics(self, _: web.Request) -> web.Response:
        page = self._counters.page()
        return web.Response(body=page, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _openapi(self, _: web.Request) -> web.Response:
        return web.Response(body=self._description, content_type="application/json")


def _path(route: Route, request: web.Request) -> dict[str, str]:
    try:
        return {name: msgspec.convert(request.match_info[name], PATH[name]) for name in route.names}
    except msgspec.ValidationError:
        raise Problem(404, "not_found", "没有这样的编号：请核对它的写法（见 /openapi.json）。") from None


def _query(route: Route, request: web.Request) -> Any:
    given = request.query
    if twice := [name for name in given if len(given.getall(name)) > 1]:
        raise Problem(422, "query", f"参数 {twice[0][:50]!r} 写了不止一次。")
    try:
        asked = msgspec.convert(dict(given), route.query, strict=False)
    except msgspec.ValidationError as error:
        raise Problem(422, "query", f"参数不对：{error}；可用的见 /openapi.json。") from None
    for name, text in given.items():  # lax: "null" is None, and a number a moment
        value = getattr(asked, name)
        if value is None or (isinstance(value, dt.datetime) and ":" not in text):
            raise Problem(422, "query", f"参数 {name!r} 不能是 {text[:50]!r}；写法见 /openapi.json。")
    return asked


async def _body(route: Route, request: web.Request) -> Any:
    if route.body is None:
        return None
    if request.content_type != "application/json":
        raise Problem(415, "content_type", "请求要是 JSON：Content-Type: application/json。")
    try:
        async with asyncio.timeout(BODY_S):
            content = await request.read()
    except TimeoutError:
        raise Problem(408, "slow_body", f"内容 {BODY_S:g} 秒还没有送完。", {"Connection": "close"}) from None
    try:
        return msgspec.json.decode(content, type=route.body)
    except msgspec.ValidationError as error:
        raise Problem(422, "body", f"内容不对：{error}；写法见 /openapi.json。") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem(400, "json", "内容不是 JSON（UTF-8）。") from None


def _if_match(route: Route, request: web.Request) -> str | None:
    given = request.headers.get("If-Match")
    if route.if_match and given is None:
        raise Problem(428, "if_match", "要带 If-Match：读工单时得到的 ETag。这样不会盖掉别人刚做的改动。")
    return given


def _response(reply: Reply) -> web.Response:
    if reply.body is None:
        return web.Response(status=reply.status, headers=reply.headers)
    body = msgspec.json.encode(reply.body)
    return web.Response(body=body, status=reply.status, headers=reply.headers, content_type="application/json")


def _refusal(problem: Problem) -> web.Response:
    body = msgspec.json.encode(problem.document())
    return web.Response(body=body, status=problem.status, headers=problem.headers, content_type=CONTENT_TYPE)
