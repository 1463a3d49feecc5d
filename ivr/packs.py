"""What a hotline knows, read from `data/`: numbers, open hours, words, thresholds. Edited by dialogue designers.

- data/taxonomy.yml: ids of fields, hotlines, categories (docs/contract)
- data/prompts.yml: what the line says without the dialogue server (apology, closed, nobody free)
- data/packs/<hotline>/hotline.yml: numbers, hours, recording, queue, thresholds
- data/packs/<hotline>/lexicon.yml: terms by field: canonical → colloquial; `field@category` for one category;
  不算: words that only contain a term
- data/packs/<hotline>/handoff.yml: which queue a hand-over joins, and what skill it wants (may be left out)
- data/packs/<hotline>/suggestions.yml: what could be done now: fault → likely cause → steps
- data/packs/<hotline>/evidence.yml: patterns of its own (read by `ivr.conversation.evidence`)
- data/packs/<hotline>/urgency.yml: dangers of its own (read by `ivr.tickets.judgement.words`)
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import yaml

from ivr.errors import SettingsError

NO_TERM = "不算"
"""Under this key a lexicon holds words that contain a thing's name and are not that thing (手机号 is no 手机)."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHours:
    """When a hotline is served, in the business time zone. Default: always."""

    days: tuple[str, ...] = WEEKDAYS
    opens: str = "00:00"
    closes: str = "24:00"
    """HH:MM; 24:00 is the end of the day. Before `opens`: over midnight."""
    closed_on: tuple[dt.date, ...] = ()

    def contains(self, moment: dt.datetime) -> bool:
        """`moment` is in the business time zone."""
        clock = moment.strftime("%H:%M")
        if self.opens <= self.closes:
            day, within = moment.date(), self.opens <= clock < self.closes
        else:
            after_midnight = clock < self.closes
            day = moment.date() - dt.timedelta(days=after_midnight)
            within = after_midnight or clock >= self.opens
        return within and WEEKDAYS[day.weekday()] in self.days and day not in self.closed_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """At or over (confidence: under) these a ticket goes to review."""

    emotion: float = 0.7
    complexity: float = 0.6
    confidence: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What the agent or the caller could do now, and for which tickets it holds; what is empty holds for all."""

    category: tuple[str, ...]
    text: str
    why: str
    product: tuple[str, ...] = ()
    """Canonical terms."""
    problem: str = ""
    """Regular expression on the problem's words."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Field id → regular expression on its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanQueue:
    """A queue beside the hotline's own."""

    skill: str = ""
    """Agents with this skill (`telephony.agents` in the settings) are called first; empty = all alike."""
    others: bool = True
    """Agents of the hotline without the skill are called, too, when no other is free."""
    weight: int = 0
    """Whom an agent of several queues gets first: the caller of the heavier queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRoute:
    """Which hand-overs join a queue; what is empty holds for all."""

    queue: str
    category: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    """normal, vip."""
    reason: tuple[str, ...] = ()
    """Of the taxonomy's `handoff_reasons`."""

    def leads(self, **case: str | None) -> bool:
        return all(not getattr(self, name) or value in getattr(self, name) for name, value in case.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    hotline: str
    name: str
    """How the bot introduces itself: 美家电器."""
    dialled: tuple[str, ...]
    """Numbers that lead here; a trailing `*` stands for any digits."""
    open_hours: OpenHours = field(default_factory=OpenHours)
    recording: bool = False
    """Calls are recorded, and the greeting says so."""
    queue: str = ""
    """Queue of its humans; empty = the hotline's id."""
    human_queues: Mapping[str, HumanQueue] = field(default_factory=dict)
    """Queues beside it, by name."""
    routes: tuple[HandoffRoute, ...] = ()
    """The first that fits leads a hand-over; where none does it joins the hotline's own queue."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    hand_over: tuple[str, ...] = ()
    """Categories that a human takes over as soon as everything is noted (reason `policy`)."""
    lexicon: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Field id → canonical term → other names."""
    advice: tuple[Advice, ...] = ()

    @property
    def own_queue(self) -> str:
        return self.queue or self.hotline

    @property
    def queue_names(self) -> tuple[str, ...]:
        return (self.own_queue, *(name for name in self.human_queues if name != self.own_queue))

    def queue_for(self, *, category: str | None, urgency: str, tier: str, reason: str) -> str:
        """Where a hand-over goes."""
        case = {"category": category, "urgency": urgency, "tier": tier, "reason": reason}
        return next((route.queue for route in self.routes if route.leads(**case)), self.own_queue)

    def terms(self, field: str, category: str | None = None) -> Mapping[str, tuple[str, ...]]:
        """Canonical term → other names of a field; a category may have its own (`product@parts_delay`: parts)."""
        return self.lexicon.get(f"{field}@{category}") or self.lexicon.get(field, {})

    def answers_to(self, dialled: str) -> bool:
        return any(dialled.startswith(n[:-1]) if n.endswith("*") else dialled == n for n in self.dialled)


def load_packs(data: Path) -> dict[str, Pack]:
    """All packs below `data/packs`, by hotline. Raises `SettingsError` naming the file."""
    packs = data / "packs"
    if not packs.is_dir():
        raise SettingsError(f"缺少文件夹 {packs}：每条热线在里面有一个文件夹，请恢复它，或检查设置里的 root。")
    return {folder.name: _load(folder) for folder in sorted(packs.iterdir()) if folder.is_dir()}


def load_prompts(data: Path) -> dict[str, str]:
    """The sentences of the line itself, by name."""
    return {name: str(text) for name, text in read_yaml(data / "prompts.yml").items()}


def read_yaml(file: Path) -> dict[str, Any]:
    """One YAML mapping. Raises `SettingsError` with file and line."""
    content = _parsed(file)
    if not isinstance(content, dict):
        raise SettingsError(f"{file} 应当是“键: 值”的形式。")
    return content


def _parsed(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"缺少文件 {file}。") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} 不是正确的 YAML：{error}") from error


