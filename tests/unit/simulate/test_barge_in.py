"""What became of interruptions, on invented tapes."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.audio import RATE, seconds, to_samples
from ivr.simulate.barge_in import COUGH, HUM, SPEECH, cough, figures_of, interruptions, trimmed
from tests.unit.simulate.test_latency import GREETED, heard, tape

SPOKEN = (5.0, "said", {"started_at": 3.0, "name": f"{SPEECH}:a"})
COUGHED = (3.25, "said", {"started_at": 3.0, "name": f"{COUGH}:1"})


def test_time_to_silence_runs_from_the_callers_first_sample_to_the_bots_last() -> None:
    made = tape(*GREETED, (3.1, "paused", {}), (3.3, "barge_in", {}), SPOKEN, (5.9, "heard", {"text": "等等"}))
    (one,) = interruptions(made, heard((1.2, 2.9), (2.95, 3.2)))
    assert (one.kind, one.stopped, one.split) == (SPEECH, True, False)
    assert one.silent_ms == pytest.approx(200, abs=5)


def test_a_cough_holds_the_bot_and_it_goes_on() -> None:
    made = tape(*GREETED, (3.1, "paused", {}), (3.5, "resumed", {}), COUGHED)
    (one,) = interruptions(made, heard((1.2, 3.15), (3.6, 6.0)))
    assert (one.kind, one.stopped) == (COUGH, False)
    assert one.go_on_ms == pytest.approx(350, abs=5)


def test_a_cough_at_the_very_end_leaves_nothing_to_go_on_with() -> None:
    made = tape(*GREETED, (3.1, "paused", {}), (3.2, "played", {}), COUGHED)
    (one,) = interruptions(made, heard((1.2, 3.15), (8.0, 9.0)))
    assert (one.stopped, one.go_on_ms) == (False, None)


def test_who_speaks_in_turn_interrupts_nobody_and_who_is_not_heard_is_missed() -> None:
    in_turn = tape(*GREETED, (2.5, "played", {}), SPOKEN, (5.9, "heard", {}))
    assert interruptions(in_turn, heard((1.2, 2.4))) == []
    missed = tape(*GREETED, SPOKEN, (7.0, "played", {}))
    found = figures_of("clean", [(missed, heard((1.2, 6.9)))])
    assert (found.spoken, found.missed, found.silence.count) == (1, 1, 0)


def test_figures_keep_noises_and_speech_apart() -> None:
    hummed = (3.25, "said", {"started_at": 3.0, "name": f"{HUM}:1"})
    stopped = tape(*GREETED, (3.1, "paused", {}), (3.4, "barge_in", {}), hummed)
    spoken = tape(*GREETED, (3.1, "paused", {}), (3.3, "barge_in", {}), SPOKEN)
    unmoved = tape(*GREETED, COUGHED)
    sound = heard((1.2, 3.2))
    found = figures_of("echo20", [(stopped, sound), (spoken, sound), (unmoved, heard((1.2, 6.0)))])
    assert (found.spoken, found.missed, found.silence.count) == (1, 0, 1)
    assert (found.noises, found.held, found.noise_stops) == (2, 0, 1)


def test_sounds_begin_and_end_with_sound() -> None:
    coughed = trimmed(bytes(8000) + cough(1) + bytes(8000))
    assert 0.1 < seconds(coughed) < 0.3
    assert np.abs(to_samples(coughed)).max() > 0.2
    assert cough(1) != cough(2)
    assert trimmed(bytes(RATE)) == b""
