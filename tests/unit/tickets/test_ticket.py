from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import TicketError
from ivr.tickets.customer import Agreement, Customer, Purchase, Vehicle
from ivr.tickets.ticket import (
    Callback,
    Emotion,
    Fact,
    Handoff,
    Review,
    Source,
    Suggestion,
    Ticket,
    TranscriptLine,
    of_json,
    to_json,
)
from tests.unit.tickets.conftest import NOW

KEYS = """
    ticket_no status stage hotline category call_id caller_number created_at summary fields missing completeness
    prior_ticket_no occurrence related emotion urgency complexity confidence review handoff callback customer
    suggestions transcript recording
"""


def test_the_json_form_has_the_contracts_keys_in_its_order(ticket: Ticket) -> None:
    document = to_json(ticket)
    assert list(document) == KEYS.split()
    assert document["created_at"] == "2026-11-22T10:04:31+08:00"
    assert document["handoff"] is document["callback"] is document["customer"] is document["recording"] is None
    assert document["emotion"] == {"label": "calm", "score": 0.0}
    assert document["review"] == {"required": False, "reasons": []}


def test_a_fact_hand_off_call_back_and_customer_in_the_json_form(ticket: Ticket) -> None:
    ticket = replace(
        ticket.with_fact("product", Fact("空调", "客厅那个挂机", "caller", 0.94, 2)),
        handoff=Handoff("caller_request", "appliance", NOW, "answered", "8001", 7.5),
        callback=Callback(NOW, "13800010001", "无人接听"),
        customer=Customer("王芳", "vip", (Purchase("空调", "KFR35GW"),)),
    )
    document = to_json(ticket)
    assert document["fields"]["product"] == {
        "value": "空调",
        "said": "客厅那个挂机",
        "source": "caller",
        "confidence": 0.94,
        "turn": 2,
    }
    assert list(document["handoff"]) == ["reason", "queue", "requested_at", "outcome", "agent", "waited_s"]
    assert document["callback"] == {"due": "2026-11-22T10:04:31+08:00", "number": "13800010001", "why": "无人接听"}
    assert document["customer"] == {
        "name": "王芳",
        "tier": "vip",
        "purchases": [{"product": "空调", "model": "KFR35GW"}],
        "vehicles": [],
        "agreements": [],
    }


text = st.text(max_size=12)
maybe_text = st.none() | text
score = st.floats(0, 1)
moments = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1)).map(  # noqa: DTZ001  (zone added below)
    lambda naive: naive.replace(microsecond=0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
)
days = st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1))
facts = st.builds(
    Fact,
    text,
    maybe_text,
    st.sampled_from(["caller", "crm", "prior_ticket", "keys"]),
    score,
    st.none() | st.integers(1, 30),
)
customers = st.builds(
    Customer,
    maybe_text,
    st.sampled_from(["normal", "vip"]),
    st.lists(st.builds(Purchase, text, maybe_text, maybe_text, days, days), max_size=2).map(tuple),
    st.lists(st.builds(Vehicle, text, maybe_text, days, days), max_size=2).map(tuple),
    st.lists(st.builds(Agreement, text, days), max_size=2).map(tuple),
)
tickets = st.builds(
    Ticket,
    ticket_no=text,
    status=st.sampled_from(["draft", "complete", "incomplete", "abandoned"]),
    hotline=text,
    category=maybe_text,
    call_id=text,
    caller_number=maybe_text,
    created_at=moments,
    fields=st.dictionaries(text, facts, max_size=3),
    missing=st.lists(text, max_size=2).map(tuple),
    emotion=st.builds(Emotion, st.sampled_from(["calm", "annoyed", "anxious", "angry"]), score),
    review=st.builds(Review, st.booleans(), st.lists(text, max_size=2).map(tuple)),
    handoff=st.none()
    | st.builds(Handoff, text, text, moments, st.none() | st.just("answered"), maybe_text, st.none() | score),
    callback=st.none() | st.builds(Callback, moments, maybe_text, text),
    customer=st.none() | customers,
    suggestions=st.lists(st.builds(Suggestion, text, text), max_size=2).map(tuple),
    transcript=st.lists(
        st.builds(TranscriptLine, st.sampled_from(["caller", "bot"]), text, score, st.none() | score), max_size=2
    ).map(tuple),
    recording=maybe_text,
)


@given(tickets)
def test_json_and_back_is_the_same_ticket(ticket: Ticket) -> None:
    assert of_json(json.loads(json.dumps(to_json(ticket)))) == ticket


@pytest.mark.parametrize("broken", [{}, {"hotline": 3}, {"hotline": "a", "call_id": "b", "created_at": "gestern"}])
def test_what_is_no_ticket_is_told(broken: dict[str, object]) -> None:
    with pytest.raises(TicketError, match="工单"):
        of_json(broken)


@pytest.mark.parametrize("other", ["crm", "prior_ticket"])
@pytest.mark.parametrize("own", ["caller", "keys"])
def test_the_callers_fact_wins_whatever_comes_later(ticket: Ticket, own: Source, other: Source) -> None:
    said, known = Fact("A", "a", own), Fact("B", None, other)
    assert ticket.with_fact("model", said).with_fact("model", known).value("model") == "A"
    assert ticket.with_fact("model", known).with_fact("model", said).value("model") == "A"


def test_what_the_caller_says_later_corrects_what_they_said(ticket: Ticket) -> None:
    assert ticket.with_fact("model", Fact("A")).with_fact("model", Fact("B")).value("model") == "B"
    assert ticket.with_fact("model", Fact("A")).with_fact("model", Fact("B", None, "keys")).value("model") == "B"


def test_the_crm_knows_better_than_an_earlier_ticket(ticket: Ticket) -> None:
    crm, prior = Fact("A", None, "crm"), Fact("B", None, "prior_ticket")
    assert ticket.with_fact("model", crm).with_fact("model", prior).value("model") == "A"
    assert ticket.with_fact("model", prior).with_fact("model", crm).value("model") == "A"


def test_a_fact_can_be_taken_back_or_given_way_to_the_crm(ticket: Ticket) -> None:
    said = ticket.with_fact("model", Fact("A"))
    assert said.without_fact("model").value("model") is None
    assert said.replacing("model", Fact("B", None, "crm")).value("model") == "B"
    assert said.value("model") == "A"
