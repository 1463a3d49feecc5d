"""Text mode: one scenario against `ivr chat --jsonl`, a program that speaks one JSON object a line.

Nothing else of the product is used: any program that speaks the same lines can be judged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.errors import PeerDown, WireError
from ivr.simulate.caller import BotTurn, Caller, CallerAct
from ivr.simulate.checks import Check, Ticket, check_call
from ivr.simulate.report import CallResult, Turn
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario

START_S = 120.0
"""The greeting comes within this: the program must start."""
ANSWER_S = 30.0
"""Every further turn of the bot comes within this."""
END_S = 10.0
"""The program ends within this after its last line."""
LONGEST_LINE = 4 * 1024 * 1024

Watch = Callable[[Turn], None]
"""Told each turn as it happens."""


@dataclass(slots=True)
class _Talk:
    """One conversation over the lines of a process."""

    process: asyncio.subprocess.Process
    tickets: tuple[Ticket, ...] | None = None
    ended: bool = False
    patience_s: float = START_S

    async def tell(self, what: Mapping[str, object]) -> None:
        assert self.process.stdin is not None  # noqa: S101  (asked for when it was started)
        with contextlib.suppress(ConnectionError):  # it has ended: reading says so
            self.process.stdin.write(json.dumps(what, ensure_ascii=False).encode() + b"\n")
            await self.process.stdin.drain()

    async def next_turn(self) -> BotTurn | None:
        """The bot's next turn; None when the tickets came instead."""
        message = await self._line()
        if "tickets" in message:
            self.tickets = tuple(message["tickets"])
            return None
        turn = bot_turn(message)
        self.ended = turn.ended
        return turn

    async def last(self) -> None:
        """Read on to the tickets."""
        while self.tickets is None:
            await self.next_turn()

    async def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None  # noqa: S101
        try:
            async with asyncio.timeout(self.patience_s):
                line = await self.process.stdout.readline()
        except TimeoutError:
            raise PeerDown(f"对话程序 {self.patience_s:.0f} 秒没有回答。") from None
        self.patience_s = ANSWER_S
        if not line:
            raise PeerDown("对话程序提前结束了。")
        try:
            message = json.loads(line)
        except ValueError as error:
            raise WireError(f"对话程序写出的不是 JSON：{line[:200]!r}") from error
        if not isinstance(message, dict):
            raise WireError(f"对话程序写出的不是 JSON 对象：{line[:200]!r}")
        return message


def bot_turn(message: Mapping[str, Any]) -> BotTurn:
    """Raises `WireError` for a turn without words."""
    if not isinstance(message.get("text"), str):
        raise WireError(f"对话程序的这一轮没有 text：{json.dumps(message, ensure_ascii=False)[:200]}")
    return BotTurn(
        text=message["text"],
        asks=tuple(message.get("asks") or ()),
        about={str(key): str(value) for key, value in (message.get("about") or {}).items()},
        keys=bool(message.get("keys")),
        ended=bool(message.get("ended")),
    )


@dataclass(slots=True)
class ChatCall:
    """Plays one scenario. `command`: the program and its arguments, scenario included."""

    scenario: Scenario
    sameness: Sameness
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment."""
    watch: Watch = lambda turn: None
    turns: list[Turn] = field(default_factory=list)
    _began: float = 0.0

    async def play(self) -> CallResult:
        """Never raises for what the product did: it becomes a failed check."""
        caller = Caller(self.scenario, self.sameness, "text")
        self._began = time.monotonic()
        tickets: tuple[Ticket, ...] = ()
        failures: list[Check] = []
        async with _running(self.command, self.env) as (process, last_words):
            talk = _Talk(process)
            try:
                await self._converse(talk, caller)
            except (PeerDown, WireError) as error:
                why = f"{error} {await last_words()}".strip()
                failures.append(Check("conversation", passed=False, expected=None, got=why))
            tickets = talk.tickets or ()
        caller.close()
        return judged(
            self.scenario, caller, tickets, self.sameness, failures, self.turns, time.monotonic() - self._began
        )

    async def _converse(self, talk: _Talk, caller: Caller) -> None:
        while (turn := await talk.next_turn()) is not None:
            self._note_bot(turn)
            act = caller.hears(turn)
            if act.over:
                break
            if not await self._act(talk, act):
                break
        await talk.last()

    async def _act(self, talk: _Talk, act: CallerAct) -> bool:
        """False: the caller is through. Where speech and keys answer one question, what the bot says between the two
        is talked over: its marks never reach the caller."""
        if act.silent:
            self._note_caller("", None)
            await talk.tell({"silence": True})
        if act.say is not None:
            self._note_caller(act.say, act.keys)
            await talk.tell({"say": act.say})
            if act.keys is not None and not act.hang_up:
                between = await talk.next_turn()
                if between is None or between.ended:
                    return False
        if act.keys is not None:
            if act.say is None:
                self._note_caller("", act.keys)
            await talk.tell({"keys": act.keys})
        if act.hang_up:
            await talk.tell({"hang_up": True})
            return False
        return True

    def _note_bot(self, turn: BotTurn) -> None:
        self._note(Turn("bot", turn.text, self._at(), turn.asks, turn.about, turn.keys))

    def _note_caller(self, text: str, keyed: str | None) -> None:
        self._note(Turn("caller", text, self._at(), keyed=keyed, heard=text))

    def _note(self, turn: Turn) -> None:
        self.turns.append(turn)
        self.watch(turn)

    def _at(self) -> float:
        return time.monotonic() - self._began


def judged(
    scenario: Scenario,
    caller: Caller,
    tickets: Sequence[Ticket],
    sameness: Sameness,
    failures: Sequence[Check],
    turns: Sequence[Turn],
    took_s: float,
    **extra: object,
) -> CallResult:
    """The result of a call that is over: the caller's rules and the scenario's expectations."""
    broken = [Check(name, passed=False, expected=None, got=why) for name, why in caller.failures]
    asked = check_call(scenario.expect, tickets, sameness, questions=caller.questions, asked=caller.asked)
    return CallResult(
        scenario=scenario,
        checks=(*failures, *broken, *asked),
        tickets=tuple(tickets),
        questions=caller.questions,
        turns=tuple(turns),
        remarks=tuple(caller.remarks),
        took_s=took_s,
        extra=extra,
    )


LastWords = Callable[[], Any]


@contextlib.asynccontextmanager
async def _running(
    command: Sequence[str], env: Mapping[str, str]
) -> AsyncIterator[tuple[asyncio.subprocess.Process, LastWords]]:
    """The program for as long as the block lasts, and what it last said on standard error."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **env},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    said: list[str] = []
    reading = asyncio.create_task(_read_errors(process, said), name="chat errors")

    async def last_words() -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.shield(reading)
        return " / ".join(said[-3:])

    try:
        yield process, last_words
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), END_S)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()
            await reading


async def _read_errors(process: asyncio.subprocess.Process, said: list[str]) -> None:
    assert process.stderr is not None  # noqa: S101
    async for line in process.stderr:
        said.append(line.decode("utf-8", "replace").strip())
        del said[:-20]
