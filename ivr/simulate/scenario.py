"""Scenario files: simulated callers, written down (docs/contract/scenario.md). Read and checked here, played elsewhere.

Errors name file, scenario and key, and say what would be right.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError
from ivr.packs import read_yaml
from ivr.simulate.expectation import Expect, read_expect
from ivr.simulate.yaml_values import Place, text_of
from ivr.tickets.taxonomy import Taxonomy

OPEN_ASKS = ("description", "confirm", "prior_ticket", "handoff_offer", "anything_else")
"""What a question may ask for beside the taxonomy's fields."""
DEFAULT_TIME = dt.time(10)
"""The call's clock when the scenario gives no time."""
KEYS = ("id", "hotline", "date", "caller", "customer", "prior_tickets", "says", "expect")
SAYS_KEYS = (
    *("opening", "answers", "otherwise", "instead", "silent", "keys"),
    *("hangs_up_after", "truth", "confirm_always"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    opening: str
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What was asked for → first, second, … answer."""
    otherwise: str = ""
    """Asked for anything else."""
    instead: Mapping[int, str] = field(default_factory=dict)
    """Turn of the caller (from 1, the opening) → said in place of the answer."""
    silent: frozenset[int] = frozenset()
    """Turns at which nothing is said."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Field → digits that are keyed instead of spoken."""
    hangs_up_after: int | None = None
    """Hangs up as this utterance ends."""
    truth: Mapping[str, str] = field(default_factory=dict)
    """What is true, where `expect.fields` does not say it."""
    confirm_always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    id: str
    hotline: str
    moment: dt.datetime
    """The call's clock as it begins: naive, business time."""
    caller: str | None
    """None = withheld."""
    customer: Mapping[str, Any] | None
    prior_tickets: tuple[Mapping[str, Any], ...]
    says: Says
    expect: Expect
    file: Path
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys that are kept and reported, not judged: tags, note."""
    remarks: tuple[str, ...] = ()
    """What looks odd in the file but stops nothing."""


def load_scenarios(files: Iterable[Path], taxonomy: Taxonomy, only: Iterable[str] = ()) -> list[Scenario]:
    """All scenarios of the files, in order; of these `only` the ones with such ids, when any are named.
    Raises `SettingsError`."""
    scenarios: dict[str, Scenario] = {}
    for file in files:
        for scenario in _of_file(file, taxonomy):
            if scenario.id in scenarios:
                raise SettingsError(
                    f"场景 {scenario.id} 写了两次：{scenarios[scenario.id].file} 和 {file}。请改掉其中一个 id。"
                )
            scenarios[scenario.id] = scenario
    wanted = list(only)
    unknown = [name for name in wanted if name not in scenarios]
    if unknown:
        raise SettingsError(f"没有叫 {'、'.join(unknown)} 的场景；有的是：{'、'.join(scenarios)}。")
    return [scenarios[name] for name in wanted] if wanted else list(scenarios.values())


def _of_file(file: Path, taxonomy: Taxonomy) -> list[Scenario]:
    listed = read_yaml(file).get("scenarios")
    if not isinstance(listed, list):
        raise SettingsError(f"{file} 里没有 scenarios: 列表。格式见 docs/contract/scenario.md。")
    return [_scenario(raw, number, file, taxonomy) for number, raw in enumerate(listed, 1)]


def _scenario(raw: object, number: int, file: Path, taxonomy: Taxonomy) -> Scenario:
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), str):
        raise SettingsError(f"{file} 的第 {number} 个场景没有 id。")
    place = Place(f"{file} 的场景 {raw['id']}")
    hotline = place.text(raw, "hotline")
    if hotline not in taxonomy.hotlines:
        place.wrong("hotline", f"没有叫 {hotline!r} 的热线；有的是 {'、'.join(taxonomy.hotlines)}")
    caller, customer = raw.get("caller"), raw.get("customer")
    if customer is not None and not isinstance(customer, dict):
        place.wrong("customer", "应当是“键: 值”，或者 null")
    remarks: list[str] = []
    return Scenario(
        id=raw["id"],
        hotline=hotline,
        moment=_moment(raw.get("date"), place),
        caller=None if caller is None else text_of(caller),
        customer=customer,
        prior_tickets=tuple(place.mappings(raw, "prior_tickets")),
        says=_says(place.mapping(raw, "says", needed=True), place.below("says"), taxonomy, remarks),
        expect=read_expect(place.mapping(raw, "expect"), place.below("expect"), taxonomy, hotline),
        file=file,
        extra={key: value for key, value in raw.items() if key not in KEYS},
        remarks=tuple(remarks),
    )


def _moment(value: object, place: Place) -> dt.datetime:
    try:
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value) if len(value) > 10 else dt.date.fromisoformat(value)
    except ValueError:
        value = None
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, DEFAULT_TIME)
    return place.wrong("date", "应当是日期，例如 2026-11-22 或 2026-11-22 14:30")


def _says(raw: Mapping[str, Any], place: Place, taxonomy: Taxonomy, remarks: list[str]) -> Says:
    place.only(raw, SAYS_KEYS)
    answers = {text_of(what): place.texts(said, f"answers.{what}") for what, said in place.items(raw, "answers")}
    odd = [what for what in answers if what not in taxonomy.fields and what not in OPEN_ASKS]
    if odd:
        remarks.append(f"says.answers 里的 {'、'.join(odd)} 不是会被问到的东西")
    keys = {text_of(what): text_of(digits) for what, digits in place.items(raw, "keys")}
    for what, digits in keys.items():
        if not digits or not set(digits) <= set("0123456789*#"):
            place.wrong(f"keys.{what}", f"{digits!r} 不能用电话键输入，只能有 0-9 * #")
    after = raw.get("hangs_up_after")
    if after is not None and (not isinstance(after, int) or after < 1):
        place.wrong("hangs_up_after", "应当是从 1 开始的整数")
    return Says(
        opening=place.text(raw, "opening"),
        answers=answers,
        otherwise=text_of(raw.get("otherwise") or "这个我不太清楚"),
        instead={place.turn(turn, "instead"): text_of(said) for turn, said in place.items(raw, "instead")},
        silent=frozenset(place.turn(turn, "silent") for turn in place.listed(raw, "silent")),
        keys=keys,
        hangs_up_after=after,
        truth={text_of(what): text_of(value) for what, value in place.items(raw, "truth")},
        confirm_always=raw.get("confirm_always") is True,
    )
