"""How the caller feels: a label and a strength, from words, intensity, negation, repetition, and in calls the voice.

Every word of `data/judgement/emotion.yml` speaks with its weight w for one emotion; what is said more strongly counts
×1.25, more weakly ×0.6, what is denied not at all. Weights of one emotion add up as 1-∏(1-w). Anger of 0.6 and more is
`angry`, with a score from 0.7 (the default threshold of review) up; below that the stronger of annoyed and anxious, or
calm under 0.3.

A raised voice (`tone.raised`) makes what the words say stronger: together with it words of anger, or many of annoyance,
reach `angry`, and a hint of annoyance counts. Words that show nothing stay calm, however loud: it may be the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, repeat
from math import prod

from ivr.tickets.judgement.words import EmotionWords, plain
from ivr.tickets.ticket import Emotion, EmotionLabel

ANGRY_FROM = 0.6
CALM_UNDER = 0.3
MOST_ANNOYED = 0.69
"""Annoyed stays below angry on the common scale."""
MOST_ANXIOUS = 0.8
LEAST_WORDS = 0.4
"""Less anger in the words than this is never `angry`, whatever the voice."""
ANNOYANCE_AS_ANGER = 0.5
"""Share of annoyance that counts as anger when the voice is raised."""
HINT = 0.15
"""Less annoyance or fear in the words than this stays calm, whatever the voice."""


def emotion(text: str, words: EmotionWords, raised: float = 0.0) -> Emotion:
    """Of one utterance. `raised`: how much the voice is raised, 0…1; 0 in text."""
    sentence = plain(text)
    weights = _weights(sentence, words)
    stress = _stress(sentence)
    anger = _together(weights["angry"])
    annoyed = _together([*weights["annoyed"], anger])
    annoyed = max(0.0, annoyed - 0.12 * min(3, len(words.polite.findall(sentence))))
    anxious = _together(weights["anxious"])
    stressed = anger >= 0.5 and _together([anger, stress]) >= ANGRY_FROM
    if anger >= ANGRY_FROM or stressed or _angry_voice(anger, annoyed, anxious, raised):
        strength = _together([anger, 0.4 * annoyed, stress, raised])
        return Emotion("angry", round(0.7 + 0.3 * (max(strength, ANGRY_FROM) - ANGRY_FROM) / (1 - ANGRY_FROM), 2))
    shown = max(annoyed, anxious)
    heard = _together([shown, raised])
    if (heard if shown >= HINT else shown) < CALM_UNDER:
        return Emotion("calm", round(0.8 * min(heard, CALM_UNDER), 2))
    if anxious >= annoyed:
        return Emotion(
            "anxious", round(min(MOST_ANXIOUS, _together([anxious, 0.3 * annoyed, stress, raised]) * 0.9), 2)
        )
    return Emotion("annoyed", round(min(MOST_ANNOYED, _together([annoyed, 0.3 * anxious, stress, raised]) * 0.9), 2))


def _angry_voice(anger: float, annoyed: float, anxious: float, raised: float) -> bool:
    """Words that are nearly angry, in a raised voice."""
    shown = max(anger, ANNOYANCE_AS_ANGER * annoyed if annoyed > anxious else 0.0)
    return raised > 0 and shown >= LEAST_WORDS and _together([shown, raised]) >= ANGRY_FROM


def of_call(said: Iterable[str], words: EmotionWords, raised: Iterable[float] = ()) -> Emotion:
    """Of a whole call: its strongest moment; complaining in every other sentence, too, makes it stronger. `raised`: of
    each utterance; what is missing counts as not raised."""
    felt = [emotion(text, words, voice) for text, voice in zip(said, chain(raised, repeat(0.0)), strict=False)]
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
