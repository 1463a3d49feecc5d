"""Call mode: one scenario as a real SIP call, spoken by a voice, measured at the telephone."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ivr.audio import seconds, write_wav
from ivr.call.ports import Voice
from ivr.errors import PeerDown, TelephonyDown
from ivr.simulate.agent import AgentCall, AgentPhone
from ivr.simulate.call_log import CallLog, Watch
from ivr.simulate.caller import BotTurn, Caller, CallerAct
from ivr.simulate.chat import judged
from ivr.simulate.checks import Check
from ivr.simulate.line_events import LineEvent, LineEvents
from ivr.simulate.line_faults import FAULTLESS, LineFaults
from ivr.simulate.report import CallResult
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario
from ivr.simulate.softphone import PhoneEvent, Softphone
from ivr.simulate.world import SimulatedWorld

ANSWER_S = 10.0
"""200 OK within this."""
TURN_S = 45.0
"""The bot's next turn is said to the end within this; a silent caller is spoken to again after 5 s."""
ARRIVAL_S = 0.1
"""What the line has sent is heard this much later at most."""
LONGEST_TAIL_S = 3.0
"""Sound that goes on this long after the line said that all was played is not waited for: a tone, a noisy line."""
BEFORE_KEYS_S = 0.2
SETTLED_S = 15.0
"""The line has saved the caller's last words within this after the call."""
TALK_S = 3.0
"""Caller and human talk this long."""
PARTING_S = 20.0
"""The bot's farewell, and its hanging up after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the calls of one run share."""

    target: str
    """host:port of the line's SIP."""
    events: LineEvents
    voice: Voice
    """The caller's, not the bot's."""
    agents: Sequence[AgentPhone] = ()
    """Humans' telephones; without any, a hand-over ends as the line ends it."""
    records: Path
    """Folder below which each call keeps `said.wav` and `heard.wav`."""
    wait_for_human_s: float = 45.0
    faults: LineFaults = FAULTLESS
    """What is wrong with the callers' lines."""
    tape: Callable[[PhoneEvent | LineEvent], None] = lambda event: None
    """Told every event of telephone and line as it arrives."""


async def run_call(
    scenario: Scenario,
    world: SimulatedWorld,
    exchange: Exchange,
    sameness: Sameness,
    *,
    dialled: str,
    watch: Watch = lambda live: None,
) -> CallResult:
    """Place the call, talk, hang up, read the tickets. What the product does wrong becomes a failed check, not an
    exception. `world` has been sown; the line finds it by its token."""
    call = _PhoneCall(scenario, exchange, Caller(scenario, sameness, "call"), CallLog(watch))
    call.folder = exchange.records / world.token
    began = time.monotonic()
    failures = await call.play(f"sip:{dialled}@{exchange.target}", world.token)
    tickets = await world.tickets(call.log.call_id, handed_over=call.human is not None)
    call.caller.close()
    call.caller.remarks += call.log.remarks
    return judged(
        scenario, call.caller, tickets, sameness, failures, call.log.turns, time.monotonic() - began,
        call_id=call.log.call_id, answered_ms=call.log.answered_ms, greeting_ms=call.log.greeting_ms,
        agent=call.human.to_json() if call.human else None, records=str(call.folder),
    )  # fmt: skip


class _Over(Exception):
    """The call is over on the telephone."""


