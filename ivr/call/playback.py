"""What the caller hears of the bot right now, reckoned from what was sent. No clock: told of each 20 ms."""

from __future__ import annotations

import math

import numpy as np

from ivr.audio import FRAME_BYTES, FRAME_MS, frames, to_samples

CHARS_PER_S = 4.5
"""Speed of speech where the length of a whole text is not known yet."""
UNDER_WAY_FRAMES = 3
"""Sound that was sent and not yet heard: the way to the caller's ear."""


def levels_dbov(pcm: bytes) -> list[float]:
    """Loudness of each 20 ms; silence is -inf."""
    whole = b"".join(frames(pcm))
    power = np.square(to_samples(whole).reshape(-1, FRAME_BYTES // 2)).mean(axis=1)
    return [10 * math.log10(each) if each > 0 else -math.inf for each in power.tolist()]


class Playback:
    """One prompt after the other; `begin` leaves what is still queued to be heard before the new one."""

    def __init__(self) -> None:
        self._levels: list[float] = []
        self._at = 0
        self._start = 0
        self._ends: list[int] = []
        self.held = False

    def begin(self) -> None:
        """What is queued from now on is a new prompt."""
        self._levels = self._levels[self._at :]
        self._at, self._start, self._ends = 0, len(self._levels), []

    def queued(self, pcm: bytes) -> None:
        """One more piece was sent."""
        self._levels += levels_dbov(pcm)
        self._ends.append(len(self._levels))

    def flush(self) -> None:
        """What was not heard yet was thrown away. What was heard can still be asked for."""
        del self._levels[self._at :]
        self.held = False

    def frame(self) -> None:
        """20 ms passed."""
        if not self.held and self._at < len(self._levels):
            self._at += 1

    @property
    def playing_dbov(self) -> float | None:
        """Loudness of what is heard now; None = nothing."""
        return self._levels[self._at] if not self.held and self._at < len(self._levels) else None

    @property
    def left_s(self) -> float:
        """Seconds that are queued."""
        return (len(self._levels) - self._at) * FRAME_MS / 1000

    @property
    def heard_s(self) -> float:
        """Seconds of this prompt that reached the caller."""
        return max(0, self._at - self._start - UNDER_WAY_FRAMES) * FRAME_MS / 1000

    @property
    def piece(self) -> int:
        """Which of this prompt's pieces is being heard, from 0."""
        return sum(end <= self._at - UNDER_WAY_FRAMES for end in self._ends)

    def share_of(self, text: str, *, whole: bool) -> str:
        """The beginning of this prompt's text that was heard. `whole`: all of it was sent."""
        sent_s = (self._ends[-1] - self._start) * FRAME_MS / 1000 if self._ends else 0.0
        speed = len(text) / sent_s if whole and sent_s else CHARS_PER_S
        return text[: round(speed * self.heard_s)]
