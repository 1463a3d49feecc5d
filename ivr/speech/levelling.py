"""Speech made fit for the line: even loudness, no clicks where pieces join, trimmed silence, whole frames."""

from __future__ import annotations

import math

import numpy as np

from ivr.audio import FRAME_SAMPLES, RATE, Samples, loudness_dbov

FADE_S = 0.006
"""Fade at both ends of a piece: shorter clicks, longer eats consonants."""
QUIET_DB = 45.0
"""Below the loudest frame by this much is silence at the ends of a piece."""
CEILING = 0.95
"""No sample leaves higher than this; G.711 clips at 1."""


def level(samples: Samples, dbov: float) -> Samples:
    """`samples` at the active speech level `dbov`, peaks rounded off rather than clipped. Silence stays silence."""
    now = loudness_dbov(samples)
    if math.isinf(now):
        return samples
    louder = samples * np.float32(10 ** ((dbov - now) / 20))
    return np.asarray(_round_off(louder), dtype=np.float32)


def _round_off(samples: Samples) -> Samples:
    """Linear up to 0.6, then bending towards the ceiling."""
    knee = 0.6
    size = np.abs(samples)
    bent = knee + (CEILING - knee) * np.tanh((size - knee) / (CEILING - knee))
    return np.where(size > knee, np.sign(samples) * bent, samples)


def trim(samples: Samples, keep_s: float = 0.05) -> Samples:
    """Without the silence at both ends, but for `keep_s`."""
    usable = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
    if not usable:
        return samples
    power = np.mean(samples[:usable].reshape(-1, FRAME_SAMPLES) ** 2, axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (-QUIET_DB / 10))
    if not len(loud) or power.max() <= 0:
        return samples[:0]
    keep = round(keep_s * RATE)
    start = max(0, int(loud[0]) * FRAME_SAMPLES - keep)
    return samples[start : (int(loud[-1]) + 1) * FRAME_SAMPLES + keep]


def fade(samples: Samples) -> Samples:
    """Both ends brought to zero."""
    length = min(round(FADE_S * RATE), len(samples) // 2)
    if not length:
        return samples
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    faded = samples.copy()
    faded[:length] *= ramp
    faded[-length:] *= ramp[::-1]
    return faded


def piece(samples: Samples, dbov: float, pause_s: float) -> Samples:
    """One clause as it is played: trimmed, levelled, faded, its pause behind it, filled to whole 20 ms frames."""
    ready = fade(level(trim(samples), dbov))
    length = len(ready) + round(pause_s * RATE)
    whole = -(-length // FRAME_SAMPLES) * FRAME_SAMPLES
    return np.pad(ready, (0, whole - len(ready)))
