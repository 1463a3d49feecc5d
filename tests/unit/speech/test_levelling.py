import numpy as np
import pytest

from ivr.audio import FRAME_SAMPLES, RATE, loudness_dbov, to_samples
from ivr.speech.levelling import CEILING, level, piece, trim
from tests.fakes.speech import tone


@pytest.mark.parametrize("loud", [0.01, 0.1, 0.9])
def test_every_piece_is_as_loud(loud: float) -> None:
    assert loudness_dbov(level(to_samples(tone(1.0, level=loud)), -19.0)) == pytest.approx(-19.0, abs=0.5)


def test_peaks_are_rounded_off() -> None:
    spiky = np.zeros(RATE, np.float32)
    spiky[::50] = 1.0
    assert np.abs(level(spiky, -10.0)).max() <= CEILING


def test_silence_stays_silence() -> None:
    assert not level(np.zeros(800, np.float32), -19.0).any()
    assert len(trim(np.zeros(800, np.float32))) == 0


def test_trims_silence_at_the_ends_only() -> None:
    sound = to_samples(tone(0.3))
    gap = np.zeros(RATE // 2, np.float32)
    trimmed = trim(np.concatenate([gap, sound, gap, sound, gap]))
    assert 1.1 <= len(trimmed) / RATE <= 1.3


def test_pieces_begin_and_end_in_silence_and_are_whole_frames() -> None:
    made = piece(to_samples(tone(0.333)), -19.0, pause_s=0.1)
    assert len(made) % FRAME_SAMPLES == 0
    assert abs(made[0]) < 0.01
    assert not made[-FRAME_SAMPLES:].any()
