"""Several callers at once in text, each speaking every few seconds: what a turn of the dialogue costs under load."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from ivr.call.ports import CallerTurn, CallInfo, Ending, Heard, Keyed, Reply, Said, Silent
from ivr.errors import IvrError
from ivr.simulate.caller import BotTurn, Caller, CallerAct
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario

SPEAKS_EVERY_S = (5.0, 8.0)
"""From the bot's answer to the caller's next turn."""


class Conversation(Protocol):
    """The part of `ivr.call.ports.Conversation` that text needs."""

    async def begin(self, call: CallInfo) -> Reply: ...
    async def reply(self, call: CallInfo, turn: CallerTurn) -> Reply: ...
    async def end(self, call: CallInfo, how: Ending, reason: str | None = None) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Timing:
    """One line of what the dialogue server writes about its work (`dialogue/timings.py`)."""

    sender: str
    phase: str
    name: str
    ms: float


@dataclass(frozen=True, slots=True)
class Figure:
    """How long one phase took."""

    phase: str
    per_turn: float
    """How often a turn has it."""
    p50_ms: float
    p95_ms: float
    p99_ms: float
    sum_ms: float
    """Mean of what it takes of one turn."""


@dataclass(slots=True)
class Load:
    """`calls` callers for `seconds`, each calling again as a call ends. The seed decides who says what, and when."""

    conversation: Conversation
    scenarios: Sequence[Scenario]
    sameness: Mapping[str, Sameness]
    """By hotline."""
    zone: dt.tzinfo
    calls: int = 8
    seconds: float = 120.0
    seed: int = 1
    speaks_every_s: tuple[float, float] = SPEAKS_EVERY_S
    turns_ms: list[float] = field(default_factory=list)
    """Every answer to a caller's turn; greetings are not counted."""
    begins_ms: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def run(self) -> None:
        until = time.monotonic() + self.seconds
        async with asyncio.TaskGroup() as callers:
            for place in range(self.calls):
                callers.create_task(self._calls(place, until), name=f"caller {place}")

    async def _calls(self, place: int, until: float) -> None:
        chance = random.Random(f"{self.seed}-{place}")  # noqa: S311  (no secret)
        order = chance.sample(self.scenarios, len(self.scenarios))
        await asyncio.sleep(chance.uniform(0, self.speaks_every_s[1]))  # nobody calls in step
        for scenario in itertools.cycle(order):
            if time.monotonic() > until:
                return
            call = CallInfo(
                call_id=f"bench-{next(self._numbers)}-{scenario.id}",
                hotline=scenario.hotline,
                caller_number=scenario.caller,
                started_at=scenario.moment.replace(tzinfo=self.zone),
            )
            try:
                await self._call(call, Caller(scenario, self.sameness[scenario.hotline]), chance, until)
            except IvrError as error:
                self.errors.append(f"{call.call_id}：{error}")
                await self.conversation.end(call, "handed_over", "bot_failure")

    async def _call(self, call: CallInfo, caller: Caller, chance: random.Random, until: float) -> None:
        begun = time.perf_counter()
        reply = await self.conversation.begin(call)
        self.begins_ms.append((time.perf_counter() - begun) * 1000)
        silences = 0
        while not reply.ended and time.monotonic() < until:
            act = caller.hears(BotTurn(reply.text, reply.asks, reply.about, reply.keys, reply.ended))
            silences = silences + 1 if act.silent else 0
            for turn in turns_of(act, silences):
                await asyncio.sleep(chance.uniform(*self.speaks_every_s))
                reply = await self._answer(call, turn)
                if reply.ended:
                    break
            if act.hang_up or act.over:
                break
        if reply.ended:
            handed_over = reply.handoff is not None
            await self.conversation.end(call, "handed_over" if handed_over else "bot_hung_up", reply.handoff)
        else:
            await self.conversation.end(call, "caller_hung_up")

    async def _answer(self, call: CallInfo, turn: CallerTurn) -> Reply:
        begun = time.perf_counter()
        reply = await self.conversation.reply(call, turn)
        self.turns_ms.append((time.perf_counter() - begun) * 1000)
        return reply


def turns_of(act: CallerAct, silences: int) -> list[CallerTurn]:
    """Speech first, keys after it."""
    turns: list[CallerTurn] = [Silent(silences)] if act.silent else []
    if act.say is not None:
        turns.append(Said(Heard(act.say, 1.0)))
    if act.keys is not None:
        turns.append(Keyed(act.keys))
    return turns


def read_timings(lines: Sequence[bytes]) -> list[Timing]:
    """A line that was cut short by the end of its process is left out."""
    found = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=Timing))
        except msgspec.DecodeError:
            continue
    return found


def figure(phase: str, times_ms: Sequence[float], turns: int) -> Figure:
    return Figure(
        phase,
        per_turn=len(times_ms) / max(turns, 1),
        p50_ms=percentile(times_ms, 50),
        p95_ms=percentile(times_ms, 95),
        p99_ms=percentile(times_ms, 99),
        sum_ms=sum(times_ms) / max(turns, 1),
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """By nearest rank; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * int(percent * 100) // 10_000) - 1))]
