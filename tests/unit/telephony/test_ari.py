"""ARI's wire format: what we send is what Asterisk reads; what comes is understood or refused."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import WireError
from ivr.telephony.asterisk import ari


def event(kind: str, **values: object) -> str:
    return json.dumps({"type": kind, "channel": {"id": "1.1"}, **values})


def test_events() -> None:
    started = event("StasisStart", args=["call", "appliance"], application="ivr:PJSIP/x")
    assert ari.parse(started) == ari.Started("1.1", ("call", "appliance"), "ivr:PJSIP/x")
    assert ari.parse(event("StasisEnd")) == ari.Left("1.1", gone=False)
    assert ari.parse(event("ChannelHangupRequest", cause=16)) == ari.Left("1.1", gone=True)
    assert ari.parse(event("ChannelDestroyed")) == ari.Left("1.1", gone=True)
    assert ari.parse(event("ChannelVarset", value="x")) == ari.Other("ChannelVarset")


def test_an_answer_finds_its_request() -> None:
    answer = ari.parse(
        json.dumps({"type": "RESTResponse", "request_id": "7", "status_code": 422, "reason_phrase": "No"})
    )
    assert isinstance(answer, ari.Answer)
    assert (answer.request, answer.status, answer.ok) == ("7", 422, False)


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_a_request_survives_the_wire(path: str, query: dict[str, str]) -> None:
    sent = json.loads(ari.request("7", "POST", path, query))
    assert (sent["type"], sent["request_id"], sent["method"], sent["uri"]) == ("RESTRequest", "7", "POST", path)
    assert {pair["name"]: pair["value"] for pair in sent.get("query_strings", [])} == query


def test_a_segment_is_one_segment() -> None:
    assert ari.segment("a/b?c") == "a%2Fb%3Fc"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        '{"type": 7}',
        '{"type": "StasisStart"}',
        '{"type": "StasisStart", "channel": {}, "application": "x"}',
        '{"type": "StasisStart", "channel": {"id": 7}, "application": "x"}',
        '{"type": "StasisStart", "channel": {"id": "1"}}',
        '{"type": "StasisStart", "channel": {"id": "1"}, "application": "x", "args": "y"}',
        '{"type": "RESTResponse", "request_id": "1"}',
        '{"type": "RESTResponse", "request_id": "1", "status_code": "200"}',
        "[" * 100_000,
        " " * (ari.LONGEST_MESSAGE + 1),
    ],
)
def test_what_is_not_ari_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        ari.parse(text)


@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_hostile_input_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(WireError):
        ari.parse(text)


@given(st.integers(0, 400))
def test_a_truncated_message_is_refused(size: int) -> None:
    whole = event("StasisStart", args=["call", "appliance", "138", "400", "1", ""], application="ivr")
    if size < len(whole):
        with pytest.raises(WireError):
            ari.parse(whole[:size])
