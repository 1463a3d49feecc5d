"""An agent completes the bot's ticket, in a real store."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ivr.errors import StepRefused, TicketError, WrongValue
from ivr.settings import PROJECT
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Fact, Handoff, Ticket
from ivr.tickets.wrap_up import WrapUp, finish
from tests.contract.conftest import ZONE

BEGAN = dt.datetime(2026, 11, 22, 10, 0, tzinfo=ZONE)
LATER = BEGAN + dt.timedelta(minutes=5)
TAXONOMY = load_taxonomy(PROJECT / "data")
HANDED_OVER = Ticket(
    hotline="appliance",
    category="product_fault",
    call_id="c1",
    caller_number="13800010001",
    created_at=BEGAN,
    status="incomplete",
    fields={"product": Fact("空调", "客厅那个挂机", turn=2)},
    missing=("problem", "since"),
    handoff=Handoff("caller_request", "appliance", BEGAN, "answered", "8001", 3.0),
)


async def test_what_was_lacking_is_added_to_the_same_ticket(store: TicketStore) -> None:
    number = (await store.create(HANDED_OVER)).ticket_no
    wrap_up = WrapUp(fields={"problem": "不制冷", "since": "2026-11-19"}, note="师傅明天上午上门")
    ticket = await finish(store, number, wrap_up, TAXONOMY, by="8001", at=LATER)
    assert (ticket.status, ticket.stage, ticket.missing) == ("incomplete", "accepted", ())
    assert (ticket.value("product"), ticket.fields["product"].said) == ("空调", "客厅那个挂机")
    assert "不制冷" in ticket.summary
    assert "还缺" not in ticket.summary
    assert [(line.who, line.text, line.at) for line in ticket.transcript] == [
        ("agent", "（小结 8001）师傅明天上午上门", 300.0)
    ]
    assert ticket.handoff == HANDED_OVER.handoff
    assert [each.ticket_no for each in await store.of_call("c1")] == [number]
    last = (await store.history(number))[-1]
    assert (last.who, last.why) == ("8001", "坐席补全：师傅明天上午上门")
    assert set(last.changed) >= {"fields.problem", "fields.since", "stage", "missing"}


async def test_what_was_known_wrongly_is_a_correction(store: TicketStore) -> None:
    number = (await store.create(HANDED_OVER)).ticket_no
    ticket = await finish(store, number, WrapUp(fields={"product": "冰箱"}), TAXONOMY, by="8001", at=LATER)
    assert (ticket.stage, ticket.value("product")) == ("corrected", "冰箱")
    closed = await finish(store, number, WrapUp(note="已退款", close=True), TAXONOMY, by="8001", at=LATER)
    assert closed.stage == "closed"
    with pytest.raises(StepRefused):
        await finish(store, number, WrapUp(note="再说"), TAXONOMY, by="8001", at=LATER)


@pytest.mark.parametrize(
    ("wrap_up", "says"),
    [
        (WrapUp(), "没有要补的"),
        (WrapUp(fields={"colour": "红"}), "colour"),
        (WrapUp(fields={"since": "前天"}), "2026-11-22"),
        (WrapUp(category="nothing"), "nothing"),
        (WrapUp(note="长" * 2001), "太长"),
    ],
)
async def test_what_does_not_fit_is_refused_and_changes_nothing(store: TicketStore, wrap_up: WrapUp, says: str) -> None:
    number = (await store.create(HANDED_OVER)).ticket_no
    with pytest.raises(WrongValue, match=says):
        await finish(store, number, wrap_up, TAXONOMY, by="8001", at=LATER)
    assert len(await store.history(number)) == 1


async def test_not_while_the_bot_still_writes_it(store: TicketStore) -> None:
    number = (await store.create(replace(HANDED_OVER, status="draft", handoff=None))).ticket_no
    with pytest.raises(StepRefused):
        await finish(store, number, WrapUp(note="好"), TAXONOMY, by="8001", at=LATER)
    with pytest.raises(TicketError, match="GD20261122-999999"):
        await finish(store, "GD20261122-999999", WrapUp(note="好"), TAXONOMY, by="8001", at=LATER)
