"""FastAGI: at the start of a call Asterisk asks here where it goes.

panoramisk's FastAGI server, with its faults guarded (each has a test): a peer that connects and closes spins its
event loop for ever; EOF within a command raises ValueError; the HANGUP line shifts all later answers by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping

from panoramisk import fast_agi

from ivr.errors import TelephonyDown
from ivr.packs import Pack
from ivr.settings import Settings
from ivr.telephony.asterisk.admission import Admission, Invitation, admission

log = logging.getLogger(__name__)

HEAD_TIMEOUT_S = 2.0
"""A peer that connects must have said what it wants by then."""
COMMAND_TIMEOUT_S = 2.0
LONGEST_HEAD = 32_768
"""Bytes; Asterisk sends about a thousand."""
ROUTE = "admit"


class CallerGone(TelephonyDown):
    """The call ended while Asterisk was being asked."""


class Exchange(fast_agi.Request):  # type: ignore[misc]  # panoramisk carries no types
    """Commands to the channel that asks."""

    async def variable(self, expression: str) -> str:
        """Value of an expression of the dialplan; '' when it has none. Raises `CallerGone`."""
        answer = await self.tell(f"GET FULL VARIABLE {expression}")
        _, _, value = answer.partition("(")
        return value[: value.rfind(")")] if ")" in value else ""

    async def set(self, name: str, value: str) -> None:
        await self.tell(f'SET VARIABLE {name} "{value}"')

    async def hung_up(self) -> None:
        """Returns when the call has ended, or Asterisk has; no command may be under way."""
        with contextlib.suppress(CallerGone, OSError, ValueError):
            while True:
                await self._line()

    async def tell(self, command: str) -> str:
        """One command, one answer line."""
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                self.writer.write(f"{command}\n".encode())
                await self.writer.drain()
                line = await self._line()
                # `100 Trying…` announces that the answer follows.
                while line.startswith("100"):
                    line = await self._line()
        except (TimeoutError, OSError, ValueError) as error:
            raise CallerGone(f"FastAGI：Asterisk 没有回答 {command.split(' ')[0]}。") from error
        if not line.startswith("200"):
            raise TelephonyDown(f"FastAGI：Asterisk 拒绝了 {command!r}：{line}")
        return line

    async def _line(self) -> str:
        raw = await self.reader.readline()
        line = bytes(raw).decode(errors="replace").rstrip("\r\n")
        if not raw.endswith(b"\n") or line == "HANGUP":
            raise CallerGone("FastAGI：通话在询问时已经结束。")
        return line


Handler = Callable[[Exchange], Awaitable[None]]
"""Answers one question of the dialplan."""


class AdmissionServer(fast_agi.Application):  # type: ignore[misc]  # panoramisk carries no types
    """Listens on `settings.ports.fastagi`. `on_decided` hears every decision (a closed hotline makes a call-back
    ticket). To be built inside the running loop."""

    def __init__(
        self,
        settings: Settings,
        packs: Callable[[], Mapping[str, Pack]],
        *,
        bot_healthy: Callable[[], bool],
        on_decided: Callable[[Admission], None] = lambda _: None,
        routes: Mapping[str, Handler] | None = None,
    ) -> None:
        """`routes`: further questions of the dialplan, by name."""
        super().__init__(loop=asyncio.get_running_loop())
        self._settings = settings
        self._packs = packs
        self._bot_healthy = bot_healthy
        self._on_decided = on_decided
        self._server: asyncio.Server | None = None
        self._peers: set[asyncio.Task[None]] = set()
        for name, handler in {ROUTE: self.admit, **(routes or {})}.items():
            self.add_route(name, handler)

    async def start(self) -> None:
        """Raises `TelephonyDown` when the port is taken."""
        port = self._settings.ports.fastagi
        try:
            self._server = await asyncio.start_server(self.handler, self._settings.line_host, port, limit=LONGEST_HEAD)
        except OSError as error:
            raise TelephonyDown(
                f"端口 {port} 无法监听（{error.strerror}）：请停掉占用它的程序，或改设置里的 ports.fastagi。"
            ) from error

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            await asyncio.gather(*(_stopped(peer) for peer in list(self._peers)))
            await self._server.wait_closed()
            self._server = None

    async def handler(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: head, route, end. Whatever the peer does, it ends."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (a coroutine runs in one)
        self._peers.add(task)
        try:
            await self._serve(reader, writer)
        except TelephonyDown as error:
            log.info("%s", error)
        except OSError as error:
            log.info("FastAGI: %s", error)
        except Exception:  # one call must not take the others with it
            log.exception("FastAGI")
        finally:
            self._peers.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_TIMEOUT_S):
                head = await reader.readuntil(b"\n\n")
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            log.info("FastAGI: %s is not Asterisk (%s)", writer.get_extra_info("peername"), type(error).__name__)
            return
        lines = head.decode(errors="replace").splitlines()
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        route = self._route.get(headers.get("agi_network_script"))
        if route is None:
            log.warning("FastAGI: unknown request %r", headers.get("agi_network_script"))
            return
        await route(Exchange(self, headers, reader, writer))

    async def admit(self, exchange: Exchange) -> None:
        """Ask for what decides, decide, tell. IVR_ROUTE comes last: the dialplan takes it as the proof."""
        decided = admission(
            await self._invitation(exchange),
            self._packs(),
            self._settings.now(),
            self._settings,
            bot_healthy=self._bot_healthy(),
        )
        for name, value in _variables(decided).items():
            await exchange.set(name, value)
        log.info("call %s from %s to %s: %s", decided.call_id, decided.caller_number, decided.dialled, decided.route)
        self._on_decided(decided)

    async def _invitation(self, exchange: Exchange) -> Invitation:
        async def header(name: str) -> str:
            return await exchange.variable(f"${{PJSIP_HEADER(read,{name})}}")

        sources = self._settings.telephony.dialled_from
        return Invitation(
            call_id=exchange.headers.get("agi_uniqueid", ""),
            uri=await exchange.variable("${IVR_URI}"),
            to=await header("To") if "to" in sources else "",
            diversion=await header("Diversion") if "diversion" in sources else "",
            called_party=await header("P-Called-Party-ID") if "called_party" in sources else "",
            caller=await exchange.variable("${CALLERID(num)}"),
            withheld=(await exchange.variable("${CALLERID(num-pres)}")).startswith("prohib"),
            simulation=await exchange.variable("${IVR_SIMULATED}"),
        )


def _variables(decided: Admission) -> dict[str, str]:
    return {
        "IVR_HOTLINE": decided.hotline,
        "IVR_QUEUE": decided.queue,
        "IVR_CALLER": decided.caller_number or "",
        "IVR_DIALLED": decided.dialled,
        "IVR_RECORDED": "1" if decided.recorded else "0",
        "IVR_SIMULATION": decided.simulation or "",
        "IVR_ROUTE": decided.route,
    }


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
