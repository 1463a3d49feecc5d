"""What loudness and speed of an utterance add to the feeling that its words show. Pure.

Levels differ between telephones, so what counts is the distance from the caller's own beginning; a caller who shouts
from the first word on counts half. Sources of the numbers: docs/tickets.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

OPENING = 2
"""Utterances that tell how the caller speaks; a loud one among them does not raise the measure: the quieter counts."""


@dataclass(frozen=True, slots=True)
class Tone:
    """How one utterance was spoken."""

    loudness_dbov: float | None = None
    """Active speech level, dB under a full-scale square wave; None = not measured."""
    syllables_per_s: float | None = None
    """Syllables a second of speech, longer pauses left out; None = not measured."""

    @property
    def measured(self) -> bool:
        return self.loudness_dbov is not None or self.syllables_per_s is not None


@dataclass(frozen=True, slots=True)
class Ramp:
    """0 up to `begins`, 1 from `full` on, straight between."""

    begins: float
    full: float

    def at(self, value: float) -> float:
        if self.full <= self.begins:
            return float(value >= self.full)
        return min(1.0, max(0.0, (value - self.begins) / (self.full - self.begins)))


@dataclass(frozen=True, slots=True)
class VoiceWeights:
    """`voice` of `data/judgement/emotion.yml`."""

    loud: float = 0.0
    """Weight of a voice raised in full, 0…1."""
    fast: float = 0.0
    """Weight of fully hurried speech, 0…1."""
    from_the_start: float = 0.5
    """Share of it that counts for a caller of whom nothing calmer was heard."""
    over_own_db: Ramp = field(default_factory=lambda: Ramp(4, 10))
    """dB over the caller's own beginning."""
    dbov: Ramp = field(default_factory=lambda: Ramp(-14, -8))
    times_own_speed: Ramp = field(default_factory=lambda: Ramp(1.2, 1.5))
    syllables_per_s: Ramp = field(default_factory=lambda: Ramp(7, 9))


def raised(tone: Tone, opening: Sequence[Tone], weights: VoiceWeights) -> float:
    """0…1, how much the voice is raised: 1-(1-loud)(1-fast). `opening`: the caller's first utterances, this one
    not among them; nothing measured adds nothing."""
    loud = weights.loud * _loud(tone, opening, weights)
    fast = weights.fast * _fast(tone, opening, weights)
    return round(1 - (1 - loud) * (1 - fast), 3)


def with_opening(opening: Sequence[Tone], tone: Tone) -> tuple[Tone, ...]:
    """The caller's beginning, this utterance included while there is room."""
    return tuple(opening) if len(opening) >= OPENING or not tone.measured else (*opening, tone)


def _loud(tone: Tone, opening: Sequence[Tone], weights: VoiceWeights) -> float:
    if tone.loudness_dbov is None:
        return 0.0
    absolute = weights.from_the_start * weights.dbov.at(tone.loudness_dbov)
    own = [each.loudness_dbov for each in opening if each.loudness_dbov is not None]
    return max(absolute, weights.over_own_db.at(tone.loudness_dbov - min(own))) if own else absolute


def _fast(tone: Tone, opening: Sequence[Tone], weights: VoiceWeights) -> float:
    if tone.syllables_per_s is None:
        return 0.0
    absolute = weights.from_the_start * weights.syllables_per_s.at(tone.syllables_per_s)
    own = [each.syllables_per_s for each in opening if each.syllables_per_s]
    if not own:
        return absolute
    # The mean, unlike loudness: one slow sentence is chance more often than one quiet sentence is.
    return max(absolute, weights.times_own_speed.at(tone.syllables_per_s / (sum(own) / len(own))))
