"""The caller's turn → the bot's turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ivr.call.ports.line import CallInfo
from ivr.call.ports.speech import Heard


@dataclass(frozen=True, slots=True)
class Said:
    heard: Heard
    prompt_heard: str | None = None
    """How much of the bot's words the caller had heard when they cut in, about; None = all of them."""


@dataclass(frozen=True, slots=True)
class Keyed:
    digits: str


@dataclass(frozen=True, slots=True)
class Silent:
    """The caller said nothing for as long as we wait."""

    times: int = 1
    """How often in a row."""


CallerTurn = Said | Keyed | Silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Humans:
    """The humans of one queue at this moment."""

    at_work: int
    """Whose telephone can be reached, busy or not."""
    free: int
    """Whose telephone would ring now."""
    waiting: tuple[int, ...] = ()
    """Callers in the queue, by their priority."""
    talk_s: float | None = None
    """How long one conversation takes, mean of the last ones; None = not known."""


Ending = Literal["bot_hung_up", "caller_hung_up", "handed_over"]
"""How the bot's part of a call ended."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One turn of the bot. `asks`, `about`, `keys`, `ended` are those of docs/contract/scenario.md."""

    text: str
    asks: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    keys: bool = False
    """The answer may be keyed (digits, closed by # or a pause)."""
    ended: bool = False
    """The call ends (or is handed over) after this turn."""
    handoff: str | None = None
    """Reason of the hand-off; the call goes to a human after this turn."""
    ticket_no: str | None = None
    """The ticket of the call, as soon as there is one."""
    priority: int = 0
    """Of the hand-over: higher is served first (P1, VIP)."""
    queue: str | None = None
    """Of the hand-over; None = the hotline's own."""
    waits: bool = False
    """Of the hand-over: the caller chose to wait although all are busy."""
    protected: bool = False
    """A legal notice: no barge-in while it plays."""
    terms: tuple[str, ...] = ()
    """Terms that the next answer may hold, for the recogniser."""


class Conversation(Protocol):
    """The dialogue of all calls. Raises `DialogueDown` when it does not answer in time."""

    async def begin(self, call: CallInfo) -> Reply:
        """The greeting."""

    async def reply(self, call: CallInfo, turn: CallerTurn) -> Reply: ...

    async def end(self, call: CallInfo, how: Ending, reason: str | None = None) -> str | None:
        """The bot's part is over; settles the ticket's status and returns its number (None = nothing was said).
        With `handed_over` it is called before the transfer starts, `reason` being one of the taxonomy's
        `handoff_reasons`; a ticket is made then even where the dialogue died before it made one. Never raises: what
        could not be settled is logged."""
