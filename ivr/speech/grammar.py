"""Words that the answer to a closed question is made of, for recognisers that can be held to a list. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ivr.call.ports import Hint
from ivr.speech.prompting import ANSWERS, CLOSED

DIGIT_ASKS = frozenset({"contact_number", "card_last4", "account_no"})
"""Questions answered by digits alone; the numbers of orders and plates hold letters, too."""
DIGITS = tuple("零一二三四五六七八九幺两")
UNKNOWN = "[unk]"
"""Vosk's word for everything else."""
FITS = 0.7
"""Confidence from which an answer within the grammar is believed."""


def phrases(hint: Hint) -> tuple[str, ...]:
    """What may be answered; empty = anything."""
    if not hint.asks or not all(ask in CLOSED | DIGIT_ASKS for ask in hint.asks):
        return ()
    said = [phrase for ask in hint.asks for phrase in re.split(r"[，。、]", ANSWERS.get(ask, "")) if phrase]
    digits = DIGITS if any(ask in DIGIT_ASKS for ask in hint.asks) else ()
    return tuple(dict.fromkeys([*said, *digits]))


def fits(text: str, confidence: float) -> bool:
    """What was heard with a grammar is an answer of it; else it had better be heard without."""
    return bool(text) and UNKNOWN not in text and confidence >= FITS


def in_words(phrase: str, knows: Callable[[str], bool]) -> str | None:
    """The phrase as words of a recogniser's vocabulary, a space between them, the longest first; None where it has none
    for a part of it."""
    words: list[str] = []
    rest = phrase.replace(" ", "")
    while rest:
        length = next((size for size in range(len(rest), 0, -1) if knows(rest[:size])), 0)
        if not length:
            return None
        words.append(rest[:length])
        rest = rest[length:]
    return " ".join(words) or None


def grammar(given: Sequence[str], knows: Callable[[str], bool]) -> tuple[str, ...]:
    """The phrases that the vocabulary can spell, and the word for everything else where it has one. Empty where hardly
    any can be spelled: half a grammar hears the wrong half."""
    spelled = [words for phrase in given if (words := in_words(phrase, knows))]
    if not given or len(spelled) < 0.8 * len(given):
        return ()
    return (*spelled, UNKNOWN) if knows(UNKNOWN) else tuple(spelled)
