"""How sure a result of sherpa-onnx is. Pure.

Transducers tell the log probability of each token, of the sound alone, and what hotwords added to its score. CTC and
paraformer models tell nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ivr.speech.hypotheses import agreement
from ivr.speech.streaming import NO_MEASURE, Segment

UNKNOWN = "<unk>"
MADE_UP = 0.2
"""Confidence of what hotwords raised below which the sound hardly holds it. Not measured on people."""


def segment(text: str, log_probs: Sequence[float], boosts: Sequence[float] = ()) -> Segment:
    """`boosts`: score that hotwords added, by token. What they raised must be likely without them."""
    words = text.replace(UNKNOWN, "").strip()
    if not words:
        return Segment("", 0.0)
    raised = [log for log, boost in zip(log_probs, boosts, strict=False) if boost > 0]
    sure = min(mean(log_probs), mean(raised) if raised else 1.0) if log_probs else NO_MEASURE
    return Segment(words, sure)


def mean(log_probs: Sequence[float]) -> float:
    """Geometric mean of the probabilities: one token that is hardly likely makes the whole so."""
    return math.exp(min(0.0, sum(log_probs) / len(log_probs)))


def of_two(guided: Segment, free: Segment) -> Segment:
    """Heard with hotwords and without, where the first is doubtful. Disagreement makes it less sure. What was said
    freely is always likelier by the sound alone; so it wins only where the other is as good as made up."""
    if guided.text == free.text:
        return guided
    best, other = (free, guided) if guided.confidence < MADE_UP and free.text else (guided, free)
    alike = 0.5 + 0.5 * agreement([best.text, other.text])
    return Segment(best.text, best.confidence * alike, (other.text,) if other.text else ())
