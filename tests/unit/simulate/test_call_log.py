"""Turns, times and gaps from what the telephone and the line tell, in any order that a call can bring."""

from __future__ import annotations

from typing import Any

from ivr.simulate.call_log import CallLog, Live


def reply(text: str, *asks: str, **more: Any) -> dict[str, Any]:
    return {"call_id": "c1", "text": text, "asks": list(asks), "about": {}, "keys": False, "ended": False, **more}


def greeted() -> CallLog:
    log = CallLog()
    log.phone("answered", 2.0, {"code": 200, "ms": 800})
    log.line("reply", reply("您好", "description"))
    log.phone("speech_started", 2.4, {})
    log.line("played", {"call_id": "c1"})
    return log


def test_the_greeting_is_measured_from_the_answer() -> None:
    log = greeted()
    assert (log.answered_ms, log.greeting_ms, log.call_id) == (800, 400, "c1")


def test_the_floor_is_free_when_all_was_played_and_nothing_is_heard() -> None:
    log = greeted()
    assert log.floor.spoken is not None
    assert log.floor.hearing
    log.phone("speech_ended", 3.0, {"started_at": 2.4})
    assert not log.floor.hearing
    log.line("reply", reply("还有一件事", "since"))
    assert log.floor.spoken is None  # it goes on
    assert log.floor.latest is not None


def test_a_gap_runs_from_the_last_sample_said_to_the_first_heard() -> None:
    log = greeted()
    log.phone("speech_ended", 3.0, {"started_at": 2.4})
    log.caller("坏了")
    log.phone("said", 5.0, {"name": "坏了", "started_at": 3.5})
    log.line("heard", {"text": "坏", "confidence": 0.9})
    log.line("heard", {"text": "了", "confidence": 0.9})
    log.line("reply", reply("什么坏了", "product"))  # its event is here before its sound
    log.phone("speech_started", 5.9004, {})
    log.phone("speech_ended", 6.2, {"started_at": 5.9})
    log.phone("speech_started", 6.6, {})  # a second clause
    assert [(turn.who, turn.heard, turn.gap_ms) for turn in log.turns] == [
        ("bot", None, None),
        ("caller", "坏了", 900),
        ("bot", None, None),
    ]
    assert log.turns[1].at == 1.0


def test_a_bot_that_interrupts_is_remarked_and_its_next_answer_measured() -> None:
    log = greeted()
    log.phone("speech_ended", 3.0, {"started_at": 2.4})
    log.caller("单号是……一二三")
    log.phone("speech_started", 4.0, {})
    log.phone("said", 5.0, {"name": "单号", "started_at": 3.5})
    assert "开口" in log.remarks[0]
    assert log.turns[-1].gap_ms is None
    log.phone("speech_ended", 5.1, {"started_at": 4.0})
    log.phone("speech_started", 6.0, {})
    assert log.turns[-1].gap_ms == 1000


def test_an_answer_to_keys_is_none_to_speech() -> None:
    log = greeted()
    log.caller("昨天", "12")
    log.phone("said", 5.0, {"name": "昨天", "started_at": 4.5})
    log.phone("keyed", 5.2, {"digit": "1", "left": 1})
    log.phone("keyed", 5.5, {"digit": "2", "left": 0})
    log.phone("speech_started", 6.0, {})
    assert log.turns[-1].gap_ms is None
    assert log.keys_left == 0


def test_the_end_and_the_hand_over() -> None:
    shown: list[Live] = []
    log = CallLog(watch=shown.append)
    log.line("handoff", {"call_id": "c1", "reason": "caller_request", "ticket_no": "GD20261122-000001"})
    log.line("ended", {"call_id": "c1", "how": "handed_over"})
    log.phone("ended", 9.0, {"code": 200})
    assert log.handed_over
    assert log.line_ended
    assert log.gone
    assert shown == [Live("handoff", "caller_request GD20261122-000001")]
