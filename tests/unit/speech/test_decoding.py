from pathlib import Path

import numpy as np
import pytest

from ivr.audio import RATE, Samples
from ivr.errors import SpeechFailed
from ivr.speech.decoding import decoded
from tests.fakes.read_aloud import tone_mp3


def power(samples: Samples) -> float:
    return float(np.mean(samples[RATE // 10 : -RATE // 10] ** 2))


def test_mp3_is_as_loud_as_it_was_and_at_the_line_s_rate() -> None:
    samples = decoded(tone_mp3(1.0, level=0.2))
    assert len(samples) / RATE == pytest.approx(1.0, abs=0.1)
    assert power(samples) == pytest.approx(0.02, rel=0.1)


def test_what_the_line_cannot_carry_does_not_come_back_as_something_else() -> None:
    assert power(decoded(tone_mp3(1.0, hertz=6000))) < 1e-3 * power(decoded(tone_mp3(1.0, hertz=1000)))


@pytest.mark.parametrize("content", [b"", b"no sound at all" * 50])
def test_what_is_no_sound_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "greeting.wav"
    file.write_bytes(content)
    with pytest.raises(SpeechFailed, match=r"greeting\.wav"):
        decoded(file)
    with pytest.raises(SpeechFailed):
        decoded(content)
    with pytest.raises(SpeechFailed):
        decoded(tmp_path / "gone.wav")
