"""From the tape of a call to its figures, on invented tapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from ivr.audio import RATE, to_pcm
from ivr.simulate.latency import Measured, figures_of, measure
from ivr.simulate.tape import HeardSound, Tape

LATE_S = 1000.0
"""Distance between the telephone's clock and ours."""


def heard(*sounds: tuple[float, float], length_s: float = 20.0) -> HeardSound:
    """Tone between these seconds."""
    samples = np.zeros(round(length_s * RATE))
    for begin, end in sounds:
        at = np.arange(round(begin * RATE), round(end * RATE))
        samples[at] = 0.2 * np.sin(2 * np.pi * 440 * at / RATE + 1)
    return HeardSound(to_pcm(samples))


def tape(*events: tuple[float, str, dict[str, Any]]) -> Tape:
    """`said`, `answered` and the like are the telephone's, the rest the line's."""
    made = Tape()
    for at, kind, values in events:
        if kind in ("said", "answered", "placed", "ended_call"):
            made.phone_event(at + LATE_S + 0.003, kind, at, values)
        else:
            made.line_event(at + LATE_S + 0.003, kind, values)
    return made


GREETED = [
    (1.0, "answered", {}),
    (1.0, "reply", {"asks": ["description"], "took_ms": 5}),
    (1.1, "speaking", {"took_ms": 2}),
]
ASKED = (5.0, "said", {"started_at": 4.0})
WORDS = (5.9, "heard", {"text": "坏了", "took_ms": 300, "end_of_turn_ms": 560})
REPLY = (6.1, "reply", {"asks": ["confirm"], "took_ms": 200})


def figures(made: Tape, sound: HeardSound) -> Measured:
    return measure(made, sound, {"order_no"}, lambda values: float(values["length_s"]))


def test_the_gap_runs_from_the_callers_last_sample_to_the_answers_first() -> None:
    (answer,) = figures(tape(*GREETED, ASKED, WORDS, REPLY), heard((1.25, 3.0), (6.3, 8.0))).answers
    assert (answer.kind, answer.gap_ms, answer.filled, answer.cut_off) == ("open", 1300, False, False)
    assert answer.phases_ms == {"end_of_turn": 560, "recognition": 300, "dialogue": 200}


def test_the_greeting_is_counted_from_the_answer_to_the_call() -> None:
    assert figures(tape(*GREETED), heard((1.25, 3.0))).greeting_ms == 250


def test_a_filler_does_not_count() -> None:
    filler = (5.6, "filler", {"text": "好的，我看一下。", "length_s": 1.2})
    made = tape(*GREETED, ASKED, filler, WORDS, REPLY)
    # the answer follows the filler without a gap that energy could see
    (answer,) = figures(made, heard((1.25, 3.0), (5.65, 6.2), (6.4, 8.0))).answers
    assert answer.filled
    assert answer.gap_ms == 1850


def test_what_was_asked_tells_the_kind() -> None:
    number = (9.6, "reply", {"asks": ["order_no"], "took_ms": 1})
    events = [*GREETED, ASKED, WORDS, REPLY, (9.0, "said", {"started_at": 8.5}), (9.5, "heard", {"text": "对"}), number]
    events += [(12.0, "said", {"started_at": 11.0}), (13.5, "heard", {"text": "1"}), (13.6, "reply", {"asks": []})]
    answers = figures(tape(*events), heard((6.3, 8.0), (9.7, 10.0), (13.8, 14.5))).answers
    assert [answer.kind for answer in answers] == ["open", "short", "digits"]
    assert [answer.gap_ms for answer in answers] == [1300, 700, 1800]


@pytest.mark.parametrize(
    "early",
    [
        [(4.6, "heard", {"text": "我家"}), (4.8, "reply", {"asks": []}), WORDS],
        [(5.4, "heard", {"text": "我家"}), WORDS, REPLY],
    ],
)
def test_an_utterance_that_was_split_is_cut_off_and_has_no_gap(early: list[tuple[float, str, dict[str, Any]]]) -> None:
    (answer,) = figures(tape(*GREETED, ASKED, *early), heard((6.3, 8.0))).answers
    assert (answer.cut_off, answer.gap_ms) == (True, None)


def test_a_silence_that_is_asked_about_is_no_answer() -> None:
    silence = [(10.0, "silence", {"times": 1}), (10.1, "reply", {"asks": []})]
    (answer,) = figures(tape(*GREETED, ASKED, *silence), heard((10.3, 12.0))).answers
    assert (answer.gap_ms, answer.cut_off) == (None, False)


def test_stops_while_the_caller_is_silent_are_false_and_short_pauses_hesitations() -> None:
    paused: list[tuple[float, str, Mapping[str, Any]]] = [
        (1.5, "paused", {}), (1.8, "resumed", {}),
        (2.0, "paused", {}), (2.9, "resumed", {}),
        (3.0, "paused", {}), (3.2, "barge_in", {}),
        (4.5, "paused", {}), (4.7, "barge_in", {}),  # the caller speaks
    ]  # fmt: skip
    made = tape(*GREETED, *[(at, kind, dict(values)) for at, kind, values in paused], ASKED, (9.0, "ended_call", {}))
    found = figures(made, heard((1.25, 3.25), (6.0, 7.0))).stops
    assert (found.false_stops, found.hesitations) == (2, 1)
    assert found.bot_s == pytest.approx(3.0, abs=0.1)


def test_figures_of_many_calls() -> None:
    call = figures(tape(*GREETED, ASKED, WORDS, REPLY, (9.0, "ended_call", {})), heard((1.25, 3.0), (6.3, 8.0)))
    found = figures_of("clean", 2, [call, call], 0.25)
    assert found.gaps["all"].p50 == found.gaps["open"].p95 == 1300
    assert found.gaps["digits"].count == 0
    assert (found.calls, found.turns, found.greeting.p50) == (2, 2, 250)
    assert found.phases["dialogue"].p50 == 200
    assert found.false_stops_per_100_min == 0


def test_sound_and_silence_are_found_by_energy() -> None:
    sound = heard((1.0, 2.0), (2.1, 3.0), (4.0, 5.0))
    assert sound.first_sound(0.0) == pytest.approx(1.0, abs=0.001)
    assert sound.first_sound(1.5) == 1.5
    assert sound.first_sound(6.0) is None
    assert sound.silent_from(1.2, 0.5) == pytest.approx(3.0, abs=0.001)
    assert sound.silent_from(3.2, 0.5) == 3.2
    assert sound.seconds(0.0, 20.0) == pytest.approx(3.0, abs=0.05)
