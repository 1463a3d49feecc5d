"""Frames that carry their own number, so that whoever hears one knows when it was due: in the lowest bit of 24 samples.

Inaudible, and nothing to a voice activity detector. 0 is a frame that nobody numbered.
"""

from __future__ import annotations

import numpy as np

from ivr.audio import FRAME_BYTES, FRAME_SAMPLES

BITS = 24
"""Enough for four days of frames."""
HEAD_BYTES = 2 * BITS
"""Where the number is."""


def numbered(pcm: bytes, first: int) -> list[bytes]:
    """Whole frames of the sound, numbered from `first` on."""
    whole = len(pcm) // FRAME_BYTES
    samples = np.frombuffer(pcm[: whole * FRAME_BYTES], dtype="<i2").reshape(whole, FRAME_SAMPLES).copy()
    samples[:, :BITS] = (samples[:, :BITS] & ~1) | _bits(np.arange(first, first + whole))
    return [frame.tobytes() for frame in samples]


def number_of(head: bytes) -> int:
    """Of a frame, from its first `HEAD_BYTES`."""
    bits = np.frombuffer(head[:HEAD_BYTES], dtype="<i2") & 1
    return int((bits.astype(np.int64) << np.arange(BITS)).sum())


def _bits(numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    return ((numbers[:, None] >> np.arange(BITS)) & 1).astype(np.int16)
