"""How late frames are, and what a call costs: from what was sent, what was handled, and what a bare timer saw. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]

STALL_S = 0.005
"""A bare timer that wakes this late: the machine was elsewhere."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """From a frame's sending to turn-taking's having it, milliseconds."""

    frames: int
    p50: float
    p99: float
    p999: float
    worst: float

    @classmethod
    def of(cls, late_s: Rows) -> Lateness:
        if not len(late_s):
            return cls(0, 0.0, 0.0, 0.0, 0.0)
        p50, p99, p999 = (float(value) for value in np.percentile(late_s, [50, 99, 99.9]) * 1000)
        return cls(len(late_s), p50, p99, p999, float(late_s.max()) * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportFigures:
    calls: int
    seconds: float
    cpu_percent_a_call: float
    """Of one core, our process."""
    lateness: Lateness
    """All frames."""
    without_stalls: Lateness
    """Frames that no stall of the machine fell upon."""
    timer: Lateness
    """Of a bare 20 ms timer in the same run."""
    stalls: int
    """Times that the bare timer was late by more than 5 ms."""
    lost: int
    """Frames that were sent and never handled."""
    events: dict[str, int]
    """What the calls did, by kind."""

    @property
    def calls_a_core(self) -> float:
        return 100 / self.cpu_percent_a_call if self.cpu_percent_a_call else 0.0


def joined(sent: Rows, handled: Rows) -> tuple[Rows, int]:
    """Rows (sent at, handled at) of each frame, and how many never arrived. Rows in: (call, number, seconds)."""
    keys = [rows[:, 0] * (1 << 24) + rows[:, 1] for rows in (sent, handled)]
    _, at_sent, at_handled = np.intersect1d(keys[0], keys[1], assume_unique=False, return_indices=True)
    pairs = np.column_stack([sent[at_sent, 2], handled[at_handled, 2]])
    return pairs, len(sent) - len(pairs)


def apart(pairs: Rows, ticks: Rows) -> npt.NDArray[np.bool_]:
    """Which frames met no stall: a row of the bare timer is (due, late)."""
    stalls = ticks[ticks[:, 1] > STALL_S]
    met = np.zeros(len(pairs), dtype=bool)
    for due, late in stalls:
        met |= (pairs[:, 0] <= due + late) & (pairs[:, 1] >= due)
    return ~met


def lateness(pairs: Rows, ticks: Rows) -> tuple[Lateness, Lateness, Lateness, int]:
    """All frames, those without a stall, the bare timer, and its stalls."""
    late = pairs[:, 1] - pairs[:, 0]
    free = apart(pairs, ticks)
    return (
        Lateness.of(late),
        Lateness.of(late[free]),
        Lateness.of(ticks[:, 1]),
        int((ticks[:, 1] > STALL_S).sum()),
    )
