"""What a CRM keeps in a field, as what we keep: dates, words, tiers. No value of any kind makes these raise."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

LONGEST = 200
"""Characters of a text that are kept."""
_DAY = re.compile(r"\s*([12]\d{3})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"([12]\d{3})(\d{2})(\d{2})(?:\d{6})?")
_SECONDS = range(10**8, 10**10)
"""Numbers that are seconds since 1970 (1973 to 2286); a thousand times that are milliseconds."""


def text_of(value: object) -> str | None:
    """None for what holds no words: null, blank, a list, an object."""
    if isinstance(value, bool) or value is None or isinstance(value, list | tuple | dict | set | bytes):
        return None
    text = " ".join(str(value).split())[:LONGEST]
    return text or None


def date_of(value: object, zone: dt.tzinfo = dt.UTC) -> dt.date | None:
    """2026-03-01, 2026/3/1 12:00, 2026年3月1日, 20260301, ISO with a zone, seconds or milliseconds since 1970; moments
    on the day that they are in `zone`. None for anything else."""
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).date() if value.tzinfo else value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return _of_number(float(value), zone) or _of_text(str(value), zone)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        return _of_text(str(value), zone)
    except (ValueError, OverflowError):
        return None


def _of_number(number: float, zone: dt.tzinfo) -> dt.date | None:
    seconds = number if int(number) in _SECONDS else number / 1000
    if int(seconds) not in _SECONDS:
        return None
    return dt.datetime.fromtimestamp(seconds, zone).date()


def _of_text(text: str, zone: dt.tzinfo) -> dt.date | None:
    text = text.strip()
    if compact := _COMPACT.fullmatch(text):
        return dt.date(*(int(part) for part in compact.groups()))
    if "T" in text and re.search(r"(?:Z|[+-]\d\d:?\d\d)$", text):
        return dt.datetime.fromisoformat(text).astimezone(zone).date()
    found = _DAY.match(text)
    return dt.date(*(int(part) for part in found.groups())) if found else None


def is_vip(value: object, words: Iterable[str]) -> bool:
    """Is it one of the values that mean VIP? Letters may be of any case; true counts as 「true」, a list by any of its
    elements."""
    if isinstance(value, list | tuple):
        return any(is_vip(each, words) for each in value)
    said = str(value).strip().casefold()
    return any(said == word.casefold() for word in words)
