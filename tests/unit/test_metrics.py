"""Prometheus metrics and the log line of a turn, from the events of calls."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ivr.call.ports import RecogniserWork
from ivr.metrics import LineMetrics


def told(metrics: LineMetrics, call: str, *events: tuple[str, dict[str, Any]]) -> None:
    for kind, details in events:
        metrics.take({"call_id": call, "kind": kind, **details})


def values(metrics: LineMetrics) -> dict[str, float]:
    """Samples by name and labels, as a scrape reads them."""
    return {
        sample.name + "".join(f",{key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
    }


STARTED = ("started", {"hotline": "appliance"})
GREETING = [("reply", {"took_ms": 12}), ("speaking", {"took_ms": 3})]
HEARD = ("heard", {"text": "坏了", "end_of_turn_ms": 360, "took_ms": 420})
ANSWERED = [HEARD, ("reply", {"took_ms": 200}), ("speaking", {"took_ms": 20})]


def test_each_phase_of_a_turn_is_observed_and_logged_with_the_call(caplog: pytest.LogCaptureFixture) -> None:
    metrics = LineMetrics()
    with caplog.at_level(logging.INFO):
        told(metrics, "c1", STARTED, *GREETING, *ANSWERED)
    seen = values(metrics)
    for phase, took_s in (("end_of_turn", 0.36), ("recognition", 0.42), ("dialogue", 0.2), ("first_sound", 0.02)):
        assert seen[f"ivr_turn_phase_seconds_count,phase={phase}"] == 1
        assert seen[f"ivr_turn_phase_seconds_sum,phase={phase}"] == pytest.approx(took_s)
    assert seen["ivr_answer_seconds_sum,kind=speech"] == pytest.approx(1.0)
    (line,) = caplog.messages
    assert line == (
        "turn call=c1 number=1 kind=speech end_of_turn_ms=360 recognition_ms=420 dialogue_ms=200 "
        "first_sound_ms=20 total_ms=1000 fillers=0"
    )


def test_the_greeting_is_no_turn(caplog: pytest.LogCaptureFixture) -> None:
    metrics = LineMetrics()
    with caplog.at_level(logging.INFO):
        told(metrics, "c1", STARTED, *GREETING)
    assert values(metrics)["ivr_turn_phase_seconds_count,phase=dialogue"] == 0
    assert not caplog.messages


def test_a_turn_that_the_caller_goes_on_with_has_no_first_sound() -> None:
    metrics = LineMetrics()
    told(metrics, "c1", STARTED, HEARD, *ANSWERED)
    seen = values(metrics)
    assert seen["ivr_turn_phase_seconds_count,phase=recognition"] == 2
    assert seen["ivr_turn_phase_seconds_count,phase=first_sound"] == 1
    assert seen["ivr_answer_seconds_count,kind=speech"] == 1


def test_a_filler_is_not_the_first_sound_of_the_answer() -> None:
    metrics = LineMetrics()
    filler = [("filler", {}), ("speaking", {"took_ms": 1})]
    told(metrics, "c1", STARTED, HEARD, *filler, ("reply", {"took_ms": 900}), ("speaking", {"took_ms": 30}))
    seen = values(metrics)
    assert seen["ivr_fillers_total"] == 1
    assert seen["ivr_turn_phase_seconds_sum,phase=first_sound"] == pytest.approx(0.03)


def test_an_answer_that_is_said_again_after_noise_counts_once() -> None:
    metrics = LineMetrics()
    told(
        metrics, "c1", STARTED, *ANSWERED, ("barge_in", {}), ("reply", {"took_ms": 5000}), ("speaking", {"took_ms": 9})
    )
    seen = values(metrics)
    assert seen["ivr_turn_phase_seconds_count,phase=dialogue"] == 1
    assert seen["ivr_barge_ins_total"] == 1


def test_calls_now_and_how_they_ended() -> None:
    metrics = LineMetrics()
    told(metrics, "c1", STARTED)
    told(metrics, "c2", STARTED, ("handoff", {"reason": "caller_request"}), ("ended", {"how": "handed_over"}))
    told(metrics, "c3", STARTED, ("failed", {"part": "dialogue"}), ("ended", {"how": "handed_over"}))
    told(metrics, "c4", STARTED, ("ended", {"how": "bot_hung_up"}))
    seen = values(metrics)
    assert seen["ivr_calls"] == 1
    assert seen["ivr_calls_started_total,hotline=appliance"] == 4
    ended = "ivr_calls_ended_total,ending={},hotline=appliance,reason={}"
    assert seen[ended.format("handed_over", "caller_request")] == 1
    assert seen[ended.format("handed_over", "bot_failure")] == 1
    assert seen[ended.format("bot_hung_up", "")] == 1
    assert seen["ivr_failures_total,part=dialogue"] == 1
    assert seen["ivr_failures_total,part=speech"] == 0


def test_false_barge_ins_silences_and_keys() -> None:
    metrics = LineMetrics()
    keys = ("keys", {"digits": "12"})
    told(metrics, "c1", STARTED, ("paused", {}), ("resumed", {}), ("silence", {"times": 1}), keys, *ANSWERED[1:])
    seen = values(metrics)
    assert (seen["ivr_false_barge_ins_total"], seen["ivr_silences_total"]) == (1, 1)
    assert seen["ivr_answer_seconds_count,kind=keys"] == 1


def test_the_recogniser_and_the_dialogue_are_asked_at_each_scrape() -> None:
    metrics = LineMetrics()
    metrics.watch_recogniser(lambda: RecogniserWork(waiting=2, done=7, wasted=3, refused=1))
    metrics.watch_dialogue(lambda: False)
    metrics.watch_queues(lambda: True)
    metrics.admitted("human")
    metrics.handed_over("no_agent")
    seen = values(metrics)
    assert (seen["ivr_recognition_waiting"], seen["ivr_recognitions_total"]) == (2, 7)
    assert (seen["ivr_recognitions_wasted_total"], seen["ivr_recognitions_refused_total"]) == (3, 1)
    assert (seen["ivr_dialogue_up"], seen["ivr_ami_up"]) == (0, 1)
    assert seen["ivr_admissions_total,route=human"] == seen["ivr_handoffs_total,outcome=no_agent"] == 1


def test_look_ups_in_a_crm_are_counted_and_timed_when_it_was_asked() -> None:
    metrics = LineMetrics()
    for outcome in ("found", "cached", "resting", "timeout"):
        metrics.looked_up("会员系统", outcome, 0.2)
    page = metrics.page().decode()
    for outcome in ("found", "cached", "resting", "timeout"):
        assert f'ivr_customer_look_ups_total{{outcome="{outcome}",source="会员系统"}} 1.0' in page
    assert 'ivr_customer_look_up_seconds_count{source="会员系统"} 2.0' in page
