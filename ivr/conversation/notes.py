"""What the dialogue of one call remembers beside the ticket. Lives in the slot `notes`, which rules cannot see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from ivr.errors import WireError
from ivr.tickets.judgement.tone import Tone

Earlier = Literal["unmentioned", "which", "linked", "denied", "none"]
"""`which`: candidates were found and the caller is to say; `none`: mentioned, but nothing is on file."""

Choice = Literal["wait", "call_back", "nothing"]
"""No human is free: the caller waits on the line, is called back, or wants neither."""
Handing = Literal["offer", "number", "call_back", "nothing"]
"""Before a hand-over: offer the choice, ask for the number to call back, promise the call-back, part without."""

UNKNOWN = "不清楚"
"""Value of a slot that the caller cannot fill."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to be read back once."""

    field: str
    value: str
    """What is read back."""
    conflict: bool = False
    """The CRM says `value`, the caller something else."""


@dataclass(frozen=True, slots=True)
class Notes:
    handled: str = ""
    """Id of the message understood last: Rasa runs the same hook several times in a turn."""
    turn: int = 0
    """Turns of the caller so far, silence included."""
    ticket_no: str | None = None
    topic: str | None = None
    """hotline_category."""
    leaning: str | None = None
    """Category that most speaks for, while none is sure: taken when asking again brings nothing."""
    asked: Mapping[str, int] = field(default_factory=dict)
    """Slot → how often it was asked for."""
    tries: Mapping[str, int] = field(default_factory=dict)
    """Slot → how often it was asked for without an answer."""
    used: tuple[str, ...] = ()
    """Questions said already, word for word: the same words come again only when every other way was said."""
    last: tuple[str, ...] = ()
    """What the last question asked for, as its marks say."""
    gave_up: tuple[str, ...] = ()
    terms: Mapping[str, str] = field(default_factory=dict)
    """Field of kind text → the lexicon's word for what was said."""
    earlier: Earlier = "unmentioned"
    candidates: tuple[str, ...] = ()
    """Numbers of the earlier tickets that may be meant, most likely first."""
    doubt: Doubt | None = None
    settled: tuple[str, ...] = ()
    """Fields that were confirmed, or where the caller insisted: not asked about again."""
    conflicts_left: int = 0
    contradictions: int = 0
    failed: int = 0
    """Questions that brought no answer that could be used."""
    unclear: int = 0
    """How often in a row nothing was understood."""
    idle: int = 0
    """How often in a row the caller said something that was no answer: asked back, scolded, had us wait."""
    silent: int = 0
    """How often in a row nothing was said."""
    comforted: bool = False
    warned: bool = False
    handoff: str | None = None
    """Reason of the hand-over that is due."""
    offered: Choice | None = None
    """What a plain yes to the question means that was asked before handing over."""
    choice: Choice | None = None
    """What the caller answered to it."""
    handing: Handing | None = None
    """What has to be done before the hand-over that is due; None = nothing."""
    digest: str = ""
    """Everything the caller said, a line each."""
    raised: tuple[float, ...] = ()
    """How much the voice was raised, 0…1, of each line of `digest`; 0 where no voice was measured."""
    opening: tuple[Tone, ...] = ()
    """How the caller spoke at first: what later loudness and speed are compared with."""
    waiting: tuple[Notes, ...] = ()
    """Other complaints of this call, to be asked about after this one."""
    done: tuple[str, ...] = ()
    """Numbers of the tickets of this call that are finished."""

    def asking(self, slot: str) -> Notes:
        return replace(self, asked={**self.asked, slot: self.asked.get(slot, 0) + 1})

    def tried(self, slot: str) -> Notes:
        return replace(self, tries={**self.tries, slot: self.tries.get(slot, 0) + 1}, failed=self.failed + 1)

    @property
    def said(self) -> tuple[str, ...]:
        return tuple(line for line in self.digest.split("\n") if line)


CALL_WIDE = (
    *("handled", "turn", "used", "unclear", "idle", "silent", "comforted", "warned", "handoff"),
    *("waiting", "done", "opening", "offered", "choice", "handing"),
)
"""What belongs to the call, not to one complaint of it."""


def to_slot(notes: Notes) -> dict[str, Any]:
    kept: dict[str, Any] = msgspec.to_builtins(notes)
    return kept


def of_slot(value: object) -> Notes:
    """Raises `WireError` when the slot holds something else."""
    if value is None:
        return Notes()
    try:
        return msgspec.convert(value, Notes)
    except msgspec.ValidationError as error:
        raise WireError(f"槽 notes 的内容不对：{error}。只有动作可以写它。") from error
