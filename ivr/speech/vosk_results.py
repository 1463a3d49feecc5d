"""Vosk's results as JSON, the same from the library and from a server: parsed without either."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ivr.errors import WireError
from ivr.speech.streaming import NO_MEASURE, Segment


def partial(text: str) -> str | None:
    """The words of a partial result; None when it is a segment. Raises `WireError`."""
    told = _object(text)
    return str(told["partial"]) if "partial" in told else None


def segment(text: str) -> Segment:
    """A closed segment, of either form: words with their confidence, or alternatives with their scores."""
    told = _object(text)
    try:
        return _of_alternatives(told["alternatives"]) if told.get("alternatives") else _of_words(told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WireError(f"Vosk 的结果不合它的格式：{text[:200]!r}。") from error


def _of_words(told: Mapping[str, Any]) -> Segment:
    text = str(told["text"])
    words = told.get("result") or ()
    weights = [len(str(word["word"])) for word in words]
    if not sum(weights):
        return Segment(text, NO_MEASURE if text else 0.0)
    sure = sum(float(word["conf"]) * weight for word, weight in zip(words, weights, strict=True)) / sum(weights)
    return Segment(text, sure)


def _of_alternatives(told: Sequence[Mapping[str, Any]]) -> Segment:
    """Scores are log likelihoods: the first one's share among all is how sure it is."""
    scores = [float(each["confidence"]) for each in told]
    share = 1 / sum(math.exp(min(50.0, score - scores[0])) for score in scores)
    texts = [str(each["text"]) for each in told]
    return Segment(texts[0], share if texts[0] else 0.0, tuple(texts[1:]))


def _object(text: str) -> Mapping[str, Any]:
    try:
        told = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise WireError(f"Vosk 的结果不是 JSON：{text[:200]!r}。") from error
    if not isinstance(told, dict):
        raise WireError(f"Vosk 的结果不是 JSON 对象：{text[:200]!r}。")
    return told
