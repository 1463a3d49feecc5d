"""The ticket: every key of docs/contract/ticket.md, and the JSON form that the contract fixes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from ivr.errors import TicketError
from ivr.tickets.customer import Customer

Source = Literal["caller", "crm", "prior_ticket", "keys"]
Status = Literal["draft", "complete", "incomplete", "abandoned"]
Stage = Literal["new", "in_review", "accepted", "corrected", "closed", "reopened"]
EmotionLabel = Literal["calm", "annoyed", "anxious", "angry"]
Urgency = Literal["P1", "P2", "P3", "P4"]
Outcome = Literal["answered", "no_agent", "declined", "abandoned", "failed"]

OWN_WORDS: frozenset[Source] = frozenset({"caller", "keys"})
"""Sources that are the caller themself."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the ticket knows."""

    value: str
    """Normalised as the field's kind says."""
    said: str | None = None
    """The caller's words; None when nobody said it."""
    source: Source = "caller"
    confidence: float = 1.0
    """0…1."""
    turn: int | None = None
    """Which turn of the caller, from 1."""


@dataclass(frozen=True, slots=True)
class Emotion:
    label: EmotionLabel = "calm"
    score: float = 0.0
    """Strength of dissatisfaction or distress, 0…1, comparable across labels."""


@dataclass(frozen=True, slots=True)
class Review:
    required: bool = False
    reasons: tuple[str, ...] = ()
    """Of the taxonomy's `review_reasons`."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """The call was given to a human, or was to be."""

    reason: str
    """Of the taxonomy's `handoff_reasons`."""
    queue: str
    requested_at: dt.datetime
    """Aware."""
    outcome: Outcome | None = None
    """None while it is not known."""
    agent: str | None = None
    """Extension of who answered."""
    waited_s: float | None = None
    """From the request to the answer or the end, seconds."""


@dataclass(frozen=True, slots=True)
class Callback:
    """Somebody owes the caller a call."""

    due: dt.datetime
    """Aware."""
    number: str | None
    """None: withheld, and the caller gave none."""
    why: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    who: Literal["caller", "bot", "agent"]
    text: str
    at: float
    """Seconds since the call began."""
    confidence: float | None = None
    """Of recognition, 0…1; None for what was not recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    ticket_no: str = ""
    """GDyyyymmdd-NNNNNN; empty until the store allots it."""
    status: Status = "draft"
    """Outcome of the call; people do not change it."""
    stage: Stage = "new"
    """Where the work on it stands; see `lifecycle`."""
    hotline: str
    category: str | None = None
    """None while it is not known."""
    call_id: str
    caller_number: str | None
    """Normalised national number; None = withheld."""
    created_at: dt.datetime
    """Aware, business time zone."""
    summary: str = ""
    """One or two sentences that a technician can act on."""
    fields: Mapping[str, Fact] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Required fields without a value (`category` while that is not known)."""
    completeness: float = 0.0
    """Share of the required fields that are known, 0…1."""
    prior_ticket_no: str | None = None
    occurrence: int = 1
    """Which time it is that this problem is reported."""
    related: tuple[str, ...] = ()
    """Numbers of the other tickets of the same call. Read from the store, not written."""
    emotion: Emotion = field(default_factory=Emotion)
    urgency: Urgency = "P3"
    complexity: float = 0.0
    """0…1, see `judgement.complexity`."""
    confidence: float = 0.0
    """Least confidence of the required fields that are known, 0…1."""
    review: Review = field(default_factory=Review)
    handoff: Handoff | None = None
    callback: Callback | None = None
    customer: Customer | None = None
    suggestions: tuple[Suggestion, ...] = ()
    transcript: tuple[TranscriptLine, ...] = ()
    """What was said in the call. Read from the store, not written with the ticket."""
    recording: str | None = None
    """File name of the recording."""
    version: int = 0
    """Of the stored row, for writers that collide; not part of the JSON form."""

    def value(self, field_id: str) -> str | None:
        fact = self.fields.get(field_id)
        return fact.value if fact else None

    def with_fact(self, field_id: str, fact: Fact) -> Ticket:
        """The ticket that knows this, too. What the caller said (or keyed) is never replaced by what the CRM or an
        earlier ticket knows, nor the CRM's by an earlier ticket's; of the same standing the later counts."""
        known = self.fields.get(field_id)
        if known and _standing(fact.source) < _standing(known.source):
            return self
        return self.replacing(field_id, fact)

    def replacing(self, field_id: str, fact: Fact) -> Ticket:
        """Whatever was known before: the caller gave way to the CRM, or a person corrects."""
        return replace(self, fields={**self.fields, field_id: fact})

    def without_fact(self, field_id: str) -> Ticket:
        """The caller took it back."""
        return replace(self, fields={name: fact for name, fact in self.fields.items() if name != field_id})


def _standing(source: Source) -> int:
    match source:
        case "caller" | "keys":
            return 2
        case "crm":
            return 1
        case "prior_ticket":
            return 0


def to_json(ticket: Ticket) -> dict[str, Any]:
    """Exactly the form of docs/contract/ticket.md, in its order."""
    document: dict[str, Any] = _plain(ticket)
    del document["version"]
    document["created_at"] = _moment(ticket.created_at)
    if ticket.handoff:
        document["handoff"]["requested_at"] = _moment(ticket.handoff.requested_at)
    if ticket.callback:
        document["callback"]["due"] = _moment(ticket.callback.due)
    if ticket.customer:
        document["customer"] = customer_json(ticket.customer)
    return document


def of_json(document: Mapping[str, Any]) -> Ticket:
    """The ticket of a JSON form. Raises `TicketError` naming the key that is wrong."""
    try:
        return msgspec.convert(dict(document), Ticket)
    except msgspec.ValidationError as error:
        raise TicketError(f"这不是一张工单：{error}。格式见 docs/contract/ticket.md。") from error


def customer_json(customer: Customer) -> dict[str, Any]:
    """What is not known of a purchase, vehicle or agreement is left out, and so is what the contract only allows."""
    document: dict[str, Any] = _plain(customer)
    for key in ("purchases", "vehicles", "agreements", "complaints"):
        document[key] = [{k: v for k, v in item.items() if v is not None} for item in document[key]]
    for key in ("complaints", "customer_no", "source"):
        if not document[key]:
            del document[key]
    return document


def _plain(value: object) -> Any:
    """As JSON has it: lists for tuples, strings for dates."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _moment(at: dt.datetime) -> str:
    return at.isoformat(timespec="seconds")
