"""What is wrong with a telephone's line."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from ivr.audio import FRAME_BYTES, RATE, SILENCE, frames, loudness_dbov, to_pcm, to_samples
from ivr.simulate.line_faults import CONDITIONS, CONDITIONS_ZH, LineFaults, add_arguments, faulty, telephone_noise


def tone(seconds: float, level: float) -> bytes:
    return to_pcm(level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE))


def test_faults_reach_the_telephones_process() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    for faults in CONDITIONS.values():
        assert LineFaults.of(parser.parse_args(faults.arguments())) == faults
    assert set(CONDITIONS) == set(CONDITIONS_ZH)


def test_an_echo_comes_back_weaker_and_later() -> None:
    handset = faulty(LineFaults(echo_db=20, echo_delay_s=0.15))
    for frame in frames(tone(0.1, 0.5) + SILENCE * 20):
        handset.speak()
        handset.hear(frame)
    said = to_samples(bytes(handset.said))
    assert np.flatnonzero(said)[0] / RATE == pytest.approx(0.15, abs=0.002)
    assert float(np.abs(said).max()) == pytest.approx(0.05, rel=0.05)
    assert np.flatnonzero(said)[-1] / RATE == pytest.approx(0.25, abs=0.002)


def test_noise_has_its_level_and_is_not_taken_for_the_callers_speech() -> None:
    assert loudness_dbov(to_samples(telephone_noise(-42.0))) == pytest.approx(-42.0, abs=1.0)
    handset = faulty(LineFaults(noise_dbov=-42.0))
    handset.say(tone(0.1, 0.3) + SILENCE * 5, "a")
    said = [event for _ in range(10) for event in handset.speak()[1]]
    assert [event.ended_at for event in said] == [pytest.approx(0.1, abs=0.002)]  # type: ignore[union-attr]
    assert np.abs(np.frombuffer(handset.said[-FRAME_BYTES:], dtype="<i2")).max() > 50