def _advice(file: Path) -> tuple[Advice, ...]:
    """A hotline without the file gives none."""
    if not file.exists():
        return ()
    listed = [{**each, "category": _listed(each.get("category"))} for each in _parsed(file) or ()]
    try:
        advice = msgspec.convert(listed, tuple[Advice, ...], strict=True)
        for each in advice:
            for pattern in (each.problem, *each.fields.values()):
                re.compile(pattern)
    except (msgspec.ValidationError, re.error) as error:
        raise SettingsError(
            f"{file} 有误：{error}。每条写 category、text、why，可选 product、problem、fields。"
        ) from error
    return advice


def _handoff(file: Path, own_queue: str) -> tuple[dict[str, HumanQueue], tuple[HandoffRoute, ...]]:
    """A hotline without the file has one queue."""
    if not file.exists():
        return {}, ()
    raw = read_yaml(file)
    lists = ("category", "urgency", "tier", "reason")
    try:
        queues = msgspec.convert(raw.get("queues") or {}, dict[str, HumanQueue], strict=True)
        _check_keys(raw)
        routes = tuple(
            msgspec.convert({**each, **{k: _listed(each[k]) for k in lists if k in each}}, HandoffRoute, strict=True)
            for each in raw.get("routes") or ()
        )
    except (msgspec.ValidationError, TypeError, AttributeError) as error:
        raise SettingsError(f"{file} 有误：{error}。写法见 docs/handoff.md。") from error
    for route in routes:
        if route.queue not in queues and route.queue != own_queue:
            raise SettingsError(f"{file}：routes 里的队列 {route.queue} 没有写在 queues 里，请加上，或改正名字。")
    return queues, routes


def _check_keys(raw: Mapping[str, Any]) -> None:
    """A misspelt condition would hold for every call. Raises `TypeError`."""
    known = {HandoffRoute: raw.get("routes") or (), HumanQueue: (raw.get("queues") or {}).values()}
    wrong = [key for kind, listed in known.items() for each in listed for key in each if not hasattr(kind, key)]
    wrong += [key for key in raw if key not in ("queues", "routes")]
    if wrong:
        raise TypeError(f"不认识 {'、'.join(map(str, wrong))}")


def _listed(one_or_several: Any) -> Any:
    return [one_or_several] if isinstance(one_or_several, str) else one_or_several


def _load(folder: Path) -> Pack:
    raw = read_yaml(folder / "hotline.yml")
    raw["hotline"] = folder.name
    raw["lexicon"] = read_yaml(folder / "lexicon.yml")
    try:
        pack = msgspec.convert(raw, Pack, strict=True)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{folder} 里的 hotline.yml 或 lexicon.yml 有误：{error}。") from error
    queues, routes = _handoff(folder / "handoff.yml", pack.own_queue)
    return replace(pack, advice=_advice(folder / "suggestions.yml"), human_queues=queues, routes=routes)
