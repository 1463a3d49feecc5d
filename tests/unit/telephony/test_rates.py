"""Sound of a device ↔ sound of a telephone."""

import numpy as np
import pytest

from ivr.audio import FRAME_BYTES, FRAME_SAMPLES, RATE, loudness_dbov, to_pcm, to_samples
from ivr.telephony.soundcard.rates import Loudspeaker, Microphone


def tone(rate: int, for_s: float, hertz: float = 440.0) -> bytes:
    return to_pcm(0.3 * np.sin(2 * np.pi * hertz * np.arange(round(for_s * rate)) / rate))


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_the_microphone_s_sound_comes_in_frames_of_8_khz(rate: int) -> None:
    microphone, pcm, piece = Microphone(rate), tone(rate, 2.0), 2 * (rate // 50)
    frames = [frame for at in range(0, len(pcm), piece) for frame in microphone.feed(pcm[at : at + piece])]
    assert {len(frame) for frame in frames} == {FRAME_BYTES}
    assert len(frames) == pytest.approx(100, abs=6)
    samples = to_samples(b"".join(frames))[RATE // 2 : -RATE // 4]
    assert np.argmax(np.abs(np.fft.rfft(samples))) * RATE / len(samples) == pytest.approx(440, abs=2)
    assert loudness_dbov(samples) == pytest.approx(loudness_dbov(to_samples(tone(RATE, 2.0))), abs=0.2)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_the_loudspeaker_gets_as_much_as_it_wants_without_clicks(rate: int) -> None:
    pcm, at = tone(RATE, 2.0), 0

    def frame() -> bytes:
        nonlocal at
        at += FRAME_BYTES
        return pcm[at - FRAME_BYTES : at].ljust(FRAME_BYTES, b"\0")

    loudspeaker = Loudspeaker(rate, frame)
    pieces = [loudspeaker.take(rate // 50 + number % 3) for number in range(80)]
    assert [len(piece) // 2 for piece in pieces] == [rate // 50 + number % 3 for number in range(80)]
    samples = to_samples(b"".join(pieces))[rate // 2 :]
    steepest = 2 * np.pi * 440 / rate * 0.3
    assert float(np.abs(np.diff(samples)).max()) < 1.1 * steepest
    assert at / FRAME_BYTES * FRAME_SAMPLES / RATE < 1.62 + 0.2  # it does not run ahead
