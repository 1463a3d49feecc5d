"""Where Asterisk brings the calls by AudioSocket: three questions by FastAGI and one TCP connection a call."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from ivr.call.ports import CallInfo, Line
from ivr.errors import TelephonyDown
from ivr.settings import Settings
from ivr.telephony.asterisk.ami_calls import AmiCalls
from ivr.telephony.asterisk.audio_peer import AudioPeer
from ivr.telephony.asterisk.audiosocket_line import AudioSocketLine
from ivr.telephony.asterisk.fastagi import CallerGone, Exchange, Handler
from ivr.telephony.asterisk.recording import Recording

log = logging.getLogger(__name__)

STOP_S = 2.0
"""Calls that are given to humans when we stop are through by then."""


class AudioSocketDoor:
    """Listens on `settings.ports.bot` and gives every call to `on_call`, in a task of its own. When `on_call` returns
    or fails and the caller is still there, the call goes to a human."""

    def __init__(
        self,
        settings: Settings,
        on_call: Callable[[Line], Awaitable[None]],
        *,
        now: Callable[[str | None], dt.datetime] | None = None,
    ) -> None:
        """`now`: the time that a call begins at, by its simulation token (None = a real call)."""
        self._settings = settings
        self._now = now or (lambda _: settings.now())
        self._on_call = on_call
        self._calls = AmiCalls(settings, self._pressed)
        self._lines: dict[str, AudioSocketLine] = {}
        self._expected: dict[UUID, AudioSocketLine] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> int:
        """Calls that the bot has now."""
        return len(self._lines)

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
            raise TelephonyDown(
                f"端口 {port} 无法监听（{error.strerror}）：请停掉占用它的程序，或改设置里的 ports.bot。"
            ) from error
        self._calls.start()

    async def stop(self) -> None:
        """Calls that are left go on with a human."""
        if self._server:
            self._server.close()
            self._server = None
        await asyncio.gather(*(line.leave() for line in list(self._lines.values())), return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        await self._calls.stop()

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
        if line := self._lines.get(_call_of(exchange)):
            for name, value in line.next().items():
                await exchange.set(name, value)

    async def _gone(self, exchange: Exchange) -> None:
        if line := self._lines.get(_call_of(exchange)):
            line.gone()

    # --- inside ---

    def _begin(self, exchange: Exchange) -> AudioSocketLine:
        info, channel = self._info(exchange), exchange.headers.get("agi_channel", "")
        call = info.call_id
        recording = Recording(call, lambda: self._calls.record(call))
        line = AudioSocketLine(info, lambda name, value: self._calls.set(channel, name, value), recording)
        self._lines[info.call_id] = line
        task = asyncio.create_task(self._look_after(line), name=f"call-{info.call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return line

    def _claim(self, name: UUID, peer: AudioPeer) -> AudioSocketLine | None:
        """A name is good for one connection."""
        line = self._expected.pop(name, None)
        if line is None or line.over:
            return None
        line.attach(peer)
        return line

    def _pressed(self, call_id: str, digit: str) -> None:
        if line := self._lines.get(call_id):
            line.pressed("ami", digit)

    async def _look_after(self, line: AudioSocketLine) -> None:
        call = line.info.call_id
        try:
            await self._on_call(line)
        except TelephonyDown as error:
            log.info("call %s ended: %s", call, error)
        except Exception:  # one call must not take the others with it
            log.exception("call %s failed", call)
        finally:
            try:
                await line.leave()
            except TelephonyDown as error:
                log.info("call %s: %s", call, error)
            self._lines.pop(call, None)
            self._expected.pop(line.socket_id, None)

    def _info(self, exchange: Exchange) -> CallInfo:
        """From `AGI(…/talk,hotline,caller,dialled,recorded,simulation)` in extensions.conf."""
        said = [exchange.headers.get(f"agi_arg_{number}", "") for number in range(1, 6)]
        hotline, caller, dialled, recorded, simulation = said
        return CallInfo(
            call_id=_call_of(exchange),
            hotline=hotline,
            caller_number=caller or None,
            started_at=self._now(simulation or None),
            dialled=dialled,
            recorded=recorded == "1",
            simulation=simulation or None,
        )


def _call_of(exchange: Exchange) -> str:
    return str(exchange.headers.get("agi_uniqueid", ""))
