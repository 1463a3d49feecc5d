"""Which rules and stories a run of conversations went through, found in the events that Rasa wrote.

A tracker does not say which rule chose an action. A rule counts as gone through where its conditions held as its first
action was chosen, and its steps are found in order. (Where two rules want the same steps both count.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ivr.designing.content import Content, Route, Step
from ivr.designing.finding import Finding, hint
from ivr.errors import SettingsError

MOST_NAMED = 3
"""Scenarios named for a rule."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of a conversation that a rule may speak of, with the slots as they were then."""

    kind: str
    """intent, action or loop."""
    name: str | None
    slots: Mapping[str, Any]
    loop: str | None
    """Active form."""


@dataclass(frozen=True, slots=True)
class Coverage:
    scenarios: int
    """So many conversations were looked at."""
    by_route: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a rule or story → conversations that went through it."""


def moments(events: Iterable[Mapping[str, Any]]) -> list[Moment]:
    """Rasa's events of one conversation, those that count."""
    slots: dict[str, Any] = {}
    loop: str | None = None
    found: list[Moment] = []
    for event in events:
        match event.get("event"):
            case "slot":
                slots = {**slots, str(event["name"]): event.get("value")}
            case "user":
                intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
                found.append(Moment("intent", intent, slots, loop))
            case "action":
                found.append(Moment("action", event.get("name"), slots, loop))
            case "active_loop":
                loop = event.get("name")
                found.append(Moment("loop", loop, slots, loop))
            case _:
                pass
    return found


def went_through(route: Route, talk: Sequence[Moment]) -> bool:
    return ends_after(route, talk, -1)


def ends_after(route: Route, talk: Sequence[Moment], since: int) -> bool:
    """Was the rule gone through to its end after that moment?"""
    return any((end := _fits(route, talk, start)) is not None and end > since + 1 for start in range(len(talk)))


def _fits(route: Route, talk: Sequence[Moment], start: int) -> int | None:
    """The moment after the rule's last step, when it begins at `start`; None when it does not fit."""
    at, open_conditions = start, [each for each in route.conditions if each.kind == "slot"]
    loops = [each for each in route.conditions if each.kind == "loop"]
    for number, step in enumerate(route.steps):
        if step.kind == "slot":
            open_conditions.append(step)
        if step.kind not in {"intent", "action", "loop", "or"}:
            continue
        while at < len(talk) and not _is(step, talk[at]):
            if at == start or not _may_pass(route, talk[at]):
                return None
            at += 1
        if at == len(talk) or (at == start and not all(_loops(each, talk[at]) for each in loops)):
            return None
        if _chosen(route.steps, number):
            if not all(_holds(each, talk[at]) for each in open_conditions):
                return None
            open_conditions = []
        at += 1
    return at if at > start else None


def _chosen(steps: Sequence[Step], number: int) -> bool:
    """Is this an action that the rule itself chooses? What a rule begins with is what it waits for."""
    if steps[number].kind != "action":
        return False
    begins = number == 0 and len(steps) > 1
    return not (begins and (steps[0].name == "action_listen" or steps[1].kind == "loop"))


def _is(step: Step, moment: Moment) -> bool:
    if step.kind == "or":
        return any(_is(way[0], moment) for way in step.either if way)
    return step.kind == moment.kind and step.name == moment.name


def _may_pass(route: Route, moment: Moment) -> bool:
    """What may stand between two steps without being written."""
    return moment.kind in {"intent", "loop"} or (route.kind == "story" and moment.name == "action_listen")


def _loops(condition: Step, moment: Moment) -> bool:
    return condition.name in {moment.loop, moment.name if moment.kind == "action" else moment.loop}


def _holds(condition: Step, moment: Moment) -> bool:
    value = moment.slots.get(str(condition.name))
    return bool(value) if condition.value is True and not isinstance(value, bool) else bool(value == condition.value)


# --- of a run ----------------------------------------------------------------------


def measure(content: Content, talks: Mapping[str, Sequence[Moment]]) -> Coverage:
    """`talks`: conversation → its moments."""
    by_route = {
        route.name: tuple(name for name, talk in talks.items() if went_through(route, talk)) for route in content.routes
    }
    return Coverage(len(talks), by_route)


def read_events(file: Path) -> dict[str, list[dict[str, Any]]]:
    """What Rasa's file event broker wrote, by conversation."""
    talks: dict[str, list[dict[str, Any]]] = {}
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                event = json.loads(line)
                talks.setdefault(str(event.get("sender_id")), []).append(event)
    return talks


def save_coverage(coverage: Coverage, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(coverage), indent=1))


def load_coverage(file: Path) -> Coverage | None:
    """None when nothing was measured yet. Raises `SettingsError`."""
    if not file.exists():
        return None
    try:
        return msgspec.json.decode(file.read_bytes(), type=Coverage)
    except msgspec.MsgspecError as error:
        raise SettingsError(f"{file} 读不了：{error}。请删掉它，再运行一次 ivr dialogue test。") from error


def check_coverage(content: Content, coverage: Coverage) -> Iterator[Finding]:
    for route in content.routes:
        what = "规则" if route.kind == "rule" else "故事"
        if route.name not in coverage.by_route:
            yield hint(route.at, f"{what}“{route.name}”是新的，还没有测试过：请运行 ivr dialogue test。")
        elif not coverage.by_route[route.name]:
            yield hint(route.at, f"{what}“{route.name}”没有一个场景走到（测过 {coverage.scenarios} 个）：请写一个。")
