"""Same as last time? Which earlier ticket of the caller a complaint belongs to.

A wrong link is worse than none: another product, another problem, another number of the matter, or a denial rules an
earlier ticket out, whatever else speaks for it.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ivr.tickets.judgement.words import LinkWords, plain
from ivr.tickets.likeness import likeness
from ivr.tickets.ticket import Ticket

MOST = 3
"""So many earlier tickets are offered at most."""
OLDEST_DAYS = 365
"""Older tickets are another matter."""
UNLIKE = 0.22
"""Two stated problems less alike than this are different ones: of tests/unit/tickets/cases/likeness.tsv no same problem
lies below it, and two of 34 others above."""
IDENTIFIERS = ("order_no", "tracking_no", "plate_no", "account_no", "card_last4")
"""Fields that name the one thing a ticket is about."""

# Characters that say nothing of what is wrong.
COMMON = frozenset(
    "的了是我你他她它们在有和跟就都也还又这那个一不没着过呢吗啊呀吧嘛哦嗯呃唉哎喂很太得地把被给让上下来去到说要会能很么什怎样儿家里头"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    ticket: Ticket
    score: float
    """How likely it is the one, 0…1."""


def speaks_of_earlier(text: str, words: LinkWords) -> bool:
    """The caller says that this was reported, or happened, before."""
    sentence = plain(text)
    denied = [match.span() for match in words.not_earlier.finditer(sentence)]
    return any(
        not any(begin < match.end() and match.start() < end for begin, end in denied)
        for match in words.earlier.finditer(sentence)
    )


def denies_earlier(text: str, words: LinkWords) -> bool:
    """The caller says that this is something else than before."""
    return bool(words.not_earlier.search(plain(text)))


def names_no_symptom(text: str, words: LinkWords) -> bool:
    """No family of symptoms has a word in it."""
    sentence = plain(text)
    return not any(word in sentence for family in words.families for word in family)


def candidates(
    said: str,
    product: str | None,
    tickets: Iterable[Ticket],
    today: dt.date,
    words: LinkWords,
    *,
    problem: str | None = None,
    facts: Mapping[str, str] | None = None,
) -> tuple[Candidate, ...]:
    """The caller's earlier tickets that may be meant, most likely first, at most three.

    `said`: the utterance that speaks of the earlier one; `product`, `problem`, `facts` (field id → value): what this
    call has told so far."""
    stated = _own_problem(problem, words)
    ranked = [
        Candidate(ticket, score)
        for ticket in tickets
        if (score := _score(said, product, stated, facts or {}, ticket, today, words)) is not None
    ]
    # Of a chain of linked tickets the last one stands for all.
    superseded = {each.ticket.prior_ticket_no for each in ranked}
    chosen = [each for each in ranked if each.ticket.ticket_no not in superseded]
    return tuple(sorted(chosen, key=lambda each: (-each.score, -each.ticket.created_at.timestamp()))[:MOST])


def _score(
    said: str,
    product: str | None,
    problem: str,
    facts: Mapping[str, str],
    ticket: Ticket,
    today: dt.date,
    words: LinkWords,
) -> float | None:
    """None: ruled out."""
    age = (today - ticket.created_at.date()).days
    if not 0 <= age <= OLDEST_DAYS:
        return None
    if any(facts.get(name) and ticket.value(name) not in {None, facts[name]} for name in IDENTIFIERS):
        return None
    known_product, known_problem = ticket.value("product"), ticket.value("problem") or ""
    if product and known_product and not same_thing(product, known_product):
        return None
    if known_product and re.search(f"(不是|并非|不说|跟){re.escape(plain(known_product))}", plain(said)):
        return None
    alike = likeness(problem, known_problem, words) if problem and known_problem else None
    if alike is not None and alike < UNLIKE:
        return None
    mentioned = bool(product and known_product) or bool(known_product and plain(known_product) in plain(said))
    told = likeness(said, known_problem, words) if known_problem else 0.0
    recency = math.exp(-age / 60)
    return round(0.4 * mentioned + 0.35 * max(alike or 0.0, told) + 0.25 * recency, 3)


def same_thing(one: str, other: str) -> bool:
    """空调 and 挂式空调, 包 and 手提包: one name holds the other."""
    first, second = plain(one), plain(other)
    return first in second or second in first


def _own_problem(problem: str | None, words: LinkWords) -> str:
    """The problem without the phrase that only points to last time; empty when nothing else is said."""
    rest = words.earlier.sub("", plain(problem or ""))
    rest = "".join(char for char in rest if char.isalnum() and char not in COMMON)
    return plain(problem or "") if len(rest) >= 2 else ""