@dataclass(slots=True)
class _PhoneCall:
    scenario: Scenario
    exchange: Exchange
    caller: Caller
    log: CallLog
    folder: Path = field(init=False)
    human: AgentCall | None = None
    phone: Softphone = field(init=False)
    happenings: asyncio.Queue[PhoneEvent | LineEvent] = field(default_factory=asyncio.Queue)

    async def play(self, target: str, token: str) -> list[Check]:
        why = ""
        async with self._connected(token):
            try:
                await self.phone.call(target, caller=self.scenario.caller, headers={"X-Ivr-Simulation": token})
                await self._until(lambda: self.log.answered_ms is not None, ANSWER_S, "来电没有接通")
                await self._converse()
            except _Over:
                why = "" if self.log.answered_ms is not None else "来电没有接通：线路拒接了。"
            except PeerDown as error:
                why = str(error)
            await self._hang_up()
            await self._settle()
        return [Check("conversation", passed=False, expected=None, got=why)] if why else []

    # --- the conversation ---

    async def _converse(self) -> None:
        while True:
            act = self.caller.hears(await self._bot_turn())
            if act.over:
                await self._part()
                return
            await self._act(act)
            if act.hang_up:
                return

    async def _bot_turn(self) -> BotTurn:
        """What the bot said, once it has been heard to its end."""
        floor = self.log.floor
        while True:
            await self._until(lambda: floor.spoken is not None, TURN_S, "机器人没有说话")
            turn = floor.spoken
            if turn is not None and turn.ended:
                return turn
            await self._pass(ARRIVAL_S)
            await self._pass(LONGEST_TAIL_S, until=lambda: not floor.hearing)
            if turn is not None and floor.spoken is turn:  # it may have gone on meanwhile
                return turn

    async def _act(self, act: CallerAct) -> None:
        file, pcm = self.folder / f"turn{len(self.log.turns)}.wav", b""
        if act.say is not None:
            pcm = b"".join([piece async for piece in self.exchange.voice.say(act.say)])
            await asyncio.to_thread(_write, file, pcm)
        self.log.caller(act.say or "", act.keys)
        if act.say is not None:
            await self.phone.say(file, act.say)
            await self._until(lambda: self.log.said_at is not None, seconds(pcm) + 5, "软电话没有把话说完")
        if act.keys is not None and not act.hang_up:
            await self._pass(BEFORE_KEYS_S)
            await self.phone.key(act.keys)
            await self._until(lambda: not self.log.keys_left, len(act.keys) + 5, "软电话没有按完键")

    # --- the end ---

    async def _part(self) -> None:
        """The bot has ended the call: it hangs up, or a human comes."""
        await self._until(lambda: self.log.handed_over, PARTING_S, "机器人说完再见没有挂断")
        self.human = await self._find_human()
        if self.human is None:
            await self._until(lambda: False, self.exchange.wait_for_human_s, "转人工以后电话没有结束")
        else:
            self.log.show("agent", f"{self.human.extension} {self.human.caller_name}".strip())
            self.log.floor.heard_at = None
            await self._pass(TALK_S / 2)  # by then the ringing tone has died away
            floor = self.log.floor
            self.human.heard_by_caller = floor.hearing or floor.heard_at is not None
            await self._pass(TALK_S / 2)

    async def _find_human(self) -> AgentCall | None:
        """Whoever answers first; None when the call ends before."""
        within_s = self.exchange.wait_for_human_s
        asked = [
            asyncio.create_task(agent.answered(self.log.call_id, within_s=within_s), name="agent")
            for agent in self.exchange.agents
        ]
        try:
            while not all(task.done() for task in asked):
                await self._pass(0.1)
                for task in asked:
                    if task.done() and (human := task.result()):
                        return human
            return None
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def _hang_up(self) -> None:
        with contextlib.suppress(TelephonyDown, _Over):
            if not self.log.gone:
                await self.phone.hang_up()
                await self._until(lambda: False, 3.0, "")
        self.log.show("ended")

    async def _settle(self) -> None:
        """The line says that it is through with the call: the caller's last words are on the ticket."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_S if self.log.call_id else 0.5):
                while not (self.log.line_ended or self.log.lost):
                    self._take(await self.happenings.get())

    # --- what happens ---

    @contextlib.asynccontextmanager
    async def _connected(self, token: str) -> AsyncIterator[None]:
        """Telephone and event stream, both into one queue."""
        line = self.exchange.events.of(token)
        async with Softphone(record=self.folder, faults=self.exchange.faults) as self.phone:
            pumps = [
                asyncio.create_task(self._pump_phone(), name=f"phone {token}"),
                asyncio.create_task(self._pump_line(line), name=f"line {token}"),
            ]
            try:
                yield
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                self.exchange.events.forget(token)

    async def _pump_phone(self) -> None:
        async for event in self.phone.events():
            self.exchange.tape(event)
            self.happenings.put_nowait(event)

    async def _pump_line(self, line: asyncio.Queue[LineEvent]) -> None:
        while True:
            event = await line.get()
            self.exchange.tape(event)
            self.happenings.put_nowait(event)

    async def _until(self, true: Callable[[], bool], within_s: float, failed: str) -> None:
        """Take what happens until it is true. Raises `_Over` when the call ends first, `TelephonyDown` when it takes
        too long or the line's events stop."""
        try:
            async with asyncio.timeout(within_s):
                while not true():
                    if self.log.gone:
                        raise _Over
                    if self.log.lost:
                        raise TelephonyDown("线路进程的事件流断了，听不到机器人在问什么。")
                    self._take(await self.happenings.get())
        except TimeoutError:
            raise TelephonyDown(f"{failed}（等了 {within_s:.0f} 秒）。") from None

    async def _pass(self, at_most_s: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass. Raises `_Over`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                while not until():
                    if self.log.gone:
                        raise _Over
                    self._take(await self.happenings.get())

    def _take(self, event: PhoneEvent | LineEvent) -> None:
        if isinstance(event, PhoneEvent):
            self.log.phone(event.kind, event.at, event.values)
        else:
            self.log.line(event.kind, event.values)


def _write(file: Path, pcm: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_wav(file, pcm)
