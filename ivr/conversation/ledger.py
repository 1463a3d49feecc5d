"""Facts of a sentence written into the ticket: what is new, what corrects, what adds, what contradicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ivr.conversation.clauses import LONGEST
from ivr.conversation.ear import Heard
from ivr.conversation.notes import Doubt, Notes
from ivr.packs import Pack
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import OWN_WORDS, Fact, Source, Ticket

DOUBTFUL_DIGITS = 0.7
"""A number heard less surely than this is read back."""
CONFIRMED = 0.97


@dataclass(frozen=True, slots=True)
class Written:
    ticket: Ticket
    notes: Notes
    told: tuple[str, ...]
    """Fields that the sentence told anew."""


def write(
    ticket: Ticket,
    notes: Notes,
    heard: Mapping[str, Heard],
    *,
    asked: tuple[str, ...],
    corrects: bool,
    certainty: float,
    source: Source = "caller",
) -> Written:
    """`certainty`: how surely the sentence was recognised, 0…1."""
    told = []
    for field, one in heard.items():
        known = ticket.fields.get(field)
        own = known is not None and known.source in OWN_WORDS
        value = one.value
        put_right = corrects and (field != "problem" or len(heard) == 1)  # 不是三是四 leaves the description alone
        if known and own and field not in asked and not put_right:
            if field != "problem" or not _adds(known.value, value):
                continue
            value = f"{known.value}，{value}"
        fact = Fact(value[:LONGEST], one.said, source, round(one.confidence * certainty, 2), notes.turn)
        if known is None or known.value != fact.value or not own:
            told.append(field)
        ticket = ticket.with_fact(field, fact)
        if one.term:
            notes = replace(notes, terms={**notes.terms, field: one.term})
    gave_up = tuple(field for field in notes.gave_up if field not in heard)
    return Written(ticket, replace(notes, gave_up=gave_up), tuple(told))


def _adds(known: str, more: str) -> bool:
    return more not in known and known not in more and len(known) + len(more) < LONGEST


def doubt(ticket: Ticket, notes: Notes, taxonomy: Taxonomy, pack: Pack) -> Doubt | None:
    """What must be read back: a required fact heard with doubt, not asked about before."""
    category = taxonomy.category(ticket.hotline, ticket.category)
    for field in category.required if category else ():
        fact = ticket.fields.get(field)
        if fact is None or fact.source not in OWN_WORDS or field in notes.settled:
            continue
        kind = taxonomy.fields[field].kind
        least = DOUBTFUL_DIGITS if kind == "digits" and fact.source == "caller" else pack.thresholds.confidence
        if kind != "text" and fact.confidence < least:
            return Doubt(field, fact.value)
    return None


def settle_doubt(ticket: Ticket, notes: Notes, answer: bool | None, told: tuple[str, ...]) -> tuple[Ticket, Notes]:
    """What a yes, a no, or the right value said at once makes of the doubt."""
    open_doubt = notes.doubt
    if open_doubt is None:
        return ticket, notes
    field = open_doubt.field
    if answer is None and field not in told:
        return ticket, notes
    notes = replace(notes, doubt=None, settled=(*notes.settled, field))
    if open_doubt.conflict:
        if answer and field not in told:
            return ticket.replacing(field, Fact(open_doubt.value, None, "crm", 1.0)), notes
        if ticket.value(field) == open_doubt.value:
            return ticket, notes
        return ticket, replace(notes, conflicts_left=notes.conflicts_left + 1)
    known = ticket.fields.get(field)
    if answer and known and field not in told:
        return ticket.replacing(field, replace(known, confidence=CONFIRMED)), notes
    if answer is False and field not in told:
        return ticket.without_fact(field), notes  # settled: the next hearing is kept as it is, unread, and reviewed
    return ticket, notes
