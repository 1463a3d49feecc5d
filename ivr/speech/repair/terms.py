"""Which words of a recognised text stand for a term of the lexicon, and how sure that is. Pure.

A noisy channel: the text is explained once by its own words, once with a term in their place. The term costs what its
sound differs and that recognition must have erred; the words cost what they are rare. The explanation that costs least
wins as a whole, so overlapping repairs decide among themselves, and usual words that happen to sound like a term stay.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from ivr.speech.repair.lexicon import Lexicon, Term
from ivr.speech.repair.sounds import Sounds, Syllable, readings
from ivr.speech.repair.words import Words

ERRED = 5.0
"""Negative log probability that recognition erred at a word."""
SHARE = 0.06
"""Part of all words that are terms of the lexicon."""
SHARE_ASKED = 0.25
"""Part of the words of an answer that are terms of what was asked for."""
SCALE = 2.2
"""Weight of the sound beside the words."""
FARTHEST = (0.0, 0.0, 0.91, 0.84, 0.77)
"""Cost a syllable from which nothing is taken for a term, by its length in syllables; the last one holds beyond."""
STRANGEST = 1.9
"""Cost of a single syllable from which nothing is taken for it."""
ALIKE = 0.35
"""Cost up to which two syllables are as good as the same. At least half of a longer term's must be."""
AGREED = 3.0
"""Another hypothesis has the term at the same place."""
LISTED = 4.0
"""Designers listed the words as a mishearing of the term."""
UNLIKE = 1.0
"""Cost of a syllable from which it is heard as another one, not as itself in bad sound."""
SHORT = 3
"""Syllables up to which one unlike syllable leaves little that tells a term from any other words."""
CHANCE = 1.5
"""An unlike syllable in a short term: the more terms there are, the oftener one is that near by chance. Times the
logarithm of their number beyond `FEW`; nothing where another hypothesis has the term."""
FEW = 20
NUMERAL = 2.5
"""The words hold a numeral that the term has not."""
SURE = 2.0
"""Lead of the repaired explanation from which it is one half sure."""
STEEPNESS = 1.0
APPLIED = 0.5
"""Confidence from which words are repaired."""
OFFERED = 0.12
"""Confidence from which a repair is offered as another hypothesis."""

_NUMERALS = "0123456789零〇一二三四五六七八九十百千万亿两幺"
_NUMBER = re.compile(f"[{_NUMERALS}点]{{2,}}")
_NAME = re.compile(r"(?:姓|名字?是|联系人是|(?:^|[我名字，。])叫)([^，。]{1,3})")


@dataclass(frozen=True, slots=True)
class Repair:
    start: int
    """Place of the first character in the text that was heard."""
    heard: str
    meant: str
    confidence: float
    """0…1."""

    @property
    def end(self) -> int:
        return self.start + len(self.heard)


@dataclass(frozen=True, slots=True)
class _Step:
    end: int
    cost: float
    term: str | None = None
    """None: the words as they are."""


