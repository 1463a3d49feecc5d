"""A CRM's HTTP interface as tests want it: slow, wrong, gone, with tokens that end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

CONTACT = {"data": [{"id": 7, "full_name": "王芳", "level": "黑金", "secret": "身份证"}]}
ORDERS = {
    "items": [{"what": "空调", "type": "KFR35GW", "no": "DD1", "at": "2026-02-28T16:30:00Z", "until": 1961424000}]
}
PLANS = [{"title": "延长保修", "ends": "2030年6月18日"}]


@dataclass
class Crm:
    """`answers`: path → JSON, bytes, status, or a function of the request."""

    answers: dict[str, Any] = field(
        default_factory=lambda: {"/contacts": CONTACT, "/owners/7/orders": ORDERS, "/plans": PLANS}
    )
    delay_s: float = 0.0
    good_tokens: set[str] = field(default_factory=set)
    """Empty: anybody may ask."""
    lasts_s: int | str = 3600
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path_qs}")
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await asyncio.sleep(self.delay_s)
        finally:
            self.at_once -= 1
        if (
            self.good_tokens
            and request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.good_tokens
        ):
            return web.Response(status=401)
        return _response(await _made(self.answers.get(request.path, 404), request))

    async def token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        who = request.headers.get("Authorization") or form.get("client_secret")
        self.asked.append(f"token {form.get('grant_type')} {form.get('scope', '')} {bool(who)}")
        token = f"t{len(self.asked)}"
        self.good_tokens.add(token)
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": self.lasts_s})


async def _made(answer: Any, request: web.Request) -> Any:
    return await answer(request) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]


def _response(answer: Any) -> web.StreamResponse:
    match answer:
        case int():
            return web.Response(status=answer, text="x")
        case bytes():
            return web.Response(body=answer, content_type="application/json")
        case _:
            return web.json_response(answer)


@asynccontextmanager
async def running(crm: Crm, port: int | None = None) -> AsyncIterator[Crm]:
    app = web.Application()
    app.router.add_post("/token", crm.token)
    app.router.add_route("*", "/{rest:.*}", crm.answer)
    server = TestServer(app, port=port, handler_cancellation=True)
    await server.start_server()
    crm.url = str(server.make_url("")).rstrip("/")
    try:
        yield crm
    finally:
        await server.close()
