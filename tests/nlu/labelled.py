"""The labelled sentences of this folder, and how well the product reads them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ivr.conversation.evidence import load_evidence
from ivr.conversation.one_sentence import Reading, read
from ivr.conversation.situation import Setting
from ivr.packs import load_packs
from ivr.settings import PROJECT
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Ticket

HERE = Path(__file__).parent
CALL = dt.datetime(2026, 11, 22, 10, tzinfo=dt.timezone(dt.timedelta(hours=8)))
IntentsOf = Callable[[str], Mapping[str, float]]
"""NLU: a sentence → intent → confidence."""


@dataclass(frozen=True, slots=True)
class Labelled:
    hotline: str
    sentence: str
    intent: str = ""
    asking: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


def intents() -> list[Labelled]:
    return [Labelled(hotline, said, intent) for hotline, said, intent in _rows("intents.tsv")]


def entities() -> list[Labelled]:
    return [
        Labelled(hotline, said, asking=None if asking == "-" else asking, fields=_pairs(told))
        for hotline, asking, said, told in _rows("entities.tsv")
    ]


def _rows(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def _pairs(told: str) -> dict[str, str]:
    return {} if told == "-" else dict(pair.split("=", 1) for pair in told.split(";"))


@cache
def setting(hotline: str) -> Setting:
    data = PROJECT / "data"
    return Setting(load_packs(data)[hotline], load_taxonomy(data), load_evidence(data, hotline), CALL.date())


def reading(one: Labelled, confidences: Mapping[str, float]) -> Reading:
    blank = Ticket(hotline=one.hotline, call_id="labelled", caller_number=None, created_at=CALL)
    return read(one.sentence, confidences, blank, setting(one.hotline), one.asking)


@dataclass(slots=True)
class Counts:
    """Of one field or intent."""

    right: int = 0
    missed: int = 0
    made_up: int = 0

    @property
    def f1(self) -> float:
        return 2 * self.right / max(2 * self.right + self.missed + self.made_up, 1)


def field_counts(cases: Iterable[Labelled], intents_of: IntentsOf) -> tuple[dict[str, Counts], list[str]]:
    """Field → counts; a wrong value is both missed and made up. And the faults, for a person."""
    counts: dict[str, Counts] = {}
    faults = []
    for one in cases:
        found = {name: fact.value for name, fact in reading(one, intents_of(one.sentence)).fields.items()}
        for name in dict.fromkeys([*one.fields, *found]):
            count = counts.setdefault(name, Counts())
            if name in found and name in one.fields and _fits(name, found[name], one.fields[name]):
                count.right += 1
                continue
            count.missed += name in one.fields
            count.made_up += name in found
            faults.append(f"{one.hotline} {one.sentence!r} {name}: {one.fields.get(name)} -> {found.get(name)}")
    return counts, faults


def _fits(name: str, found: str, wanted: str) -> bool:
    kind = setting("appliance").fields[name].kind
    return wanted in found if kind in {"text", "term"} else found == wanted


def intent_counts(cases: Sequence[Labelled], predicted: Sequence[str | None]) -> dict[str, Counts]:
    counts: dict[str, Counts] = {}
    for one, found in zip(cases, predicted, strict=True):
        if found == one.intent:
            counts.setdefault(one.intent, Counts()).right += 1
            continue
        counts.setdefault(one.intent, Counts()).missed += 1
        counts.setdefault(found or "-", Counts()).made_up += 1
    return counts


def micro(counts: Mapping[str, Counts]) -> float:
    total = Counter[str]()
    for one in counts.values():
        total.update(right=one.right, missed=one.missed, made_up=one.made_up)
    return Counts(total["right"], total["missed"], total["made_up"]).f1


def macro(counts: Mapping[str, Counts]) -> float:
    return sum(one.f1 for one in counts.values()) / max(len(counts), 1)
