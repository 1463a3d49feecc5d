"""Mouth and ear of the telephone: exact to the sample, without a clock."""

from __future__ import annotations

import numpy as np

from ivr.audio import FRAME_SAMPLES, RATE, SILENCE, frames, to_pcm
from ivr.simulate.handset import Handset, HandsetEvent, Said, SpeechEnded, SpeechStarted, last_loud_sample


def tone(samples: int, level: float = 0.2) -> bytes:
    return to_pcm(level * np.sin(2 * np.pi * 440 * np.arange(samples) / RATE + 1))


def silence(samples: int) -> bytes:
    return bytes(2 * samples)


def run(handset: Handset, heard: bytes) -> list[HandsetEvent]:
    events: list[HandsetEvent] = []
    for frame in frames(heard):
        events += handset.speak()[1]
        events += handset.hear(frame)
    return events


def test_what_is_heard_begins_and_ends_at_its_own_samples() -> None:
    events = run(Handset(), silence(1234) + tone(4000) + silence(4000))
    assert events == [SpeechStarted(1234 / RATE), SpeechEnded(5234 / RATE, 1234 / RATE)]


def test_a_click_is_no_speech_and_a_short_gap_no_end() -> None:
    assert run(Handset(), silence(800) + tone(100) + silence(4000)) == []
    events = run(Handset(), tone(1600) + silence(1600) + tone(1600) + silence(4000))
    assert [type(event) for event in events] == [SpeechStarted, SpeechEnded]
    assert events[1].at == 4800 / RATE


def test_line_noise_is_silence() -> None:
    noise = np.random.default_rng(1).normal(0, 40, RATE)
    assert run(Handset(), noise.astype("<i2").tobytes()) == []


def test_said_is_told_at_the_last_speech_sample_not_at_the_end_of_the_file() -> None:
    handset = Handset()
    handset.say(silence(100) + tone(1000) + silence(8000), "a")
    run(handset, SILENCE * 2)
    assert handset.speaking
    events = [event for _ in range(60) for event in handset.speak()[1]]
    assert events == [Said("a", 0.0, 1100 / RATE)]
    assert not handset.speaking


def test_both_recordings_lie_beside_each_other() -> None:
    handset = Handset()
    run(handset, SILENCE)
    handset.speak()  # nothing came in this tick
    handset.say(tone(FRAME_SAMPLES), "a")
    run(handset, tone(FRAME_SAMPLES))
    assert len(handset.said) == len(handset.heard) == 3 * len(SILENCE)
    assert handset.said[2 * len(SILENCE) :] == handset.heard[2 * len(SILENCE) :]


def test_hushed_in_mid_word() -> None:
    handset = Handset()
    handset.say(tone(RATE), "a")
    handset.speak()
    handset.hush()
    assert handset.speak()[0] == SILENCE


def test_an_echo_comes_back_weaker() -> None:
    handset = Handset(echo=0.1)
    run(handset, tone(FRAME_SAMPLES, 0.5))
    echoed = np.frombuffer(handset.speak()[0], dtype="<i2")
    assert 0.045 < np.abs(echoed).max() / 32768 < 0.055


def test_silence_has_no_speech() -> None:
    assert last_loud_sample(b"") == 0
    assert last_loud_sample(silence(1000)) == 0
    assert last_loud_sample(silence(7) + tone(500)) == 507
