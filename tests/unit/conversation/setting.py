"""A hotline as it is in `data/`, on a Sunday in November."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo

from ivr.conversation.evidence import load_evidence
from ivr.conversation.notes import Notes
from ivr.conversation.situation import Setting, Turn, Understood
from ivr.conversation.understanding import understand
from ivr.packs import load_packs
from ivr.settings import PROJECT
from ivr.tickets.customer import Customer
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Fact, Ticket

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


@cache
def setting(hotline: str = "appliance") -> Setting:
    data = PROJECT / "data"
    return Setting(
        pack=load_packs(data)[hotline],
        taxonomy=load_taxonomy(data),
        evidence=load_evidence(data, hotline),
        today=NOW.date(),
    )


def draft(hotline: str = "appliance") -> Ticket:
    return Ticket(hotline=hotline, call_id="1.1", caller_number="13800010001", created_at=NOW)


def on_file(number: str, days_ago: int, **fields: str) -> Ticket:
    return Ticket(
        ticket_no=number,
        hotline="appliance",
        category="product_fault",
        call_id=f"before-{number}",
        caller_number="13800010001",
        created_at=NOW - dt.timedelta(days=days_ago),
        fields={name: Fact(value) for name, value in fields.items()},
    )


class Caller:
    """Says one thing after another; asserts read what became of it."""

    def __init__(
        self, customer: Customer | None = None, earlier: tuple[Ticket, ...] = (), hotline: str = "appliance"
    ) -> None:
        self.setting = replace(setting(hotline), customer=customer, earlier=earlier)
        self.now = Understood(draft(hotline), Notes(), "begin")

    def says(self, text: str, *asked: str, intent: str = "inform", certainty: float = 1.0) -> Understood:
        return self._turn(Turn(text=text, asked=asked, certainty=certainty, intents={intent: 0.95}))

    def keys(self, digits: str, *asked: str) -> Understood:
        return self._turn(Turn(keys=digits, asked=asked))

    def is_silent(self, times: int) -> Understood:
        return self._turn(Turn(silent=times))

    def _turn(self, turn: Turn) -> Understood:
        self.now = understand(turn, self.now.ticket, self.now.notes, self.setting)
        return self.now

    def value(self, field: str) -> str | None:
        return self.now.ticket.value(field)
