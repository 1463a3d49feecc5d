"""What the dialogue of one call is asked, and owes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from ivr.call.ear import Spawn
from ivr.call.ports import CallerTurn, CallInfo, Conversation, Reply
from ivr.errors import PeerDown, SpeechFailed


@dataclass(frozen=True, slots=True)
class Answered:
    turn: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class Broken:
    """A part that the call cannot go on without has failed."""

    error: PeerDown | SpeechFailed
    turn: int | None = None
    """The dialogue's turn that got no answer; None = a voice that failed."""


class Thinking:
    """`tell` hears of each answer and each failure; of a turn that is not the newest nobody wants to know."""

    def __init__(
        self, call: CallInfo, dialogue: Conversation, spawn: Spawn, tell: Callable[[Answered | Broken], None]
    ) -> None:
        self._call = call
        self._dialogue = dialogue
        self._spawn = spawn
        self._tell = tell
        self._task: asyncio.Task[None] | None = None
        self.turn = 0
        """Number of the newest turn."""
        self.awaited = False
        """The dialogue owes an answer."""
        self.held: Reply | None = None
        """An answer that came while the caller spoke on."""

    def begin(self) -> asyncio.Task[None]:
        """Have the greeting made."""
        return self._spawn(self._wait(self.turn, self._dialogue.begin(self._call)), "greeting")

    def ask(self, turn: CallerTurn) -> None:
        self.turn += 1
        self.awaited = True
        self._task = self._spawn(self._wait(self.turn, self._dialogue.reply(self._call, turn)), "dialogue")

    def give_up(self) -> None:
        """Nobody waits for the answer any more."""
        if self._task:
            self._task.cancel()
            self._task = None

    async def finish(self) -> None:
        """What was said is on its way to the ticket: let it get there."""
        if self._task:
            await asyncio.wait([self._task])

    async def _wait(self, number: int, answer: Coroutine[Any, Any, Reply]) -> None:
        try:
            self._tell(Answered(number, await answer))
        except PeerDown as error:
            self._tell(Broken(error, number))
