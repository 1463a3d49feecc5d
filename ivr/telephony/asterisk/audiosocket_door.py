"""Where Asterisk brings the calls by AudioSocket: three questions by FastAGI and one TCP connection a call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

from ivr.settings import Settings
from ivr.telephony.asterisk.ami_calls import AmiCalls
from ivr.telephony.asterisk.audio_peer import AudioPeer
from ivr.telephony.asterisk.audiosocket_line import AudioSocketLine
from ivr.telephony.asterisk.calls import Calls, Now, OnCall, call_info, port_taken
from ivr.telephony.asterisk.fastagi import CallerGone, Exchange, Handler
from ivr.telephony.asterisk.recording import Recording

STOP_S = 2.0
"""Calls that are given to humans when we stop are through by then."""


class AudioSocketDoor:
    """Listens on `settings.ports.bot`. What becomes of the calls: `Calls`."""

    def __init__(self, settings: Settings, on_call: OnCall, *, now: Now | None = None) -> None:
        self._settings = settings
        self._now = now or (lambda _: settings.now())
        self._calls: Calls[AudioSocketLine] = Calls(on_call)
        self._ami = AmiCalls(settings, self._pressed)
        self._expected: dict[UUID, AudioSocketLine] = {}
        self._server: asyncio.Server | None = None

    @property
    def calls(self) -> int:
        """Calls that the bot has now."""
        return len(self._calls)

    @property
    def routes(self) -> Mapping[str, Handler]:
        """What the dialplan asks in [bot], for the FastAGI server."""
        return {"talk": self._talk, "next": self._next, "gone": self._gone}

    async def start(self) -> None:
        """Raises `TelephonyDown` when the port is taken."""
        port = self._settings.ports.bot
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: AudioPeer(self._claim), self._settings.line_host, port)
        except OSError as error:
            raise port_taken(port, error) from error
        self._ami.start()

    async def stop(self) -> None:
        """Calls that are left go on with a human."""
        if self._server:
            self._server.close()
            self._server = None
        await self._calls.leave(STOP_S)
        await self._ami.stop()

    # --- what the dialplan asks ---

    async def _talk(self, exchange: Exchange) -> None:
        """A call begins; the dialplan waits here until it is to be answered. The name of its socket comes last."""
        if self._server is None:
            return
        line = self._begin(exchange)
        leaving = asyncio.create_task(exchange.hung_up(), name=f"talk {line.info.call_id}")
        ready = asyncio.create_task(line.ready.wait(), name=f"answer {line.info.call_id}")
        try:
            await asyncio.wait({leaving, ready}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            ready.cancel()
            await asyncio.gather(leaving, ready, return_exceptions=True)
        if not line.ready.is_set():
            line.gone()
            raise CallerGone(f"通话 {line.info.call_id} 在接听之前挂断了。")
        if line.answered and not line.over:
            self._expected[line.socket_id] = line
            await exchange.set("IVR_SOCKET", str(line.socket_id))

    async def _next(self, exchange: Exchange) -> None:
        """AudioSocket() has ended and the caller is still there. IVR_NEXT comes last."""
        if line := self._calls.find(_call_of(exchange)):
            for name, value in line.next().items():
                await exchange.set(name, value)

    async def _gone(self, exchange: Exchange) -> None:
        if line := self._calls.find(_call_of(exchange)):
            line.gone()

    # --- inside ---

    def _begin(self, exchange: Exchange) -> AudioSocketLine:
        """Called by `AGI(…/talk,hotline,caller,dialled,recorded,simulation)` in extensions.conf."""
        call, channel = _call_of(exchange), exchange.headers.get("agi_channel", "")
        told = [exchange.headers.get(f"agi_arg_{number}", "") for number in range(1, 6)]
        recording = Recording(call, lambda: self._ami.record(call))
        info = call_info(call, told, self._now)
        line = AudioSocketLine(info, lambda name, value: self._ami.set(channel, name, value), recording)
        task = self._calls.begin(call, line)
        task.add_done_callback(lambda _: self._expected.pop(line.socket_id, None))
        return line

    def _claim(self, name: UUID, peer: AudioPeer) -> AudioSocketLine | None:
        """A name is good for one connection."""
        line = self._expected.pop(name, None)
        if line is None or line.over:
            return None
        line.attach(peer)
        return line

    def _pressed(self, call_id: str, digit: str) -> None:
        if line := self._calls.find(call_id):
            line.pressed("ami", digit)


def _call_of(exchange: Exchange) -> str:
    return str(exchange.headers.get("agi_uniqueid", ""))
