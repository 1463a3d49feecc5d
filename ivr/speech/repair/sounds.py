"""How likely one syllable is heard as another: initials and finals compared by how they are made (data/sounds.yml).

Costs are negative log probabilities, roughly: 0 the same, 0.2 hardly told apart on the telephone, from 2 on unlike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from pypinyin import Style, lazy_pinyin, pinyin
from pypinyin.contrib.tone_convert import to_finals, to_initials

from ivr.errors import SettingsError
from ivr.packs import read_yaml

Costs = NDArray[np.float32]
UNLIKE = 9.0
"""Of what cannot be heard as the other: a letter, a digit, a mark."""
NONE = "无"
_APICAL = ("z", "c", "s", "zh", "ch", "sh", "r")
"""Initials whose i is another vowel than that of 衣."""


@dataclass(frozen=True, slots=True)
class Syllable:
    initial: str
    """Empty = none."""
    final: str
    """Not a syllable (letter, digit, mark): empty, and `initial` is the character."""
    tone: int
    """1–4; 5 is the neutral one, 0 that of no syllable."""


class Differences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each difference costs."""

    place: float
    manner: float
    breath: float
    no_initial: float
    onset: float
    vowel: float
    coda: float
    tone: float
    other_reading: float


class Alike(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pairs that are more alike than their parts tell, with their cost."""

    initials: tuple[tuple[str, str, float], ...] = ()
    finals: tuple[tuple[str, str, float], ...] = ()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    initials: Mapping[str, tuple[str, str, str]]
    finals: Mapping[str, tuple[str, str, str]]
    differences: Differences
    alike: Alike


class Sounds:
    """The costs of all pairs of initials and of finals."""

    def __init__(self, table: _Table) -> None:
        cost = table.differences
        self.differences = cost
        self._initials, self._finals = ("", *table.initials), tuple(table.finals)
        initial = (cost.place, cost.manner, cost.breath)
        final = (cost.onset, cost.vowel, cost.coda)
        self._initial_costs = _pairs(self._initials, table.initials, initial, table.alike.initials)
        self._initial_costs[0, 1:] = self._initial_costs[1:, 0] = cost.no_initial
        self._final_costs = _pairs(self._finals, table.finals, final, table.alike.finals)

    def costs(self, heard: Sequence[Sequence[Syllable]], meant: Sequence[Syllable]) -> Costs:
        """Rows: places of the text, each with its readings, likeliest first. Columns: syllables of terms."""
        columns = _Parts(meant, self._initials, self._finals)
        rows = []
        for readings in heard:
            parts = _Parts(readings, self._initials, self._finals)
            each = self._between(parts, columns)
            each[1:] += self.differences.other_reading
            rows.append(each.min(axis=0))
        return np.stack(rows) if rows else np.zeros((0, len(meant)), np.float32)

    def _between(self, heard: _Parts, meant: _Parts) -> Costs:
        cost = self._initial_costs[np.ix_(heard.initials, meant.initials)]
        cost = cost + self._final_costs[np.ix_(heard.finals, meant.finals)]
        cost += self.differences.tone * (heard.tones[:, None] != meant.tones[None, :])
        literal = (heard.tones[:, None] == 0) | (meant.tones[None, :] == 0)
        same = np.asarray([[one == other for other in meant.marks] for one in heard.marks])
        return np.where(literal, np.where(same, 0.0, UNLIKE), cost).astype(np.float32)


class _Parts:
    """Syllables as places in the tables."""

    def __init__(self, syllables: Sequence[Syllable], initials: tuple[str, ...], finals: tuple[str, ...]) -> None:
        self.initials = np.array([initials.index(each.initial) if each.tone else 0 for each in syllables], np.intp)
        self.finals = np.array([finals.index(each.final) if each.tone else 0 for each in syllables], np.intp)
        self.tones = np.array([each.tone for each in syllables], np.intp)
        self.marks = ["" if each.tone else each.initial for each in syllables]


def load_sounds(data: Path) -> Sounds:
    """Raises `SettingsError` naming the file."""
    file = data / "sounds.yml"
    try:
        return Sounds(msgspec.convert(read_yaml(file), _Table, strict=False))
    except (msgspec.ValidationError, KeyError, ValueError) as error:
        raise SettingsError(f"{file} 有误：{error}。") from error


def _pairs(
    names: tuple[str, ...],
    features: Mapping[str, tuple[str, str, str]],
    weights: tuple[float, float, float],
    alike: Sequence[tuple[str, str, float]],
) -> Costs:
    costs = np.zeros((len(names), len(names)), np.float32)
    for row, one in enumerate(names):
        for column, other in enumerate(names):
            if one in features and other in features:
                parts = zip(features[one], features[other], weights, strict=True)
                costs[row, column] = sum(weight for first, second, weight in parts if first != second)
    for one, other, cost in alike:
        row, column = names.index(one), names.index(other)
        costs[row, column] = costs[column, row] = cost
    return costs


def readings(text: str) -> list[tuple[Syllable, ...]]:
    """How each character may be read: as the words around it make likeliest, then its other readings."""
    read = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, errors=_each)
    if len(read) != len(text):
        read = [_readings(char)[0] for char in text]
    found = []
    for char, here in zip(text, read, strict=True):
        likeliest = _syllable(here)
        others = dict.fromkeys(map(_syllable, _readings(char)))
        found.append((likeliest, *(each for each in others if each != likeliest)))
    return found


def _each(others: str) -> Any:
    """What is not Chinese: character by character (pypinyin takes a list, though its types say otherwise)."""
    return list(others)


@lru_cache(maxsize=8000)
def _readings(char: str) -> tuple[str, ...]:
    heteronym: Literal[True] = True
    return tuple(
        pinyin(char, style=Style.TONE3, heteronym=heteronym, neutral_tone_with_five=True, errors=_each)[0]
    )  # fmt: skip


@lru_cache(maxsize=4000)
def _syllable(read: str) -> Syllable:
    if len(read) < 2 or read[-1] not in "12345":
        return Syllable(read.upper(), "", 0)
    initial = to_initials(read, strict=True)
    final = to_finals(read, strict=True, v_to_u=True)
    if not final:  # hummed: 嗯, 呣
        return Syllable(read[:-1], "", 0)
    final = "z" if final == "i" and initial in _APICAL else final
    return Syllable(initial, final, int(read[-1]))
