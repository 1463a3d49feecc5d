"""What a scenario expects of the ticket: the `expect` of docs/contract/scenario.md. What is absent is not checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.simulate.yaml_values import Place, text_of
from ivr.tickets.taxonomy import Taxonomy

STATUSES = ("complete", "incomplete", "abandoned")
URGENCIES = ("P1", "P2", "P3", "P4")
EXPECT_KEYS = (
    *("status", "category", "fields", "prior_ticket_no", "urgency", "emotion", "review", "handoff"),
    *("crm", "max_questions", "never_asks", "also"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The value of one field."""

    value: str | None = None
    """Equal after normalisation; None (without `any_of`) = must not be there."""
    any_of: tuple[str, ...] = ()
    """Contains at least one of these."""

    def shown(self) -> object:
        return {"any": list(self.any_of)} if self.any_of else self.value


@dataclass(frozen=True, slots=True)
class Null:
    """Expected to be null, as opposed to: not checked."""


NULL = Null()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """None everywhere: not checked."""

    status: str | None = None
    category: str | None = None
    fields: Mapping[str, Wanted] = field(default_factory=dict)
    prior_ticket_no: str | Null | None = None
    urgency: tuple[str, ...] | None = None
    emotion: tuple[str, ...] | None = None
    review: tuple[str, ...] | None = None
    """These are among the reasons; empty = no review."""
    handoff: str | Null | None = None
    crm: Mapping[str, str] = field(default_factory=dict)
    max_questions: int | None = None
    never_asks: tuple[str, ...] | None = None
    also: tuple[Expect, ...] = ()
    """Further tickets of the same call."""


def read_expect(raw: Mapping[str, Any], place: Place, taxonomy: Taxonomy, hotline: str) -> Expect:
    """Raises `SettingsError`."""
    place.only(raw, EXPECT_KEYS)
    category, most = raw.get("category"), raw.get("max_questions")
    if category is not None and category not in taxonomy.hotlines[hotline].categories:
        place.wrong("category", f"{category!r} 不是 {hotline} 的类别")
    if most is not None and (not isinstance(most, int) or most < 0):
        place.wrong("max_questions", "应当是整数")
    unknown = [name for name, _ in place.items(raw, "fields") if name not in taxonomy.fields]
    if unknown:
        place.wrong(f"fields.{unknown[0]}", "不是工单的字段，见 taxonomy.yml")
    return Expect(
        status=_one_of(raw, "status", STATUSES, place),
        category=category,
        fields={name: _wanted(value, place.below("fields"), name) for name, value in place.items(raw, "fields")},
        prior_ticket_no=_nullable(raw, "prior_ticket_no"),
        urgency=_some_of(raw, "urgency", URGENCIES, place),
        emotion=_some_of(raw, "emotion", taxonomy.emotions, place),
        review=_some_of(raw, "review", taxonomy.review_reasons, place),
        handoff=_nullable(raw, "handoff"),
        crm={text_of(key): text_of(value) for key, value in place.items(raw, "crm")},
        max_questions=most,
        never_asks=_some_of(raw, "never_asks", (), place),
        also=tuple(
            read_expect(further, place.below(f"also[{number}]"), taxonomy, hotline)
            for number, further in enumerate(place.mappings(raw, "also"))
        ),
    )


def _wanted(value: object, place: Place, name: str) -> Wanted:
    if value is None:
        return Wanted()
    if isinstance(value, dict) and set(value) == {"any"} and isinstance(value["any"], list) and value["any"]:
        return Wanted(any_of=tuple(text_of(choice) for choice in value["any"]))
    if isinstance(value, (dict, list)):
        place.wrong(name, "应当是一个值，或者 {any: [一个, 或几个]}")
    return Wanted(text_of(value))


def _nullable(raw: Mapping[str, Any], key: str) -> str | Null | None:
    if key not in raw:
        return None
    return NULL if raw[key] is None else text_of(raw[key])


def _one_of(raw: Mapping[str, Any], key: str, known: tuple[str, ...], place: Place) -> str | None:
    value = raw.get(key)
    if value is not None and value not in known:
        place.wrong(key, f"应当是 {'、'.join(known)} 之一，写的是 {value!r}")
    return value


def _some_of(raw: Mapping[str, Any], key: str, known: tuple[str, ...], place: Place) -> tuple[str, ...] | None:
    if raw.get(key) is None:
        return None
    values = tuple(text_of(v) for v in (raw[key] if isinstance(raw[key], list) else [raw[key]]))
    for value in values:
        if known and value not in known:
            place.wrong(key, f"里的 {value!r} 不认识；有的是 {'、'.join(known)}")
    return values
