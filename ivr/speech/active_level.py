"""Active speech level after ITU-T P.56 (2011), method B: how loud speech is while somebody speaks.

The envelope is the rectified signal through two exponential averages of 30 ms; speech lasts 200 ms beyond it. The level
is that of the active part, for the threshold that lies 15.9 dB under that very level.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ivr.audio import RATE, Samples

TIME_CONSTANT_S = 0.03
HANGOVER_S = 0.2
MARGIN_DB = 15.9
THRESHOLDS = 2.0 ** np.arange(-15, 0)


def active_level_dbov(samples: Samples) -> float:
    """dBov (0 = a full-scale square wave). Silence gives -inf."""
    energy = float(np.sum(samples.astype(np.float64) ** 2))
    if energy <= 0:
        return -math.inf
    envelope = _envelope(samples)
    before: tuple[float, float] | None = None
    for threshold in THRESHOLDS:
        active = _samples_active(envelope >= threshold)
        if not active:
            break
        level = 10 * math.log10(energy / active)
        margin = level - 20 * math.log10(threshold)
        if margin <= MARGIN_DB:
            return level if before is None else _between(before, (level, margin))
        before = level, margin
    return before[0] if before else 10 * math.log10(energy / len(samples))


def _envelope(samples: Samples) -> npt.NDArray[np.float64]:
    """Two averages one after the other have the impulse response (1 - g)² (n + 1) gⁿ."""
    keep = math.exp(-1 / (RATE * TIME_CONSTANT_S))
    steps = np.arange(round(12 * TIME_CONSTANT_S * RATE))
    response = (1 - keep) ** 2 * (steps + 1) * keep**steps
    size = 1 << (len(samples) + len(response)).bit_length()
    spectrum = np.fft.rfft(np.abs(samples), size) * np.fft.rfft(response, size)
    return np.asarray(np.fft.irfft(spectrum, size)[: len(samples)], dtype=np.float64)


def _samples_active(above: npt.NDArray[np.bool_]) -> int:
    """Samples above the threshold, or less than the hangover after one that was."""
    number = np.arange(len(above))
    last = np.maximum.accumulate(np.where(above, number, -(10**9)))
    return int(np.count_nonzero(number - last < round(HANGOVER_S * RATE)))


def _between(lower: tuple[float, float], upper: tuple[float, float]) -> float:
    """The level where the margin is just `MARGIN_DB`, on the line between two thresholds."""
    share = (lower[1] - MARGIN_DB) / (lower[1] - upper[1])
    return lower[0] + share * (upper[0] - lower[0])
