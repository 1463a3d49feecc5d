"""The socket of control: one ARI websocket of one call, opened by Asterisk."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import WSMsgType, web

from ivr.errors import TelephonyDown, WireError
from ivr.telephony.asterisk import ari

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 3.0
"""Asterisk answers on the same machine within milliseconds."""


class Control:
    """REST requests over the websocket; what else comes is iterated by `events`."""

    def __init__(self, websocket: web.WebSocketResponse) -> None:
        self._socket = websocket
        self._numbers = itertools.count(1)
        self._open: dict[str, asyncio.Future[ari.Answer]] = {}

    async def events(self) -> AsyncIterator[ari.Message]:
        """Events until the websocket closes. A message that is not understood is logged and left out."""
        try:
            async for message in self._socket:
                self._acknowledge()
                if message.type is not WSMsgType.TEXT:
                    continue
                try:
                    event = ari.parse(message.data)
                except WireError as error:
                    log.warning("%s", error)
                    continue
                if isinstance(event, ari.Answer):
                    self._answered(event)
                else:
                    yield event
        finally:
            self._lost()

    async def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> str:
        """Body of the answer. Raises `TelephonyDown` when the line is gone or Asterisk refuses."""
        number = str(next(self._numbers))
        answer: asyncio.Future[ari.Answer] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                await self._socket.send_str(ari.request(number, method, path, query, body))
                told = await answer
        except TimeoutError as error:
            raise TelephonyDown(f"Asterisk 在 {REQUEST_TIMEOUT_S:g} 秒内没有回答 ARI 请求 {method} {path}。") from error
        except OSError as error:
            raise TelephonyDown(f"ARI 连接已断开，无法执行 {method} {path}。") from error
        finally:
            self._open.pop(number, None)
        if not told.ok:
            raise TelephonyDown(f"Asterisk 拒绝了 ARI 请求 {method} {path}：{told.status} {told.reason} {told.body}")
        return told.body

    def _acknowledge(self) -> None:
        """Asterisk does not set TCP_NODELAY here: without this each answer that follows an event comes 40 ms late
        (Nagle meets delayed acknowledgement; tcp(7))."""
        raw = self._socket.get_extra_info("socket")
        if raw is not None and hasattr(socket, "TCP_QUICKACK"):
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _answered(self, answer: ari.Answer) -> None:
        future = self._open.get(answer.request)
        if future and not future.done():
            future.set_result(answer)

    def _lost(self) -> None:
        for future in self._open.values():
            if not future.done():
                future.set_exception(TelephonyDown("ARI 连接已断开：通话已经结束，或 Asterisk 停了。"))
