"""Which kind of complaint a sentence is about: what Rasa's NLU says, and what the words show."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from ivr.packs import Pack

ENOUGH = 0.4
"""A category needs this much to be taken."""
WORDS = 0.7
"""What a word of the pack adds for its category: more than NLU can err by, on a long sentence full of numbers."""
TROUBLE = 0.3
"""What the description of a trouble adds for its category."""
LEAST = 0.02
"""A guess needs this much."""
SURE = 0.75
"""NLU's confidence that changes a topic that is known, where words show it too."""


LEAST_MASS = 0.1
"""Where the hotline's own intents have less than this together, the sentence is none of them: none is made sure."""


def competing(intents: Mapping[str, float], own: Container[str], every: Container[str]) -> dict[str, float]:
    """The confidences among the intents that this hotline has: its categories (`own`) and what is said on any hotline.

    `every`: the categories of all hotlines. One model serves all; what it gives to the others' is shared out."""
    left = {name: sure for name, sure in intents.items() if name in own or name not in every}
    left.pop("nlu_fallback", None)
    mass = max(sum(left.values()), LEAST_MASS)
    return {name: sure / mass for name, sure in left.items()}


LEAST_TO_TELL = 0.4
"""What is left beside `inform` counts as at least this much: a plain answer names no topic."""


def beside_informing(intents: Mapping[str, float]) -> dict[str, float]:
    """How sure each is, were the sentence not only an answer. "漏水，底下一摊" alone is both an answer and a complaint:
    what `inform` takes must not hide which complaint."""
    left = max(1.0 - intents.get("inform", 0.0), LEAST_TO_TELL)
    return {name: min(sure / left, 1.0) for name, sure in intents.items() if name != "inform"}


def category(
    text: str,
    intents: Mapping[str, float],
    pack: Pack,
    categories: Mapping[str, object],
    current: str | None,
    troubles: Mapping[str, re.Pattern[str]] | None = None,
) -> str | None:
    """The category that the sentence is about; `current` when it is about nothing else.

    `troubles`: category → what a trouble of it sounds like (`Evidence.problem`)."""
    shown = words_of(text, pack)
    scores = _scores(shown, beside_informing(intents), categories)
    for name, trouble in (troubles or {}).items():
        if name in scores and trouble.search(text):
            scores[name] += TROUBLE
    best = max(scores, key=lambda name: scores[name], default=None)
    if best is None:
        return current
    if current is None:
        return best if scores[best] >= ENOUGH else None
    changes = best != current and best in shown and current not in shown and intents.get(best, 0.0) >= SURE
    return best if changes else current


def likeliest(text: str, intents: Mapping[str, float], pack: Pack, categories: Mapping[str, object]) -> str | None:
    """The best guess, where the caller was asked before and has nothing plainer to say; None when nothing speaks for
    any."""
    scores = _scores(words_of(text, pack), beside_informing(intents), categories)
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best and scores[best] > LEAST else None


def _scores(
    shown: Mapping[str, int], intents: Mapping[str, float], categories: Mapping[str, object]
) -> dict[str, float]:
    return {
        name: intents.get(name, 0.0) + (WORDS + 0.1 * (shown[name] - 1) if name in shown else 0.0)
        for name in categories
    }


def words_of(text: str, pack: Pack) -> dict[str, int]:
    """Category → how many of its words (lexicon.yml, `category`) the sentence holds, none denied."""
    counts = {}
    for name, words in pack.lexicon.get("category", {}).items():
        hits = sum(1 for word in words if _meant(word, text))
        if hits:
            counts[name] = hits
    return counts


def _meant(word: str, text: str) -> bool:
    at = text.find(word)
    return at >= 0 and not text[max(0, at - 2) : at].endswith(("不", "别", "不用", "不要", "不想", "不是"))
