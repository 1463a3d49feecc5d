"""How hard a complaint was to take: what makes a person look at it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """What the dialogue counted in the call."""

    complaints: int = 1
    """Unrelated complaints in the call: one ticket each."""
    contradictions: int = 0
    """Times the caller contradicted the CRM or themself."""
    conflicts_left: int = 0
    """Contradictions with the CRM that the caller insisted on."""
    failed_questions: int = 0
    """Questions that brought no answer that could be used."""


def complexity(counts: Counts, *, occurrence: int = 1, facts: int = 0) -> float:
    """0…1, two decimals::

        0.20 · (complaints - 1) + 0.25 · contradictions + 0.15 · failed questions
        + 0.10 · min(occurrence - 1, 3) + 0.05 · max(0, facts - 5)

    Two contradictions and one failed question, or four failed questions, reach the default threshold of review (0.6).
    """
    score = (
        0.20 * max(0, counts.complaints - 1)
        + 0.25 * counts.contradictions
        + 0.15 * counts.failed_questions
        + 0.10 * min(max(0, occurrence - 1), 3)
        + 0.05 * max(0, facts - 5)
    )
    return round(min(1.0, score), 2)
