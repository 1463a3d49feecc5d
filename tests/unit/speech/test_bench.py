import numpy as np
import pytest

from ivr.audio import to_samples
from ivr.speech.bench import a_law, errors
from tests.fakes.speech import tone


@pytest.mark.parametrize(
    ("said", "heard", "wrong"),
    [("不制冷", "不制冷。", 0), ("不制冷", "布置冷", 2), ("漏水", "", 2), ("幺三", "一三", 0), ("e四", "E四", 0)],
)
def test_edit_distance(said: str, heard: str, wrong: int) -> None:
    assert errors(said, heard) == wrong


@pytest.mark.parametrize("loud", [0.01, 0.1, 0.9])
def test_a_law_has_its_signal_to_noise_ratio(loud: float) -> None:
    sound = to_samples(tone(0.5, level=loud))
    noise = a_law(sound) - sound
    assert 10 * np.log10(np.mean(sound**2) / np.mean(noise**2)) > 30
