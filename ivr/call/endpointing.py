"""Has the caller finished? From the words recognised so far and what was asked: how much silence ends the turn.

Pure. What words mean is handed in as a `Judge` (`ivr.conversation.wholeness`).
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from ivr.settings import Turns


class Answer(enum.Enum):
    """What the words so far are, as an answer to what was asked."""

    WHOLE = "whole"
    """Nothing more is to be expected: a yes, a choice, a number of its full length."""
    OPEN = "open"
    """A sentence that may be over."""
    NUMBER = "number"
    """A number that may be over: how long it should be is not known."""
    UNFINISHED = "unfinished"
    """More will come: …因为, or a number short of its length."""


Judge = Callable[[str, tuple[str, ...]], Answer]
"""Words so far, what was asked → what they are."""


def undecided(text: str, asks: tuple[str, ...]) -> Answer:
    """Where no judge is at hand."""
    return Answer.OPEN


class Endpointing:
    """How long a silence ends the utterance under way."""

    def __init__(self, turns: Turns, judge: Judge = undecided) -> None:
        self._judge = judge
        self._asks: tuple[str, ...] = ()
        self._answer: Answer | None = None
        """None: no words are there yet."""
        self._ends_after_s = {
            None: turns.end_wordless_s,
            Answer.WHOLE: turns.end_whole_s,
            Answer.OPEN: turns.end_s,
            Answer.NUMBER: turns.end_digits_s,
            Answer.UNFINISHED: turns.end_unfinished_s,
        }

    def asked(self, asks: tuple[str, ...]) -> None:
        self._asks = asks
        self._answer = None

    def words(self, text: str) -> None:
        """What was understood so far."""
        self._answer = self._judge(text, self._asks)

    def forget_words(self) -> None:
        """Speech went on: what was understood is not all of it."""
        self._answer = None

    @property
    def silence_s(self) -> float:
        """Silence that ends the utterance, as far as is known now."""
        return self._ends_after_s[self._answer]
