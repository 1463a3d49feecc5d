"""When did the voice of the caller end? By its loudness: voice activity notices 0.1 s later. No clock."""

from __future__ import annotations

from ivr.audio import FRAME_MS

FADED_DB = 22.0
"""So far below the loudest syllables it is no speech any more: unstressed ones stay within 15 dB."""
FADED_MS = 100
"""Shorter is a consonant's closure."""
LONGEST_MS = 240
"""Sound that voice activity calls speech this long after is a quiet voice, not the end of a loud one."""
DECAY_DB = 0.1
"""A frame: who goes on more softly is not measured by how he began."""


class Fading:
    """Of one utterance."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Another utterance begins."""
        self._loudest: float | None = None
        self._ms = 0

    def frame(self, level_dbov: float | None) -> int:
        """Milliseconds since the voice fell silent; 0 while it sounds, or where its loudness is not measured."""
        if level_dbov is None:
            return 0
        if self._loudest is None or level_dbov >= self._loudest:
            self._loudest = level_dbov
        else:
            self._loudest -= DECAY_DB
        self._ms = self._ms + FRAME_MS if level_dbov < self._loudest - FADED_DB else 0
        return self._ms if self._ms >= FADED_MS else 0
