"""`dialogue/` and `data/` as they are written: what is declared where. Nothing is judged here but the YAML itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ivr.designing.finding import At, Finding
from ivr.designing.located import Table, Text, line_of, read, rows, table


@dataclass(frozen=True, slots=True)
class Named:
    """Something declared: an intent, an action, an entity."""

    name: str
    at: At


@dataclass(frozen=True, slots=True)
class Slot(Named):
    kind: str = "text"
    values: tuple[str, ...] | None = None
    """Of a categorical slot."""
    custom: bool = True
    """Only actions set it."""


@dataclass(frozen=True, slots=True)
class Form(Named):
    required: tuple[Named, ...] = ()
    """In the order of asking."""


@dataclass(frozen=True, slots=True)
class Variation:
    """One way to say a response."""

    text: str
    at: At
    conditions: tuple[tuple[str, Any, At], ...] = ()
    """Slot, value, place."""
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response(Named):
    variations: tuple[Variation, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a rule or story. `name`: intent, action, loop (None: it ends), slot, or a checkpoint."""

    kind: Literal["intent", "action", "loop", "slot", "user", "checkpoint", "or", "odd"]
    name: str | None
    at: At
    value: Any = None
    """Of a slot."""
    either: tuple[tuple[Step, ...], ...] = ()
    """Of an `or`."""


@dataclass(frozen=True, slots=True)
class Route(Named):
    """A rule or a story."""

    kind: Literal["rule", "story"] = "rule"
    conditions: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    waits: bool = True
    """When it is through the caller is listened to (or the form asks on); else the next rule follows."""

    def all_steps(self) -> Iterator[Step]:
        yield from _flat((*self.conditions, *self.steps))


@dataclass(frozen=True, slots=True)
class Example:
    """A training sentence."""

    text: str
    intent: str
    at: At


@dataclass(slots=True)
class Content:
    """What all YAML files of the dialogue and of the data say."""

    root: Path
    intents: dict[str, Named] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    actions: dict[str, Named] = field(default_factory=dict)
    responses: dict[str, Response] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    data: dict[Path, Table] = field(default_factory=dict)
    """File below data/ → what it holds."""
    findings: list[Finding] = field(default_factory=list)
    """Faults of the YAML."""
    unreadable: bool = False
    """A file could not be read at all: what it declares is not known."""

    @property
    def taxonomy_file(self) -> Path:
        return self.root / "data" / "taxonomy.yml"

    def pack_file(self, hotline: str, name: str) -> Path:
        return self.root / "data" / "packs" / hotline / name


def read_content(root: Path) -> Content:
    """Everything below `root/dialogue` and `root/data`. Faults of YAML become findings, never exceptions."""
    content = Content(root)
    for file in _yaml(root / "dialogue" / "domain"):
        _domain(content, file)
    for file in _yaml(root / "dialogue" / "data"):
        _training(content, file)
    for file in _yaml(root / "data"):
        content.data[file] = _read(content, file)
    _read(content, root / "dialogue" / "config.yml")
    return content


def _yaml(folder: Path) -> list[Path]:
    return sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")])


def _read(content: Content, file: Path) -> Table:
    found, faults = read(file)
    content.findings += faults
    content.unreadable |= bool(faults) and not found
    return found


def _domain(content: Content, file: Path) -> None:
    raw = _read(content, file)
    for name, at in _names(file, raw.get("intents")):
        content.intents.setdefault(name, Named(name, at))
    for name, at in _names(file, raw.get("actions")):
        content.actions.setdefault(name, Named(name, at))
    for name, what in table(raw.get("slots")).items():
        content.slots[name] = _slot(file, name, table(what))
    for name, what in table(raw.get("forms")).items():
        required = tuple(Named(slot, at) for slot, at in _names(file, table(what).get("required_slots")))
        content.forms[name] = Form(name, At(file, line_of(name)), required)
    for name, ways in table(raw.get("responses")).items():
        variations = tuple(_variation(file, table(way)) for way in rows(ways))
        known = content.responses.get(name)
        content.responses[name] = Response(
            name, At(file, line_of(name)), (*known.variations, *variations) if known else variations
        )


def _names(file: Path, listed: object) -> Iterator[tuple[str, At]]:
    for each in rows(listed):
        name = next(iter(each), "") if isinstance(each, dict) else each
        yield str(name), At(file, line_of(name, line_of(each)))


def _slot(file: Path, name: str, raw: Table) -> Slot:
    values = tuple(str(value) for value in rows(raw.get("values"))) if "values" in raw else None
    kinds = [str(table(each).get("type")) for each in rows(raw.get("mappings"))]
    return Slot(name, At(file, line_of(name)), str(raw.get("type", "text")), values, all(k == "custom" for k in kinds))


def _variation(file: Path, raw: Table) -> Variation:
    conditions = tuple(
        (str(table(each).get("name")), table(each).get("value"), At(file, line_of(each)))
        for each in rows(raw.get("condition"))
    )
    text = raw.get("text", "")
    return Variation(str(text), At(file, line_of(text, raw.line)), conditions, table(raw.get("custom")))


def _training(content: Content, file: Path) -> None:
    raw = _read(content, file)
    for each in rows(raw.get("nlu")):
        content.examples += _examples(file, table(each))
    for kind, key in (("rule", "rules"), ("story", "stories")):
        for each in rows(raw.get(key)):
            content.routes.append(_route(file, table(each), "rule" if kind == "rule" else "story"))


def _examples(file: Path, raw: Table) -> Iterator[Example]:
    block = raw.get("examples")
    intent = str(raw.get("intent", ""))
    if not intent or not isinstance(block, Text):
        return
    for number, line in enumerate(block.splitlines()):
        text = line.strip().removeprefix("-").strip()
        if text:
            yield Example(text, intent, At(file, block.line + number))


def _route(file: Path, raw: Table, kind: Literal["rule", "story"]) -> Route:
    name = raw.get(kind, "")
    conditions = tuple(step for each in rows(raw.get("condition")) for step in _steps(file, each))
    steps = tuple(step for each in rows(raw.get("steps")) for step in _steps(file, each))
    waits = raw.get("wait_for_user_input") is not False
    return Route(str(name), At(file, line_of(name, raw.line)), kind, conditions, steps, waits)


_KINDS: Mapping[str, Literal["intent", "action", "user", "checkpoint"]] = {
    "intent": "intent", "action": "action", "bot": "action", "user": "user", "checkpoint": "checkpoint",
}  # fmt: skip


def _steps(file: Path, raw: object) -> Iterator[Step]:
    what = table(raw)
    at = At(file, line_of(what))
    if "or" in what:
        yield Step("or", None, at, either=tuple(tuple(_steps(file, each)) for each in rows(what["or"])))
    elif "slot_was_set" in what:
        for each in rows(what["slot_was_set"]):
            pairs = each.items() if isinstance(each, dict) else [(each, True)]
            yield from (Step("slot", str(name), At(file, line_of(name, at.line)), value) for name, value in pairs)
    elif "active_loop" in what:
        loop = what["active_loop"]
        yield Step("loop", None if loop is None else str(loop), At(file, line_of(loop, at.line)))
    else:
        key = next((key for key in _KINDS if key in what), None)
        if key is None:
            yield Step("odd", "、".join(map(str, what)), at)
        else:
            yield Step(_KINDS[key], str(what[key]), At(file, line_of(what[key], at.line)))


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        for way in step.either:
            yield from _flat(way)
