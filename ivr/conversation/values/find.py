"""One door to all kinds of values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import get_args

from ivr.conversation.values.dates import find_dates, find_months
from ivr.conversation.values.day_words import Prefer
from ivr.conversation.values.digits import find_digits
from ivr.conversation.values.found import Found
from ivr.conversation.values.money import find_money
from ivr.conversation.values.terms import find_terms
from ivr.conversation.values.text import find_text
from ivr.conversation.values.times import find_times

__all__ = ["KINDS", "Found", "Prefer", "find", "find_all"]

KINDS = ("digits", "money", "date", "month", "time", "term", "text")
"""Those of the taxonomy, and `month` for billing periods (the first day of the month)."""


def find_all(
    kind: str,
    text: str,
    *,
    today: dt.date,
    terms: Mapping[str, Sequence[str]] | None = None,
    prefer: Prefer = "past",
    day: dt.date | None = None,
) -> list[Found]:
    """All values of a kind that stand after corrections, in the order said.

    `terms`: canonical term → other names, for `term`. `prefer`: what ambiguous days mean, for `date`.
    `day`: the day of an appointment that was agreed before, for `time`. Raises ValueError for an unknown kind."""
    match kind:
        case "digits":
            return find_digits(text)
        case "money":
            return find_money(text)
        case "date":
            return find_dates(text, today, prefer)
        case "month":
            return find_months(text, today)
        case "time":
            return find_times(text, today, day)
        case "term":
            return find_terms(text, terms or {})
        case "text":
            return find_text(text)
        case _:
            raise ValueError(f"unknown kind of value: {kind}; known: {', '.join(KINDS)}; prefer: {get_args(Prefer)}")


def find(
    kind: str,
    text: str,
    *,
    today: dt.date,
    terms: Mapping[str, Sequence[str]] | None = None,
    prefer: Prefer = "past",
    day: dt.date | None = None,
) -> Found | None:
    """The last value that stands after corrections; None when nothing of that kind was said."""
    values = find_all(kind, text, today=today, terms=terms, prefer=prefer, day=day)
    return values[-1] if values else None
