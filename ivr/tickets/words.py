"""The words of a text as the full-text search knows them, the same on SQLite and PostgreSQL. Pure.

Chinese writes no spaces and its usual word has two characters: a run of Chinese characters becomes its pairs
(不制冷 → 不制 制冷), and its last character alone, so that one character can be looked for, too. A run of ASCII letters
and digits is one word, found by its beginning; a longer one also by its last four (尾号). No dictionary: nothing that
a caller said is lost because a segmenter did not know it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

RUN = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
LONGEST_WORD = 64
"""Characters of an ASCII word; the rest is not looked at."""
TAIL = 4
HAS_TAIL = 7
"""Characters from which on an ASCII word is found by its last four."""
MOST_WORDS = 48
"""Of a question. What somebody pastes into the search is narrowed down by its beginning."""
MONTH = "\ue000"
"""Begins the word that says in which month a ticket was made: a character that nobody writes."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: all of it must be there."""

    words: tuple[tuple[str, bool], ...]
    """Each word, and whether it is only the beginning of one."""
    phrases: tuple[str, ...]
    """What must stand in `indexed` as it is: the words of one term, one after the other."""


def indexed(*texts: str) -> str:
    """The words of some texts, in order, each with a space before it and one at the end."""
    words = [word for text in texts for word in _words(text)]
    return " ".join(["", *words, ""]) if words else " "


def question(text: str) -> Question:
    """Terms stand between spaces. Without a letter or digit there are no words, and nothing will be found."""
    words: dict[str, bool] = {}
    phrases: dict[str, None] = {}
    for term in _plain(text).split():
        runs = RUN.findall(term)
        whole = [word for run in runs[:-1] for word in _of_run(run)]
        last = [word for run in runs[-1:] for word in _looked_for(run)]
        if len(whole) + len(last) > 1:
            phrases[" " + " ".join(whole + last)] = None
        asked = dict.fromkeys(whole, False) | {word: _is_beginning(word) for word in last}
        # Of 237弄41号 the single characters are in every address: the phrase looks after them.
        telling = {word: beginning for word, beginning in asked.items() if len(word) > 1}
        words |= telling or asked
    return Question(tuple(words.items())[:MOST_WORDS], tuple(phrases)[:MOST_WORDS])


def month(year: int, number: int) -> str:
    return f"{MONTH}{year:04}{number:02}"


def _words(text: str) -> Iterator[str]:
    tails = []
    for run in RUN.findall(_plain(text)):
        yield from _of_run(run)
        if run.isascii() and len(run) >= HAS_TAIL:
            tails.append(run[-TAIL:])
    yield from tails


def _of_run(run: str) -> list[str]:
    return [run[:LONGEST_WORD]] if run.isascii() else [*_pairs(run), run[-1]]


def _looked_for(run: str) -> list[str]:
    """The last run of a term goes on where the term ends: no last character of its own."""
    return [run[:LONGEST_WORD]] if run.isascii() else _pairs(run) or [run]


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _is_beginning(word: str) -> bool:
    return word.isascii() or len(word) == 1


def _plain(text: str) -> str:
    """Full width and upper case are no difference."""
    return unicodedata.normalize("NFKC", text).lower()