class Repairer:
    """Repairs texts by one lexicon."""

    def __init__(self, lexicon: Lexicon, sounds: Sounds, words: Words) -> None:
        self._lexicon = lexicon
        self._sounds = sounds
        self._words = words

    @property
    def texts(self) -> frozenset[str]:
        """The terms that repairs lead to."""
        return self._lexicon.texts

    def repairs(self, text: str, asked: Sequence[str] = (), others: Sequence[str] = ()) -> tuple[Repair, ...]:
        """All that are worth offering, in order, none overlapping. `asked`: fields that the question was for;
        `others`: other hypotheses of the same sound."""
        found = list(self._steps(text, asked, others))
        if not found:
            return ()
        plain = self._plain(text)
        steps = [list(each) for each in plain]
        for start, step in found:
            steps[start].append(step)
        chosen = _cheapest(steps)
        return tuple(self._judged(text, chosen, plain))

    def _judged(
        self, text: str, chosen: Sequence[tuple[int, _Step]], plain: Sequence[Sequence[_Step]]
    ) -> Iterable[Repair]:
        """Each repair's confidence: its lead over the cheapest explanation without it."""
        repaired = [(start, step) for start, step in chosen if step.term is not None]
        for place, (start, step) in enumerate(repaired):
            steps = [list(each) for each in plain]
            for other, (begin, one) in enumerate(repaired):
                if other != place:
                    steps[begin].append(one)
            without = _cost(_cheapest(steps))
            lead = without - _cost(chosen)
            confidence = 1 / (1 + math.exp(-STEEPNESS * (lead - SURE)))
            if confidence >= OFFERED and step.term is not None:
                yield Repair(start, text[start : step.end], step.term, round(confidence, 3))

    def _plain(self, text: str) -> list[list[_Step]]:
        """The words as they are; those of the lexicon are usual here."""
        steps: list[list[_Step]] = []
        for start in range(len(text)):
            steps.append([_Step(end, -each) for end, each in self._words.starting(text, start)])
            for end in range(start + 1, min(start + self._lexicon.longest, len(text)) + 1):
                if text[start:end] in self._lexicon.known:
                    steps[start].append(_Step(end, self._term_cost(text[start:end], frozenset(), ())))
        return steps

    def _steps(self, text: str, asked: Sequence[str], others: Sequence[str]) -> Iterable[tuple[int, _Step]]:
        """Terms that may have been meant: where, and what each costs there."""
        shut = _shut(text)
        chance = CHANCE * math.log(max(1.0, len(self._lexicon.terms) / FEW))
        for start, end, term, sound, worst in self._alike(text, others):
            heard = text[start:end]
            if heard in self._lexicon.known or any(shut[start:end]):
                continue
            cost = ERRED + SCALE * sound + self._term_cost(term.text, term.fields, asked)
            cost += NUMERAL * any(char in _NUMERALS and char not in term.text for char in heard)
            if any(_agrees(text, start, end, term.text, other) for other in others):
                cost -= AGREED
            elif worst > UNLIKE and len(heard) <= SHORT:
                cost += chance
            cost -= LISTED * (self._lexicon.misheard.get(heard) == term.text)
            yield start, _Step(end, cost, term.text)

    def _alike(self, text: str, others: Sequence[str]) -> Iterable[tuple[int, int, Term, float, float]]:
        """Places of the text that sound like a term, how far from it in all and in the worst syllable."""
        lexicon = self._lexicon
        if not lexicon.terms or not text:
            return
        costs = self._sounds.costs(_heard(text, others), lexicon.syllables)
        for rows in lexicon.rows:
            length = rows.syllables.shape[1]
            starts = len(text) - length + 1
            if starts <= 0:
                continue
            each = [costs[place : place + starts, rows.syllables[:, place]] for place in range(length)]
            sound, worst = np.sum(each, axis=0), np.max(each, axis=0)
            farthest = FARTHEST[min(length, len(FARTHEST) - 1)] * length
            alike = np.sum([cost <= ALIKE for cost in each], axis=0)
            near = (sound <= farthest) & (worst <= STRANGEST) & ((2 * alike >= length) | (length < 3))
            for start, row in np.argwhere(near):
                term = lexicon.terms[rows.terms[row]]
                yield int(start), int(start) + length, term, float(sound[start, row]), float(worst[start, row])

    def _term_cost(self, term: str, fields: frozenset[str], asked: Sequence[str]) -> float:
        usual = self._words.log_probability(term)
        probability = SHARE / max(len(self._lexicon.terms), 10)
        if fields.intersection(asked):
            probability = SHARE_ASKED / max(len(self._lexicon.terms), 10)
        return -math.log(probability + (math.exp(usual) if usual is not None else 0.0))


def repaired(text: str, repairs: Iterable[Repair], least: float = APPLIED) -> str:
    """The text with the repairs that are sure enough."""
    for each in sorted(repairs, key=lambda one: -one.start):
        if each.confidence >= least:
            text = text[: each.start] + each.meant + text[each.end :]
    return text


def _heard(text: str, others: Sequence[str]) -> list[tuple[Syllable, ...]]:
    """How each character may be read, then what other hypotheses have at its place: a term's syllables may be spread
    over them (刹车没打, 到车雷胆, 刹车雷打 for 倒车雷达)."""
    found = [dict.fromkeys(each) for each in readings(text)]
    for other in others:
        read = readings(other)
        for tag, start, end, begin, stop in SequenceMatcher(None, text, other, autojunk=False).get_opcodes():
            if tag == "replace" and end - start == stop - begin:
                for place, there in zip(range(start, end), range(begin, stop), strict=True):
                    found[place].setdefault(read[there][0])
    return [tuple(each) for each in found]


def _shut(text: str) -> list[bool]:
    """Characters that no repair touches: numbers and people's names."""
    shut = [False] * len(text)
    for found in (*_NUMBER.finditer(text), *_NAME.finditer(text)):
        start, end = found.span(found.lastindex or 0)
        shut[start:end] = [True] * (end - start)
    return shut


def _agrees(text: str, start: int, end: int, term: str, other: str) -> bool:
    """Has the other hypothesis the term where the text has `start` to `end`?"""
    if term not in other:
        return False
    before = after = 0
    for tag, first, last, begin, stop in SequenceMatcher(None, text, other, autojunk=False).get_opcodes():
        if first <= start < last:
            before = begin + (start - first if tag == "equal" else 0)
        if first < end <= last:
            after = stop - (last - end if tag == "equal" else 0)
    return term in other[max(0, before - 1) : after + 1]


def _cheapest(steps: Sequence[Sequence[_Step]]) -> list[tuple[int, _Step]]:
    """The steps through the whole text that cost least together."""
    length = len(steps)
    best: list[float] = [math.inf] * (length + 1)
    came: list[tuple[int, _Step] | None] = [None] * (length + 1)
    best[0] = 0.0
    for start, choices in enumerate(steps):
        for step in choices:
            cost = best[start] + step.cost
            if cost < best[step.end]:
                best[step.end], came[step.end] = cost, (start, step)
    path: list[tuple[int, _Step]] = []
    place = length
    while place and (last := came[place]):
        path.append(last)
        place = last[0]
    return path[::-1]


def _cost(path: Iterable[tuple[int, _Step]]) -> float:
    return sum(step.cost for _, step in path)
