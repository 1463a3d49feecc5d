import numpy as np
import pytest

from ivr.audio import RATE, to_samples
from ivr.speech.active_level import active_level_dbov
from tests.fakes.speech import tone


def test_a_steady_tone_is_as_loud_as_its_power() -> None:
    assert active_level_dbov(to_samples(tone(3.0, level=0.5))) == pytest.approx(-9.03, abs=0.3)


@pytest.mark.parametrize("pause_s", [0.5, 2.0, 6.0])
def test_pauses_make_speech_no_quieter(pause_s: float) -> None:
    speech = to_samples(tone(2.0, level=0.2))
    pause = np.zeros(round(pause_s * RATE), np.float32)
    with_pauses = np.concatenate([pause, speech, pause, speech, pause])
    # P.56 counts 200 ms of hangover after each stretch.
    assert active_level_dbov(with_pauses) == pytest.approx(active_level_dbov(speech), abs=0.8)


def test_halving_the_sound_is_6_db() -> None:
    speech = to_samples(tone(2.0, level=0.4))
    assert active_level_dbov(speech) - active_level_dbov(speech / 2) == pytest.approx(6.02, abs=0.2)


def test_silence_has_no_level() -> None:
    assert active_level_dbov(np.zeros(RATE, np.float32)) == -np.inf
    assert active_level_dbov(np.zeros(0, np.float32)) == -np.inf
