"""How the caller feels: a label and a strength, from words, intensity, negation and repetition.

Every word of `data/judgement/emotion.yml` speaks with its weight w for one emotion; what is said more strongly counts
×1.25, more weakly ×0.6, what is denied not at all. Weights of one emotion add up as 1-∏(1-w). Anger of 0.6 and more is
`angry`, with a score from 0.7 (the default threshold of review) up; below that the stronger of annoyed and anxious, or
calm under 0.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import prod

from ivr.tickets.judgement.words import EmotionWords, plain
from ivr.tickets.ticket import Emotion, EmotionLabel

ANGRY_FROM = 0.6
CALM_UNDER = 0.3
MOST_ANNOYED = 0.69
"""Annoyed stays below angry on the common scale."""
MOST_ANXIOUS = 0.8


def emotion(text: str, words: EmotionWords) -> Emotion:
    """Of one utterance."""
    sentence = plain(text)
    weights = _weights(sentence, words)
    stress = _stress(sentence)
    anger = _together(weights["angry"])
    annoyed = _together([*weights["annoyed"], anger])
    annoyed = max(0.0, annoyed - 0.12 * min(3, len(words.polite.findall(sentence))))
    anxious = _together(weights["anxious"])
    if anger >= ANGRY_FROM or (anger >= 0.5 and _together([anger, stress]) >= ANGRY_FROM):
        strength = _together([anger, 0.4 * annoyed, stress])
        return Emotion("angry", round(0.7 + 0.3 * (max(strength, ANGRY_FROM) - ANGRY_FROM) / (1 - ANGRY_FROM), 2))
    if max(annoyed, anxious) < CALM_UNDER:
        return Emotion("calm", round(0.8 * max(annoyed, anxious), 2))
    if anxious >= annoyed:
        return Emotion("anxious", round(min(MOST_ANXIOUS, _together([anxious, 0.3 * annoyed, stress]) * 0.9), 2))
    return Emotion("annoyed", round(min(MOST_ANNOYED, _together([annoyed, 0.3 * anxious, stress]) * 0.9), 2))


def of_call(said: Iterable[str], words: EmotionWords) -> Emotion:
    """Of a whole call: its strongest moment; complaining in every other sentence, too, makes it stronger."""
    felt = [emotion(text, words) for text in said]
    if not felt:
        return Emotion()
    peak = max(felt, key=lambda each: each.score)
    again = sum(1 for each in felt if each.label == peak.label != "calm") - 1
    if again < 1 or peak.label == "angry":
        return peak
    most = MOST_ANNOYED if peak.label == "annoyed" else MOST_ANXIOUS
    return Emotion(peak.label, round(min(most, peak.score + 0.05 * min(again, 3)), 2))


def _weights(sentence: str, words: EmotionWords) -> dict[EmotionLabel, list[float]]:
    names = [match.span() for match in words.names.finditer(sentence)]
    weights: dict[EmotionLabel, list[float]] = {"angry": [], "annoyed": [], "anxious": [], "calm": []}
    for feeling in words.feelings:
        for match in feeling.pattern.finditer(sentence):
            before = sentence[: match.start()]
            named = any(begin <= match.start() < end for begin, end in names)
            if named or words.denied_before.search(before):
                continue
            weight = feeling.weight
            if words.stronger.search(before):
                weight = min(0.95, weight * 1.25)
            elif words.weaker.search(before):
                weight *= 0.6
            weights[feeling.label].append(weight)
    weights["annoyed"] += [0.5 for _ in words.sarcasm.finditer(sentence)]
    return weights


def _stress(sentence: str) -> float:
    """Exclamation marks, and words said three times over."""
    marks = min(3, len(re.findall(r"[!]+", sentence))) * 0.05
    over = 0.1 if re.search(r"(\w{1,4})(?:[,!。]?\1){2,}", sentence) else 0.0
    return marks + over


def _together(weights: Iterable[float]) -> float:
    return 1 - prod(1 - min(0.95, weight) for weight in weights)
