"""What can be seen from the words alone: `data/evidence.yml` for all hotlines, and `data/packs/<hotline>/evidence.yml`
for one. Edited by dialogue designers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError
from ivr.packs import read_yaml

Pattern = re.Pattern[str]
_NOTHING = ("(?!)",)
"""Patterns of a list that a project leaves out: they fit nowhere."""


@dataclass(frozen=True, slots=True)
class Move:
    """What a caller does with a sentence, seen from its words."""

    shows: tuple[Pattern, ...]
    denies: tuple[Pattern, ...]
    """What takes back what is found in the same clause: "不用转人工，叫师傅来" but not "叫师傅来，转人工"."""

    def seen_in(self, text: str) -> bool:
        found = (match for pattern in self.shows for match in pattern.finditer(text))
        return any(not self._denied(_clauses_around(text, match)) for match in found)

    def _denied(self, words: str) -> bool:
        return any(pattern.search(words) for pattern in self.denies)


_MARKS = "，,。！!？?；;、…"


def _clauses_around(text: str, match: re.Match[str]) -> str:
    """The clause, or clauses, that a match lies in, with the mark after them: a question mark tells."""
    begin = max(text.rfind(mark, 0, match.start()) for mark in _MARKS) + 1
    ends = [at for mark in _MARKS if (at := text.find(mark, match.end())) >= 0]
    return text[begin : min(ends, default=len(text)) + 1]


@dataclass(frozen=True, slots=True)
class Cue:
    """Words before a number that tell what number it is."""

    before: Pattern
    least: int = 1
    """Shortest plausible number, characters."""
    most: int = 40
    tail: int = 0
    """A number longer than `most` counts by so many of its last characters; 0 = it is another number."""

    shape: Pattern = field(default_factory=lambda: re.compile("(?!)"))
    """A whole number like this needs no words before it."""
    after: Pattern = field(default_factory=lambda: re.compile("(?!)"))
    """Words right behind a sum that tell the same."""

    def fitting(self, value: str) -> str | None:
        """The number as this field keeps it; None when it is none of its."""
        begun_again = value[-self.tail :].startswith(value[: -self.tail])  # 五九，五九零三
        if self.tail and len(value) > self.most and (begun_again or len(value) > self.most + self.tail):
            return value[-self.tail :]
        return value if self.least <= len(value) <= self.most else None


@dataclass(frozen=True, slots=True)
class Evidence:
    moves: Mapping[str, Move] = field(default_factory=dict)
    problem: Mapping[str, Pattern] = field(default_factory=dict)
    """Category (`default` for all) → words that describe a trouble one can act on."""
    vague: Pattern = field(default_factory=lambda: re.compile("(?!)"))
    """Words that only say that something is wrong."""
    empty: Pattern = field(default_factory=lambda: re.compile("(?!)"))
    """A whole clause like this describes nothing: it only announces."""
    hazard: Mapping[str, Pattern] = field(default_factory=dict)
    """Kind of danger → its words, in the order of precedence."""
    cues: Mapping[str, Cue] = field(default_factory=dict)
    """Field → what announces its number."""
    other_dates: Mapping[str, Pattern] = field(default_factory=dict)
    """Field → words whose dates are not its own (bought, delivered)."""
    other_amounts: Mapping[str, Pattern] = field(default_factory=dict)
    """Field → words whose sums of money are not its own (the plan's price, the postage)."""
    named: Mapping[str, tuple[Pattern, ...]] = field(default_factory=dict)
    """Field → where its name stands though no lexicon has it: the group `name`."""
    parts: Mapping[str, Pattern] = field(default_factory=dict)
    """Field → words right before a name that make it a part of the thing only (碎了仨…)."""
    own_number: Mapping[str, Pattern] = field(default_factory=dict)
    """ "This number", the one that calls: `said` anywhere, `asked` only as an answer."""
    complained_about: Pattern = field(default_factory=lambda: re.compile("(?!)"))
    """Who or what place a caller may complain about, with the words that tell which one."""
    somebody: Pattern = field(default_factory=lambda: re.compile("(?!)"))
    """What such words must hold: 上门的人 names nobody."""
    anybody: Pattern = field(default_factory=lambda: re.compile("(?!)"))
    """Words that do not tell who: they count only as an answer."""
    place: Pattern = field(default_factory=lambda: re.compile("(?!)"))
    """An address said without being asked for, pauses taken out."""

    def moves_in(self, text: str) -> frozenset[str]:
        return frozenset(name for name, move in self.moves.items() if move.seen_in(text))

    def hazard_in(self, text: str) -> str | None:
        return next((kind for kind, pattern in self.hazard.items() if pattern.search(text)), None)

    def problem_of(self, category: str | None) -> tuple[Pattern, ...]:
        """The category's own words before those of all. Not known yet: those of any, but that a question is none."""
        if category is None:
            return tuple(pattern for name, pattern in self.problem.items() if name != "consultation")
        wanted = (self.problem.get(category), self.problem.get("default"))
        return tuple(pattern for pattern in wanted if pattern is not None)


def load_evidence(data: Path, hotline: str) -> Evidence:
    """What holds for all, and before it the hotline's own. Raises `SettingsError` naming the file and the fault."""
    common, own = data / "evidence.yml", data / "packs" / hotline / "evidence.yml"
    raw = read_yaml(common)
    evidence = _read(raw, common)  # by itself, so that a fault of the common file is not told of the hotline's
    return _read(_merged(raw, read_yaml(own)), own) if own.exists() else evidence


def _read(raw: Any, file: Path) -> Evidence:
    """Raises `SettingsError` for a fault in `raw`, told of `file`."""
    try:
        return _evidence(raw)
    except (re.error, KeyError, TypeError, AttributeError, ValueError) as error:
        raise SettingsError(f"{file} 里有一条写错了：{error}。请对照文件开头的说明改正。") from error


def _merged(common: Any, own: Any) -> Any:
    """Mappings key by key and lists one after the other, own first; single values: the own one."""
    if isinstance(common, dict) and isinstance(own, dict):
        both = {key: _merged(common[key], own[key]) for key in own if key in common}
        return {**own, **common, **both}
    return [*own, *common] if isinstance(common, list) and isinstance(own, list) else own


def _evidence(raw: Mapping[str, Any]) -> Evidence:
    return Evidence(
        moves={
            name: Move(tuple(map(re.compile, what["is"])), tuple(map(re.compile, what.get("not") or ())))
            for name, what in raw["moves"].items()
        },
        problem={category: _any(words) for category, words in raw["problem"].items()},
        vague=_any(raw["vague"]),
        empty=_any(raw["empty"]),
        hazard={kind: re.compile(words) for kind, words in raw["hazard"].items()},
        cues={
            name: Cue(
                re.compile(f"(?:{cue['before']})"),
                int(cue.get("least", 1)),
                int(cue.get("most", 40)),
                int(cue.get("tail", 0)),
                re.compile(cue.get("shape", "(?!)")),
                re.compile(cue.get("after", "(?!)")),
            )
            for name, cue in raw["cues"].items()
        },
        other_dates={name: re.compile(words) for name, words in raw["other_dates"].items()},
        parts={name: re.compile(f"(?:{words})$") for name, words in (raw.get("parts") or {}).items()},
        other_amounts={name: re.compile(words) for name, words in raw.get("other_amounts", {}).items()},
        named={name: tuple(map(_with_name, patterns)) for name, patterns in raw.get("named", {}).items()},
        own_number={when: re.compile(words) for when, words in raw.get("own_number", {}).items()},
        complained_about=_any(raw["complained_about"]),
        somebody=_any(raw.get("somebody", _NOTHING)),
        anybody=_any(raw.get("anybody", _NOTHING)),
        place=_any(raw.get("place", _NOTHING)),
    )


def _with_name(pattern: str) -> Pattern:
    compiled = re.compile(pattern)
    if "name" not in compiled.groupindex:
        raise ValueError(f"named 的“{pattern}”里要有 (?P<name>…)，名字在哪儿由它说明")
    return compiled


def _any(patterns: Iterable[str]) -> Pattern:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
