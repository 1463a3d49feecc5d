"""What is written on tickets after the bot's part, in a real store."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.aftermath import Aftermath
from ivr.call.ports import CallInfo
from ivr.settings import PROJECT, Settings
from ivr.telephony.asterisk.admission import Admission
from ivr.telephony.asterisk.handoffs import HandoffOutcome
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy
from ivr.tickets.ticket import Fact, Handoff, Ticket

ZONE = ZoneInfo("Asia/Shanghai")
BEGAN = dt.datetime(2026, 11, 22, 10, 0, tzinfo=ZONE)


@dataclass(frozen=True)
class World:
    store: TicketStore
    taxonomy: Taxonomy


@dataclass(frozen=True)
class OneWorld:
    world: World

    async def of(self, call: CallInfo) -> World:
        return self.world


class NoCalls:
    def call(self, call_id: str) -> CallInfo | None:
        return None


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store = TicketStore(f"sqlite+aiosqlite:///{tmp_path / 'tickets.db'}", ZONE)
    await store.open()
    yield World(store, load_taxonomy(PROJECT / "data"))
    await store.close()


@pytest.fixture
def aftermath(world: World) -> Aftermath:
    return Aftermath(Settings(), OneWorld(world), NoCalls())


def ticket(**more: object) -> Ticket:
    draft = Ticket(hotline="appliance", call_id="c1", caller_number="13800010001", created_at=BEGAN)
    return replace(draft, category="product_fault", fields={"product": Fact("空调")}, **more)  # type: ignore[arg-type]


async def test_an_answered_transfer_is_on_the_ticket(world: World, aftermath: Aftermath) -> None:
    asked = Handoff("caller_request", "appliance", BEGAN)
    number = (await world.store.create(ticket(handoff=asked))).ticket_no
    ended = HandoffOutcome(
        call_id="c1", ticket_no=number, queue="appliance", reason="caller_request", outcome="answered", agent="8001",
        waited_s=4.5,
    )  # fmt: skip
    aftermath.handoff_ended(ended)
    await aftermath.close()
    handoff = (await world.store.get(number)).handoff
    assert handoff is not None
    assert (handoff.outcome, handoff.agent, handoff.waited_s) == ("answered", "8001", 4.5)
    assert (await world.store.get(number)).callback is None


@pytest.mark.parametrize("outcome", ["no_agent", "abandoned", "declined", "failed"])
async def test_who_reached_nobody_is_called_back(world: World, aftermath: Aftermath, outcome: str) -> None:
    number = (await world.store.create(ticket())).ticket_no
    ended = HandoffOutcome(call_id="c1", ticket_no=number, queue="appliance", reason="failed", outcome=outcome)  # type: ignore[arg-type]
    aftermath.handoff_ended(ended)
    await aftermath.close()
    found = await world.store.get(number)
    assert found.callback is not None
    assert found.callback.number == "13800010001"
    assert found.status == "incomplete", "a bot that died could not settle it itself"
    assert found.handoff is not None
    assert found.handoff.reason == "bot_failure"


async def test_a_closed_hotline_leaves_a_call_back_ticket(world: World, aftermath: Aftermath) -> None:
    aftermath.admission_decided(
        Admission(call_id="c2", route="closed", hotline="appliance", caller_number="13800010002")
    )
    await aftermath.close()
    (found,) = await world.store.of_call("c2")
    assert found.callback is not None
    assert found.callback.number == "13800010002"


async def test_calls_that_go_to_the_bot_leave_nothing(world: World, aftermath: Aftermath) -> None:
    aftermath.admission_decided(Admission(call_id="c3", route="bot", hotline="appliance"))
    await aftermath.close()
    assert await world.store.of_call("c3") == ()


async def test_drafts_of_a_line_that_died_are_settled(world: World, aftermath: Aftermath) -> None:
    number = (await world.store.create(ticket())).ticket_no
    whole = replace(ticket(), call_id="c9", status="complete")
    other = (await world.store.create(whole)).ticket_no
    await aftermath.adopt_orphans()
    found = await world.store.get(number)
    assert (found.status, found.handoff and found.handoff.reason) == ("incomplete", "bot_failure")
    assert (await world.store.get(other)).handoff is None


async def test_an_outcome_without_a_ticket_is_logged_only(aftermath: Aftermath) -> None:
    aftermath.handoff_ended(
        HandoffOutcome(call_id="c1", ticket_no=None, queue="appliance", reason="failed", outcome="no_agent")
    )
    await aftermath.close()
