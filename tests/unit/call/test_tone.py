from __future__ import annotations

import numpy as np
import pytest

from ivr.audio import RATE, to_pcm
from ivr.call.tone import tone_of

RNG = np.random.default_rng(7)
TEXT = "我家的洗衣机又坏了"
"""Nine syllables."""


def voice(seconds: float, dbov: float = -22.0) -> np.ndarray:
    """Noise at a level: syllables of 160 ms, 40 ms apart."""
    samples = RNG.normal(0, 10 ** (dbov / 20), round(seconds * RATE))
    at = np.arange(len(samples)) % round(0.2 * RATE)
    return np.where(at < 0.16 * RATE, samples, 0)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE))


def pcm(*parts: np.ndarray, noise_dbov: float = -65.0) -> bytes:
    sound = np.concatenate(parts)
    return to_pcm(sound + RNG.normal(0, 10 ** (noise_dbov / 20), len(sound)))


@pytest.mark.parametrize("dbov", [-32.0, -22.0, -14.0])
def test_loudness_is_that_of_speech_alone(dbov: float) -> None:
    tone = tone_of(pcm(silence(1), voice(2, dbov), silence(3)), TEXT)
    assert tone.loudness_dbov == pytest.approx(dbov, abs=0.7)


def test_8_db_more_are_8_db_more() -> None:
    quiet, loud = (tone_of(pcm(silence(0.5), voice(2, level)), TEXT).loudness_dbov for level in (-26.0, -18.0))
    assert quiet is not None
    assert loud is not None
    assert loud - quiet == pytest.approx(8, abs=0.5)


def test_a_click_does_not_hide_the_speech() -> None:
    tone = tone_of(pcm(voice(2), np.full(80, 0.9), silence(0.5)), TEXT)
    assert tone.loudness_dbov == pytest.approx(-22, abs=1.5)


def test_speed_counts_syllables_over_speech_not_over_pauses() -> None:
    said = pcm(silence(1), voice(1), silence(1.5), voice(1), silence(1))
    assert tone_of(said, TEXT).syllables_per_s == pytest.approx(4.5, abs=0.3)
    assert tone_of(pcm(silence(1), voice(1.2), silence(1)), TEXT).syllables_per_s == pytest.approx(7.5, abs=0.4)


def test_noise_between_words_is_no_speech() -> None:
    said = pcm(silence(1), voice(1), silence(1), voice(1), silence(1), noise_dbov=-38.0)
    assert tone_of(said, TEXT).syllables_per_s == pytest.approx(4.5, abs=0.4)


def test_digits_and_spelt_words_are_syllables_and_marks_are_not() -> None:
    sound = pcm(voice(2))
    assert tone_of(sound, "型号是A3042，对。").syllables_per_s == tone_of(sound, "一二三四五六七八九").syllables_per_s


@pytest.mark.parametrize("sound", [b"", b"\0", pcm(voice(0.1)), bytes(2 * RATE)])
def test_too_little_is_not_measured(sound: bytes) -> None:
    assert not tone_of(sound, TEXT).measured


def test_few_syllables_have_no_speed() -> None:
    tone = tone_of(pcm(voice(1)), "对的")
    assert tone.loudness_dbov is not None
    assert tone.syllables_per_s is None
