"""Sound as the line carries it: 8 kHz, mono, signed 16 bit little endian (Asterisk's `slin`), 20 ms frames."""

from __future__ import annotations

import math
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

RATE = 8000
"""Samples a second on the telephone."""
FRAME_MS = 20
FRAME_SAMPLES = RATE * FRAME_MS // 1000
FRAME_BYTES = FRAME_SAMPLES * 2
SILENCE = bytes(FRAME_BYTES)

Samples = npt.NDArray[np.float32]
"""Samples in -1…1, one channel."""


def to_samples(pcm: bytes) -> Samples:
    """16 bit PCM → float samples in -1…1. A trailing half sample is an error of the caller."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0


def to_pcm(samples: npt.ArrayLike) -> bytes:
    """Float samples → 16 bit PCM, clipped."""
    scaled = np.round(np.asarray(samples, dtype=np.float64) * 32767.0)
    return np.clip(scaled, -32768, 32767).astype("<i2").tobytes()


def seconds(pcm: bytes) -> float:
    return len(pcm) / (2 * RATE)


def frames(pcm: bytes) -> Iterator[bytes]:
    """Whole 20 ms frames; the last one is filled up with silence."""
    for start in range(0, len(pcm), FRAME_BYTES):
        yield pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")


def resample(samples: Samples, rate_in: int, rate_out: int = RATE) -> Samples:
    """Band-limited change of sample rate."""
    if rate_in == rate_out:
        return samples
    return np.asarray(soxr.resample(samples, rate_in, rate_out), dtype=np.float32)


def loudness_dbov(samples: Samples) -> float:
    """Active speech level in dBov (0 = full-scale square wave): the mean power of frames within 20 dB of
    the loudest, after ITU-T P.56's idea of leaving pauses out. Silence gives -inf."""
    usable = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
    if not usable:
        return -math.inf
    power: npt.NDArray[np.float64] = np.square(samples[:usable].reshape(-1, FRAME_SAMPLES)).mean(axis=1)
    loudest = float(power.max())
    if loudest <= 0:
        return -math.inf
    return 10 * math.log10(float(power[power >= loudest / 100].mean()))


def frame_dbov(pcm: bytes) -> float:
    """Loudness of 20 ms (dBov). Silence gives -inf. Cheap: it is asked for every frame of every call."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    energy = float(samples.dot(samples))
    return 10 * math.log10(energy / (len(samples) * 32768.0**2)) if energy > 0 else -math.inf


def read_wav(path: Path) -> bytes:
    """A WAV file as PCM of the line: first channel, resampled to 8 kHz. 16 bit files only."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path}: {8 * file.getsampwidth()} bit samples; save it as 16 bit PCM.")
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        rate, channels = file.getframerate(), file.getnchannels()
    samples = pcm.reshape(-1, channels)[:, 0].astype(np.float32) / 32768.0
    return to_pcm(resample(samples, rate))


def write_wav(path: Path, pcm: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
