"""How late frames are: numbers in frames, joined, stalls of the machine apart."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.audio import FRAME_BYTES, SILENCE
from ivr.simulate.numbered_frames import number_of, numbered
from ivr.simulate.peer import sound_of
from ivr.simulate.transport import joined, lateness


def test_a_frame_carries_its_number_inaudibly() -> None:
    pcm = np.random.default_rng(0).integers(-3000, 3000, 5 * 160).astype("<i2").tobytes()
    frames = numbered(pcm, 70_000)
    assert [number_of(frame) for frame in frames] == list(range(70_000, 70_005))
    difference = np.frombuffer(b"".join(frames), "<i2").astype(int) - np.frombuffer(pcm, "<i2")
    assert np.abs(difference).max() <= 1
    assert number_of(SILENCE) == 0


def test_callers_differ_and_speak_after_silence() -> None:
    one, other = (sound_of([b"\1\2" * 800], at, 10.0) for at in (1, 2))
    assert one != other
    assert len(one) % 2 == 0
    assert len(one) >= 10.0 * 50 * FRAME_BYTES
    assert one[:FRAME_BYTES] == SILENCE


def test_lateness_counts_from_the_sending_and_stalls_are_apart() -> None:
    sent = np.array([[0, 1, 10.0], [0, 2, 10.02], [1, 1, 10.03], [1, 2, 10.05]])
    handled = np.array([[0, 0, 10.0], [0, 1, 10.001], [0, 2, 10.070], [1, 1, 10.031]])
    pairs, lost = joined(sent, handled)
    assert lost == 1
    ticks = np.array([[10.0, 0.0002], [10.06, 0.009]])  # the machine stood still while one frame was under way
    everything, without, timer, stalls = lateness(pairs, ticks)
    assert (everything.frames, without.frames, stalls) == (3, 2, 1)
    assert everything.worst == pytest.approx(50.0)
    assert without.worst == pytest.approx(1.0)
    assert timer.worst == pytest.approx(9.0)
