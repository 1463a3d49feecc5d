"""What a call was, on the telephone's clock: its events and the line's, beside the sound that was heard. No clock here.

The telephone tells sample-exact times of its own; an event of the line is placed by when it arrived (`arrived_s`, any
steady clock), the two clocks being tied by the telephone's events, of which the quickest tells the true distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ivr.audio import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, RATE
from ivr.simulate.handset import LOUD, PAUSE_FRAMES, SAMPLE_LOUD, START_FRAMES

FRAME_S = FRAME_MS / 1000


@dataclass(frozen=True, slots=True)
class Noted:
    """One event."""

    at: float
    """Seconds of the telephone's clock."""
    kind: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class Tape:
    phone: list[Noted] = field(default_factory=list)
    _line: list[tuple[float, str, Mapping[str, Any]]] = field(default_factory=list)
    _distance: float = float("inf")
    """Between the clocks: arrival of an event less its time."""

    def phone_event(self, arrived_s: float, kind: str, at: float, values: Mapping[str, Any]) -> None:
        self._distance = min(self._distance, arrived_s - at)
        self.phone.append(Noted(at, kind, values))

    def line_event(self, arrived_s: float, kind: str, values: Mapping[str, Any]) -> None:
        self._line.append((arrived_s, kind, values))

    @property
    def line(self) -> list[Noted]:
        """The line's events, in order."""
        return [Noted(arrived - self._distance, kind, values) for arrived, kind, values in self._line]

    @property
    def answered_at(self) -> float | None:
        return next((event.at for event in self.phone if event.kind == "answered"), None)

    @property
    def utterances(self) -> list[Noted]:
        """What the caller said: `at` its last speech sample, `started_at` its first."""
        return [event for event in self.phone if event.kind == "said"]


class HeardSound:
    """What the telephone heard: where there is sound, by its energy."""

    def __init__(self, pcm: bytes) -> None:
        whole = len(pcm) // FRAME_BYTES * FRAME_BYTES
        self._samples: npt.NDArray[np.float64] = np.frombuffer(pcm[:whole], dtype="<i2").astype(np.float64)
        power = np.sqrt(np.mean(self._samples.reshape(-1, FRAME_SAMPLES) ** 2, axis=1))
        self._loud: npt.NDArray[np.bool_] = power >= LOUD

    def first_sound(self, after_s: float) -> float | None:
        """Seconds at which sound is heard first, at or after that time; a click is none."""
        frame = max(0, int(after_s / FRAME_S))
        while frame + START_FRAMES <= len(self._loud):
            if self._loud[frame : frame + START_FRAMES].all():
                return max(after_s, self._first_sample(frame) / RATE)
            frame += 1
        return None

    def silent_from(self, after_s: float, for_s: float) -> float | None:
        """Seconds of the last sample of sound before the first stretch of silence that lasts `for_s`, not before
        `after_s`."""
        frame, needed, quiet = max(0, int(after_s / FRAME_S)), round(for_s / FRAME_S), 0
        for at in range(frame, len(self._loud)):
            quiet = 0 if self._loud[at] else quiet + 1
            if quiet >= needed:
                last = at - quiet
                return max(after_s, self._last_sample(last) / RATE) if last >= frame else after_s
        return None

    def seconds(self, begin_s: float, end_s: float) -> float:
        """Sound between these times, the short pauses between words included."""
        return sum(end - begin for begin, end in self._stretches(begin_s, end_s))

    def _stretches(self, begin_s: float, end_s: float) -> Iterator[tuple[float, float]]:
        begin, end = int(max(0.0, begin_s) / FRAME_S), int(max(0.0, end_s) / FRAME_S)
        loud = np.flatnonzero(self._loud[begin:end]) + begin
        if not len(loud):
            return
        for stretch in np.split(loud, np.flatnonzero(np.diff(loud) > PAUSE_FRAMES) + 1):
            yield float(stretch[0]) * FRAME_S, float(stretch[-1] + 1) * FRAME_S

    def _first_sample(self, frame: int) -> int:
        return frame * FRAME_SAMPLES + int(self._over(frame)[0])

    def _last_sample(self, frame: int) -> int:
        return frame * FRAME_SAMPLES + int(self._over(frame)[-1]) + 1

    def _over(self, frame: int) -> npt.NDArray[np.intp]:
        samples = np.abs(self._samples[frame * FRAME_SAMPLES : (frame + 1) * FRAME_SAMPLES])
        return np.flatnonzero(samples >= min(SAMPLE_LOUD, samples.max()))
