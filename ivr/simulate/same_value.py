"""Are two values the same once both are normalised? The judge's own small measure, not the product's parsers.

A value on a ticket is normalised already, one in a scenario nearly: what remains are spaces, width, case, trailing
zeros, punctuation and a product's other names.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from ivr.packs import Pack
from ivr.simulate.expectation import Wanted
from ivr.tickets.taxonomy import Taxonomy

_MARKS = re.compile(r"[\s\-_.,，。、；;：:！!？?·'\"“”‘’（）()]+")
_NOT_IN_DIGITS = re.compile(r"[^0-9A-Z\u4e00-\u9fff]+")
_CLOCK = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})(?:[ T]*(上午|下午|晚上|\d{1,2}:\d{2}))?")


@dataclass(frozen=True, slots=True)
class Sameness:
    taxonomy: Taxonomy
    lexicon: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Field id → canonical term → other names, of the hotline's pack."""

    @classmethod
    def of(cls, taxonomy: Taxonomy, pack: Pack | None) -> Sameness:
        return cls(taxonomy, pack.lexicon if pack else {})

    def normalise(self, field_id: str, value: str) -> str:
        known = self.taxonomy.fields.get(field_id)
        width = unicodedata.normalize("NFKC", value).strip()
        match known.kind if known else "text":
            case "digits":
                return _NOT_IN_DIGITS.sub("", width.upper())
            case "money":
                return _money(width)
            case "date" | "time":
                return _clock(width)
            case "term":
                return self._canonical(field_id, _MARKS.sub("", width).upper())
            case _:
                return _MARKS.sub("", width).upper()

    def same(self, field_id: str, one: str, other: str) -> bool:
        return self.normalise(field_id, one) == self.normalise(field_id, other)

    def fits(self, field_id: str, got: str | None, wanted: Wanted) -> bool:
        """Does a value on a ticket (None = not there) fit what is wanted?"""
        if got is None:
            return wanted.value is None and not wanted.any_of
        if wanted.any_of:
            plain = _MARKS.sub("", unicodedata.normalize("NFKC", got)).upper()
            mine = self.normalise(field_id, got)
            return any(self._within(field_id, choice, plain, mine) for choice in wanted.any_of)
        return wanted.value is not None and self.same(field_id, got, wanted.value)

    def _within(self, field_id: str, choice: str, plain: str, mine: str) -> bool:
        bare = _MARKS.sub("", unicodedata.normalize("NFKC", choice)).upper()
        return bare in plain or self.normalise(field_id, choice) in mine

    def _canonical(self, field_id: str, bare: str) -> str:
        for of_field, terms in self.lexicon.items():
            if of_field.partition("@")[0] != field_id:  # product@parts_delay: the product of one category
                continue
            for term, names in terms.items():
                if bare in {_MARKS.sub("", name).upper() for name in (term, *names)}:
                    return term.upper()
        return bare


def _money(value: str) -> str:
    bare = value.replace(",", "").removesuffix("元").removeprefix("¥").strip()
    try:
        return str(Decimal(bare).quantize(Decimal("0.01")))
    except InvalidOperation:
        return bare


def _clock(value: str) -> str:
    """ISO date, with its part of the day or HH:MM where there is one."""
    found = _CLOCK.fullmatch(value.replace("/", "-"))
    if not found:
        return value
    try:
        day = dt.date(*(int(part) for part in found[1].split("-"))).isoformat()
    except ValueError:
        return value
    part = found[2] or ""
    return f"{day} {part.zfill(5) if ':' in part else part}".strip()
