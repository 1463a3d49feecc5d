"""Rasa's REST messages, without sockets: recorded answers, and answers that Rasa should never give."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

from ivr.call.ports import CallInfo, Heard, Humans, Keyed, Said, Silent
from ivr.conversation import wire
from ivr.errors import WireError
from ivr.tickets.judgement.tone import Tone

CALL = CallInfo(
    call_id="1795313071.1",
    hotline="appliance",
    caller_number="13800010001",
    started_at=dt.datetime(2026, 11, 22, 10, tzinfo=ZoneInfo("Asia/Shanghai")),
    recorded=True,
    simulation="t-1",
)

RECORDED = [
    {"recipient_id": "1795313071.1", "text": "没关系。"},
    {
        "recipient_id": "1795313071.1",
        "custom": {"asks": ["order_no"], "keys": True, "ticket_no": "GD20261122-000001", "terms": ["空调"]},
    },
    {"recipient_id": "1795313071.1", "text": "订单号在短信里能看到，您念给我吧"},
]


def test_several_messages_are_one_turn() -> None:
    reply = wire.reply(json.dumps(RECORDED).encode())
    assert reply.text == "没关系。订单号在短信里能看到，您念给我吧。"
    assert (reply.asks, reply.keys, reply.ticket_no, reply.terms) == (
        ("order_no",), True, "GD20261122-000001", ("空调",),
    )  # fmt: skip
    assert not reply.ended


def test_marks_of_the_end() -> None:
    custom = {"ended": True, "handoff": "p1", "priority": 20, "about": {"order_no": "D1"}, "protected": True}
    reply = wire.reply(json.dumps([{"text": "转人工。"}, {"custom": custom}]).encode())
    assert (reply.ended, reply.handoff, reply.priority) == (True, "p1", 20)
    assert (reply.about, reply.protected) == ({"order_no": "D1"}, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<html>",
        b'["a"]',
        b'[{"text": ""}]',
        b'[{"text": 3}]',
        b'[{"custom": {"asks": ["since"]}}]',
        b'[{"text": "a"}, {"custom": []}]',
        b'[{"text": "a"}, {"custom": {"asks": "since"}}]',
        b'[{"text": "a"}, {"custom": {"ended": "yes"}}]',
        b'[{"text": "a"}, {"custom": {"about": {"x": 1}}}]',
        b'[{"text": "\xff"}]',
    ],
)
def test_hostile_answers(body: bytes) -> None:
    with pytest.raises(WireError):
        wire.reply(body)


def test_unknown_marks_are_let_through() -> None:
    assert wire.reply(b'[{"text": "a"}, {"custom": {"colour": "red"}}]').text == "a。"


def test_what_is_sent() -> None:
    body = wire.request(CALL, Said(Heard("空调坏了", 0.8, ("空调怀了",))), number=3, asked=("since",))
    assert (body["sender"], body["message"]) == ("1795313071.1", "空调坏了")
    assert body["metadata"]["heard"] == {"confidence": 0.8, "alternatives": ["空调怀了"]}
    assert (body["metadata"]["turn"], body["metadata"]["asked"]) == (3, ["since"])
    assert wire.call_of(json.loads(json.dumps(body))["metadata"]) == CALL


def test_the_humans_of_the_queues_travel_where_they_are_known() -> None:
    humans = {"appliance": Humans(at_work=2, free=0, waiting=(0, 20), talk_s=90.5), "refund": Humans(at_work=0, free=0)}
    sent = wire.request(CALL, None, number=0, asked=(), humans=humans)
    assert wire.humans_of(json.loads(json.dumps(sent))["metadata"]) == humans
    nothing = wire.request(CALL, None, number=0, asked=())["metadata"]
    assert "humans" not in nothing
    assert wire.humans_of(nothing) == {}
    with pytest.raises(WireError, match="humans"):
        wire.humans_of({"humans": {"appliance": {"free": "many"}}})


def test_how_it_was_spoken_travels_where_it_was_measured() -> None:
    loud = Said(Heard("空调坏了", 0.8, loudness_dbov=-14.5, syllables_per_s=5.25))
    metadata = wire.request(CALL, loud, number=3, asked=())["metadata"]
    assert metadata["heard"] == {
        "confidence": 0.8,
        "alternatives": [],
        "loudness_dbov": -14.5,
        "syllables_per_s": 5.25,
    }
    assert wire.tone_of(json.loads(json.dumps(metadata))) == Tone(-14.5, 5.25)
    text = wire.request(CALL, Said(Heard("空调坏了", 0.8)), number=3, asked=())["metadata"]
    assert wire.tone_of(text) == Tone()
    assert wire.tone_of({}) == wire.tone_of({"heard": {"loudness_dbov": "?"}}) == Tone()


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        (None, "/session_begin"),
        (Keyed("12#"), '/keys{"digits": "12#"}'),
        (Silent(2), '/no_input{"times": "2"}'),
        (Said(Heard("/restart", 1.0)), "restart"),
        (Said(Heard(" ", 0.0)), "嗯"),
    ],
)
def test_turns_as_messages(turn: Said | Keyed | Silent | None, message: str) -> None:
    assert wire.request(CALL, turn, number=1, asked=())["message"] == message


@pytest.mark.parametrize(
    "metadata", [{}, {"call_id": "1", "hotline": "a"}, {"call_id": "1", "hotline": "a", "started_at": "x"}]
)
def test_metadata_that_is_not_ours(metadata: dict[str, str]) -> None:
    with pytest.raises(WireError):
        wire.call_of(metadata)
