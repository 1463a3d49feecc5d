"""The telephone line of one call: hear, speak, stop, keys, transfer, hang up."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CallInfo:
    """What is known of a call when it arrives."""

    call_id: str
    """Unique id: the channel's uniqueid on Asterisk, also Rasa's conversation id."""
    hotline: str
    """Id of the hotline in `data/taxonomy.yml`."""
    caller_number: str | None
    """Normalised national number (13800010001, 01088886666); None = withheld."""
    started_at: dt.datetime
    """Aware, in the business time zone. Relative dates resolve against it."""
    dialled: str = ""
    """The number that was dialled, as it reached us."""
    recorded: bool = False
    """The call is recorded, so the greeting says so."""
    simulation: str | None = None
    """Token of a simulated call: names the seed and the store of its own. Never set on a real call."""


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms heard from the caller."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Digit:
    """One key, on its release: 0-9 * #."""

    digit: str


@dataclass(frozen=True, slots=True)
class Played:
    """All sound queued before `Line.mark(name)` has left towards the caller."""

    name: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The last event of a line."""

    gone: bool = True
    """The caller hung up. False: the line was lost to us, and Asterisk takes the caller to a human."""


LineEvent = Frame | Digit | Played | HungUp


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the human's side gets with the call. Values are ASCII (they travel through AMI and SIP)."""

    queue: str
    reason: str
    """One of the taxonomy's `handoff_reasons`."""
    ticket_no: str | None
    priority: int = 0
    """Higher is served first (P1, VIP)."""
    waits: bool = False
    """The caller was told of the wait and chose it: they are not sent away soon."""


class Line(Protocol):
    """One call on the telephone side. Methods raise `TelephonyDown` when the line is gone."""

    @property
    def info(self) -> CallInfo: ...

    async def answer(self) -> None:
        """200 OK to the caller; media is up when it returns."""

    def events(self) -> AsyncIterator[LineEvent]:
        """What comes from the caller, in order; ends after `HungUp`. To be iterated once."""

    async def play(self, pcm: bytes) -> None:
        """Queue sound (any length, whole samples). Returns when accepted; waits while the far queue is full."""

    async def mark(self, name: str) -> None:
        """Ask for `Played(name)` once everything queued so far was sent. `flush` discards pending marks."""

    async def pause(self) -> None:
        """Hold the queued sound (barge-in suspected)."""

    async def resume(self) -> None:
        """Go on where `pause` held."""

    async def flush(self) -> None:
        """Throw the queued sound away; also ends a pause."""

    async def record(self) -> None:
        """Begin to record both sides: the caller knows of it now. For calls whose `info.recorded` says so."""

    async def note_ticket(self, ticket_no: str) -> None:
        """Tie the ticket to the channel, so that a human gets it even when this process dies."""

    async def hand_over(self, transfer: Transfer) -> None:
        """Give the call to the queue. The line is finished for us afterwards (its events end)."""

    async def hang_up(self) -> None: ...
