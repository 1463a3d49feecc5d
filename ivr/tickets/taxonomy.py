"""The vocabulary of tickets, read from `data/taxonomy.yml`: fields, hotlines, categories, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError
from ivr.packs import read_yaml
from ivr.tickets.judgement.words import Judgement, load_judgement


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a ticket can hold."""

    id: str
    zh: str
    """What a person calls it."""
    kind: str
    """How a value is normalised: text, term, date, digits, money, time."""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of complaint of one hotline."""

    id: str
    zh: str
    required: tuple[str, ...]
    """Field ids without which the ticket is not complete, in the order of the taxonomy."""
    optional: tuple[str, ...] = ()
    """Field ids kept when the caller says them."""

    @property
    def fields(self) -> tuple[str, ...]:
        return self.required + self.optional


@dataclass(frozen=True, slots=True)
class Hotline:
    """One 400 number, one industry."""

    id: str
    number: str
    categories: Mapping[str, Category]
    zh: str = ""


@dataclass(frozen=True, slots=True)
class Taxonomy:
    fields: Mapping[str, Field]
    """By id, in the order of the file."""
    hotlines: Mapping[str, Hotline]
    emotions: tuple[str, ...] = ("calm", "annoyed", "anxious", "angry")
    review_reasons: tuple[str, ...] = ()
    handoff_reasons: tuple[str, ...] = ()
    judgement: Judgement = field(default_factory=Judgement)
    """Words and patterns that the judgements read (`data/judgement`)."""

    def hotline(self, hotline: str) -> Hotline:
        """Raises `SettingsError` naming the hotlines there are."""
        try:
            return self.hotlines[hotline]
        except KeyError:
            raise SettingsError(f"没有叫 {hotline!r} 的热线；已有：{'、'.join(self.hotlines)}。") from None

    def category(self, hotline: str, category: str | None) -> Category | None:
        """None while the category is not known. Raises `SettingsError` for one that the hotline does not have."""
        if category is None:
            return None
        categories = self.hotline(hotline).categories
        if category not in categories:
            raise SettingsError(f"热线 {hotline} 没有类别 {category!r}；已有：{'、'.join(categories)}。")
        return categories[category]

    def field_name(self, field_id: str) -> str:
        """What a person calls the field: 产品."""
        known = self.fields.get(field_id)
        return known.zh if known else {"category": "投诉类别"}.get(field_id, field_id)


def load_taxonomy(data: Path) -> Taxonomy:
    """Reads `taxonomy.yml` and `judgement/` below `data`. Raises `SettingsError` naming file and place."""
    file = data / "taxonomy.yml"
    raw = read_yaml(file)
    try:
        fields = {name: Field(name, what["zh"], what["kind"]) for name, what in raw["fields"].items()}
        hotlines = {name: _hotline(name, what) for name, what in raw["hotlines"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{file} 缺少或写错了一项：{error}。每个字段要有 zh 和 kind，每个类别要有 zh 和 required。"
        ) from error
    _check(file, fields, hotlines)
    return Taxonomy(
        fields=fields,
        hotlines=hotlines,
        emotions=tuple(raw.get("emotion", ())),
        review_reasons=tuple(raw.get("review_reasons", ())),
        handoff_reasons=tuple(raw.get("handoff_reasons", ())),
        judgement=load_judgement(data / "judgement"),
    )


def _hotline(name: str, raw: Mapping[str, Any]) -> Hotline:
    categories = {
        key: Category(key, what["zh"], tuple(what["required"]), tuple(what.get("optional", ())))
        for key, what in raw["categories"].items()
    }
    return Hotline(name, str(raw["number"]), categories, str(raw.get("zh", "")))


def _check(file: Path, fields: Mapping[str, Field], hotlines: Mapping[str, Hotline]) -> None:
    for hotline in hotlines.values():
        for category in hotline.categories.values():
            unknown = [name for name in category.fields if name not in fields]
            if unknown:
                raise SettingsError(
                    f"{file}：{hotline.id}.{category.id} 用了没有定义的字段 {'、'.join(unknown)}，请先写进 fields。"
                )
