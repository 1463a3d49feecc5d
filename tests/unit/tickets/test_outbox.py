"""Which change is which event."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ivr.settings import WebhookEvent
from ivr.tickets.outbox import happened, told
from ivr.tickets.ticket import Callback, Fact, Handoff, Ticket, TranscriptLine

AT = dt.datetime(2026, 11, 22, 10, 4, 31, tzinfo=dt.UTC)
DRAFT = Ticket(
    ticket_no="GD20261122-000001",
    hotline="appliance",
    call_id="c",
    caller_number=None,
    created_at=AT,
    missing=("since",),
)
WHOLE = replace(DRAFT, status="complete", missing=())
SHORT = replace(DRAFT, status="incomplete")
ASKED = replace(SHORT, handoff=Handoff("caller_request", "appliance", AT))
ANSWERED = replace(ASKED, handoff=Handoff("caller_request", "appliance", AT, "answered", "8001", 7.5))
CORRECTED = replace(SHORT, stage="corrected").with_fact("product", Fact("空调"))


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        (None, DRAFT, ["ticket.created"]),
        (None, replace(DRAFT, status="abandoned"), ["ticket.created", "ticket.abandoned"]),
        (None, WHOLE, ["ticket.created", "ticket.completed"]),
        (DRAFT, DRAFT.with_fact("product", Fact("空调")), []),
        (DRAFT, replace(DRAFT, missing=()), []),
        (DRAFT, WHOLE, ["ticket.completed"]),
        (DRAFT, SHORT, ["ticket.incomplete"]),
        (DRAFT, replace(DRAFT, status="abandoned"), ["ticket.abandoned"]),
        (WHOLE, replace(WHOLE, recording="c.wav"), []),
        (WHOLE, replace(WHOLE, callback=Callback(AT, "13800010001", "约定")), []),
        (DRAFT, replace(WHOLE, handoff=ASKED.handoff), ["ticket.completed", "ticket.handed_off"]),
        (SHORT, ASKED, ["ticket.handed_off"]),
        (ASKED, ANSWERED, ["ticket.handoff_ended"]),
        (SHORT, ANSWERED, ["ticket.handed_off", "ticket.handoff_ended"]),
        (ANSWERED, replace(ANSWERED, recording="c.wav"), []),
        (SHORT, CORRECTED, ["ticket.corrected"]),
        (CORRECTED, CORRECTED.with_fact("product", Fact("冰箱")), ["ticket.corrected"]),
        (CORRECTED, replace(CORRECTED, missing=()), ["ticket.completed"]),
        (CORRECTED, replace(CORRECTED, stage="accepted"), []),
        (SHORT, replace(CORRECTED, missing=()), ["ticket.completed", "ticket.corrected"]),
    ],
)
def test_events_of_a_change(before: Ticket | None, after: Ticket, events: list[WebhookEvent]) -> None:
    assert list(happened(before, after)) == events


def test_what_is_told_is_the_ticket_without_what_other_tables_hold() -> None:
    said = replace(CORRECTED, transcript=(TranscriptLine("caller", "空调坏了", 1.0),))
    data = told(SHORT, said, by="api:客服", why="更正")
    assert data["ticket"]["fields"]["product"]["value"] == "空调"
    assert "transcript" not in data["ticket"]
    assert (data["who"], data["why"], data["changed"]) == ("api:客服", "更正", ["fields.product", "stage"])
