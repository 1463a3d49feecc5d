"""What is needed to make sense of a sentence, and what is made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.conversation.evidence import Evidence
from ivr.conversation.values.find import Found
from ivr.packs import Pack


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact as it was said."""

    value: str
    said: str
    confidence: float
    """0…1: how surely the words mean the value."""
    term: str | None = None
    """The lexicon's word for a text, where it has one (the dialogue branches on it)."""


@dataclass(frozen=True, slots=True)
class Ear:
    """What is needed to make sense of a sentence."""

    pack: Pack
    evidence: Evidence
    today: dt.date
    category: str | None
    asked: tuple[str, ...] = ()
    """What the bot asked for."""
    insist: tuple[str, ...] = ()
    """Fields asked for before: a poor answer is taken, too."""
    known: Mapping[str, str] | None = None
    """Values known already (an appointment's day)."""
    caller_number: str | None = None
    """The number that calls; None = withheld."""


def heard(found: Found) -> Heard:
    return Heard(found.value, found.said, found.confidence)
