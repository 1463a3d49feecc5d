"""A hotline's terms as rows of syllables, made once: what a text's syllables are compared with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivr.packs import NO_TERM, Pack
from ivr.speech.repair.sounds import Syllable, readings

NOT_TERMS = frozenset({"category", "choices"})
"""Parts of a lexicon that hold no names of things: cues of categories, choices that the bot offers."""
_SPOKEN = re.compile(r"[\u4e00-\u9fff]")
LEAST = 2
"""Syllables of a term: a single one sounds like too much."""


@dataclass(frozen=True, slots=True)
class Term:
    text: str
    fields: frozenset[str] = frozenset()
    """Fields of the lexicon that hold it; empty: of none, as in a plain list."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The terms of so many syllables."""

    syllables: NDArray[np.intp]
    """One row a term; places in `Lexicon.syllables`."""
    terms: tuple[int, ...]
    """The term of each row."""


class Lexicon:
    """`known`: words that are right as they stand though no repair leads to them. `misheard`: what designers listed as
    a known mishearing → the term."""

    def __init__(
        self, terms: Iterable[Term], known: Iterable[str] = (), misheard: Mapping[str, str] | None = None
    ) -> None:
        self.terms = tuple(each for each in terms if len(each.text) >= LEAST and _SPOKEN.search(each.text))
        self.texts = frozenset(each.text for each in self.terms)
        self.known = frozenset(known) | self.texts
        self.longest = max(map(len, self.known), default=0)
        self.misheard = dict(misheard or {})
        read = [[each[0] for each in readings(term.text)] for term in self.terms]
        self.syllables = tuple(dict.fromkeys(syllable for row in read for syllable in row))
        self.rows = tuple(_rows(read, {each: place for place, each in enumerate(self.syllables)}))


def _rows(read: Sequence[Sequence[Syllable]], places: Mapping[Syllable, int]) -> Iterable[Rows]:
    by_length: defaultdict[int, list[int]] = defaultdict(list)
    for term, row in enumerate(read):
        by_length[len(row)].append(term)
    for _, terms in sorted(by_length.items()):
        yield Rows(np.array([[places[each] for each in read[term]] for term in terms], np.intp), tuple(terms))


def of_packs(packs: Iterable[Pack]) -> Lexicon:
    """What callers of these hotlines may mean. Names that sound like an earlier name of their term are mishearings."""
    fields: defaultdict[str, set[str]] = defaultdict(set)
    known: set[str] = set()
    misheard: dict[str, str] = {}
    for place, names in (each for pack in packs for each in pack.lexicon.items()):
        field = place.partition("@")[0]
        if field in NOT_TERMS:
            known.update(word for row in names.values() for word in row)
            continue
        for canonical, others in names.items():
            if canonical == NO_TERM:
                known.update(others)
                continue
            kept = _names((canonical, *others), misheard)
            for name in kept:
                fields[name].add(field)
    misheard = {name: meant for name, meant in misheard.items() if name not in fields}
    return Lexicon([Term(name, frozenset(of)) for name, of in fields.items()], known - misheard.keys(), misheard)


def _names(names: Sequence[str], misheard: dict[str, str]) -> list[str]:
    """Those that a caller says; what only recognisers hear goes to `misheard`."""
    kept: list[str] = []
    for name in names:
        meant = next((each for each in kept if _sound_alike(name, each)), None)
        if meant:
            misheard[name] = meant
        else:
            kept.append(name)
    return kept


def of_words(words: Iterable[str]) -> Lexicon:
    """A plain list of terms."""
    return Lexicon([Term(word) for word in dict.fromkeys(each.strip() for each in words) if word])


def _sound_alike(one: str, other: str) -> bool:
    """The same syllables, tones left out, in some reading each."""
    if len(one) != len(other):
        return False
    return all(
        {(each.initial, each.final) for each in first} & {(each.initial, each.final) for each in second}
        for first, second in zip(readings(one), readings(other), strict=True)
    )
