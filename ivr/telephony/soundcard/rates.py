"""Sound at the device's rate ↔ the telephone's 8 kHz frames, piece by piece without clicks at the joins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr

from ivr.audio import FRAME_BYTES, RATE


class Microphone:
    """What the device hears → whole 20 ms frames."""

    def __init__(self, rate: int) -> None:
        self._resample = _stream(rate, RATE)
        self._rest = b""

    def feed(self, pcm: bytes) -> list[bytes]:
        sound = self._rest + self._resample(pcm)
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._rest = sound[whole:]
        return [sound[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)]


class Loudspeaker:
    """Frames of 20 ms, fetched as they are needed → as many samples as the device wants."""

    def __init__(self, rate: int, frame: Callable[[], bytes]) -> None:
        self._resample = _stream(RATE, rate)
        self._frame = frame
        self._ready = b""

    def take(self, samples: int) -> bytes:
        size = 2 * samples
        while len(self._ready) < size:
            self._ready += self._resample(self._frame())
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece


def _stream(rate_in: int, rate_out: int) -> Callable[[bytes], bytes]:
    if rate_in == rate_out:
        return bytes
    stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16")

    def resample(pcm: bytes) -> bytes:
        return bytes(stream.resample_chunk(np.frombuffer(pcm, dtype="<i2")).tobytes())

    return resample
