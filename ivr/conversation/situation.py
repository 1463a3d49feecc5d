"""One turn of the caller: what reached us, in which call, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.conversation.evidence import Evidence
from ivr.conversation.notes import Notes
from ivr.packs import Pack
from ivr.tickets.customer import Customer
from ivr.tickets.judgement.tone import Tone
from ivr.tickets.taxonomy import Field, Taxonomy
from ivr.tickets.ticket import Ticket

TRIES = 2
"""A required field is given up after so many questions without an answer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What reached us of the caller."""

    text: str = ""
    certainty: float = 1.0
    """Of recognition, 0…1."""
    keys: str | None = None
    """Digits that were pressed instead of speech."""
    silent: int = 0
    """How often in a row nothing was said; 0 = something was."""
    intents: Mapping[str, float] = field(default_factory=dict)
    """NLU's intents and their confidence."""
    asked: tuple[str, ...] = ()
    """What the bot's last words asked for."""
    tone: Tone = field(default_factory=Tone)
    """How it was spoken; unmeasured in text."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for the whole call."""

    pack: Pack
    taxonomy: Taxonomy
    evidence: Evidence
    today: dt.date
    customer: Customer | None = None
    earlier: tuple[Ticket, ...] = ()
    """The caller's earlier tickets of this hotline, newest first."""
    least_certainty: float = 0.35

    @property
    def fields(self) -> Mapping[str, Field]:
        return self.taxonomy.fields


@dataclass(frozen=True, slots=True)
class Understood:
    ticket: Ticket
    notes: Notes
    move: str
    answered: str | None = None
    """The slot that was asked for and answered."""
