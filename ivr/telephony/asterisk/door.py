"""Where Asterisk brings the calls: two websockets a call, /control and /media, opened by Asterisk."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Mapping

import aiohttp
from aiohttp import web

from ivr.settings import Settings
from ivr.telephony.asterisk import ari, media
from ivr.telephony.asterisk.ami_calls import AmiCalls
from ivr.telephony.asterisk.calls import Calls, Now, OnCall, call_info, port_taken
from ivr.telephony.asterisk.control import Control
from ivr.telephony.asterisk.fastagi import Handler
from ivr.telephony.asterisk.line import AsteriskLine
from ivr.telephony.asterisk.media_socket import MediaSocket
from ivr.telephony.asterisk.recording import Recording
from ivr.telephony.asterisk.secrets import load_secrets

log = logging.getLogger(__name__)

USER = "asterisk"
"""Name that Asterisk logs in with (websocket_client.conf)."""


class AsteriskDoor:
    """Listens on `settings.ports.bot`. What becomes of the calls: `Calls`."""

    def __init__(self, settings: Settings, on_call: OnCall, *, now: Now | None = None) -> None:
        self._settings = settings
        self._now = now or (lambda _: settings.now())
        self._secret = load_secrets(settings.var / "secrets.toml").bot
        self._calls: Calls[AsteriskLine] = Calls(on_call)
        self._sockets: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None
        self._recorder = AmiCalls(settings)

    @property
    def calls(self) -> int:
        """Calls that the bot has now."""
        return len(self._calls)

    @property
    def routes(self) -> Mapping[str, Handler]:
        """None: Asterisk asks nothing more by FastAGI, as control has a websocket of its own."""
        return {}

    async def start(self) -> None:
        """Raises `TelephonyDown` when the port is taken."""
        app = web.Application()
        app.add_routes([web.get("/control", self._control), web.get("/media", self._media)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        port = self._settings.ports.bot
        try:
            await web.TCPSite(self._runner, self._settings.host, port).start()
        except OSError as error:
            await self.stop()
            raise port_taken(port, error) from error
        self._recorder.start()

    async def stop(self) -> None:
        """Calls that are left go on with a human."""
        if self._runner:
            # First, for Asterisk tries at once to open again what is closed now.
            for site in list(self._runner.sites):
                await site.stop()
        await asyncio.gather(*(socket.close() for socket in list(self._sockets)), return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
        await self._recorder.stop()

    async def _control(self, request: web.Request) -> web.StreamResponse:
        socket = await self._accept(request, "ari")
        control = Control(socket)
        line: AsteriskLine | None = None
        task: asyncio.Task[None] | None = None
        try:
            async for event in control.events():
                match event:
                    case ari.Started(channel, ("call", *arguments), application) if line is None:
                        line = self._line(channel, arguments, control, application)
                        task = self._calls.begin(line.token, line)
                    case ari.Started(channel) if line and channel == line.media_channel:
                        line.media_in_app()
                    case ari.Left(channel, gone) if line and channel == line.info.call_id:
                        line.left(gone=gone)
                    case _:
                        log.debug("control: %s", event)
        finally:
            if line:
                line.lost()
            if task:
                await asyncio.gather(task, return_exceptions=True)
            self._sockets.discard(socket)
        return socket

    async def _media(self, request: web.Request) -> web.StreamResponse:
        line = self._calls.find(request.query.get("call", ""))
        if line is None:
            raise web.HTTPNotFound
        socket = await self._accept(request, "media")
        try:
            await line.carry(MediaSocket(socket, time.monotonic))
        finally:
            self._sockets.discard(socket)
        return socket

    async def _accept(self, request: web.Request, protocol: str) -> web.WebSocketResponse:
        if not self._knows(request.headers.get("Authorization", "")):
            raise web.HTTPUnauthorized
        socket = web.WebSocketResponse(
            protocols=(protocol,), compress=False, max_msg_size=media.LONGEST_SOUND * 16, timeout=1.0
        )
        await socket.prepare(request)
        self._sockets.add(socket)
        return socket

    def _knows(self, authorization: str) -> bool:
        expected = aiohttp.encode_basic_auth(USER, self._secret)
        return hmac.compare_digest(authorization.encode(), expected.encode())

    def _line(self, call_id: str, arguments: list[str], control: Control, application: str) -> AsteriskLine:
        """Called by `Stasis(ivr,call,hotline,caller,dialled,recorded,simulation)` in extensions.conf."""
        info = call_info(call_id, arguments, self._now)
        recording = Recording(call_id, lambda: self._recorder.record(call_id))
        return AsteriskLine(info, control, application, recording)
