"""What is sent has the form that the API's description tells receivers."""

import datetime as dt
from typing import get_args

import msgspec
import pytest

from ivr.api import forms
from ivr.settings import WebhookEvent
from ivr.tickets.outbox import told
from ivr.tickets.ticket import Fact, Ticket
from ivr.webhooks import wire

AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
TICKET = Ticket(
    ticket_no="GD20261123-000001", hotline="appliance", call_id="c", caller_number="13800010001", created_at=AT
).with_fact("product", Fact("空调"))


def test_the_test_event() -> None:
    sent = wire.envelope(wire.test_event("1", AT))
    assert msgspec.json.decode(sent, type=forms.TestEvent).data.message
    with pytest.raises(msgspec.ValidationError):  # and no ticket's
        msgspec.json.decode(sent, type=forms.TicketEvent)


@pytest.mark.parametrize("kind", get_args(WebhookEvent))
def test_a_tickets_event(kind: str) -> None:
    data = told(TICKET, TICKET, by="bot", why="挂机") | {"ring": {"agent": "8001"}, "last_lines": []}
    sent = wire.envelope(wire.Event("1", kind, TICKET.ticket_no, TICKET.hotline, AT, data))
    event = msgspec.json.decode(sent, type=forms.TicketEvent)
    assert (event.type, event.data.ticket.ticket_no) == (kind, TICKET.ticket_no)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(sent, type=forms.TestEvent)
