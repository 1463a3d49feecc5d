from collections.abc import Callable

import numpy as np

from ivr.audio import FRAME_MS, RATE, frames
from ivr.speech.vad import SileroVads


def quiet(length_s: float, level: float = 60.0) -> bytes:
    return np.random.default_rng(2).normal(0, level, round(length_s * RATE)).astype("<i2").tobytes()


def test_finds_the_edges_of_speech(vads: SileroVads, caller: Callable[[str], bytes]) -> None:
    speech = caller("我们家冰箱不制冷")  # with 0.25 s of silence at both ends
    activity = vads()
    probabilities = [activity.feed(frame) for frame in frames(quiet(1.0) + speech + quiet(1.0))]
    loud = [index * FRAME_MS / 1000 for index, value in enumerate(probabilities) if value >= 0.5]
    end_s = 1.0 + len(speech) / (2 * RATE)
    assert 1.1 <= loud[0] <= 1.45
    assert end_s - 0.75 <= loud[-1] <= end_s
    assert len(loud) * FRAME_MS / 1000 > 0.7 * (loud[-1] - loud[0])


def test_silence_and_noise_are_not_speech(vads: SileroVads) -> None:
    activity = vads()
    assert max(activity.feed(frame) for frame in frames(bytes(2 * RATE))) < 0.3
    for level in (60, 1000):
        probabilities = [activity.feed(frame) for frame in frames(quiet(2.0, level))]
        assert np.mean([value >= 0.5 for value in probabilities]) < 0.1


def test_calls_do_not_share_state(vads: SileroVads, caller: Callable[[str], bytes]) -> None:
    speech = caller("空调不制冷")
    alone = [vads().feed(frame) for frame in frames(quiet(0.1))]
    busy, other = vads(), vads()
    for frame in frames(speech):
        busy.feed(frame)
    assert [vads().feed(frame) for frame in frames(quiet(0.1))] == alone
    assert other.feed(bytes(320)) < 0.3


def test_calls_that_are_judged_together_hear_what_each_would_alone(
    vads: SileroVads, caller: Callable[[str], bytes]
) -> None:
    speech = list(frames(caller("空调不制冷")))
    sounds = [speech, list(frames(quiet(0.3))) + speech, list(frames(quiet(1.0)))]
    alone = [[activity.feed(frame) for frame in sound] for sound in sounds for activity in (vads(),)]
    calls, together = [vads() for _ in sounds], [list[float]() for _ in sounds]
    for at in range(0, max(map(len, sounds)), 3):  # frames arrive in bursts, and are fed after all have arrived
        for call, sound in zip(calls, sounds, strict=True):
            for frame in sound[at : at + 3]:
                call.expect(frame)
        for call, sound, heard in zip(calls, sounds, together, strict=True):
            heard += [call.feed(frame) for frame in sound[at : at + 3]]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)
