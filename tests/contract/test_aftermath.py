"""What is written on tickets after the bot's part, in a real store."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr import aftermath as module
from ivr.aftermath import Aftermath
from ivr.call.ports import CallInfo, Reply
from ivr.conversation.wholeness import TurnWords
from ivr.errors import StoreBusy
from ivr.events import EventStream
from ivr.line import CallDesk, Engines
from ivr.packs import OpenHours, Pack, load_packs, load_prompts
from ivr.settings import PROJECT, Settings
from ivr.telephony.asterisk.admission import Admission
from ivr.telephony.asterisk.handoffs import HandoffOutcome, HandoffStep
from ivr.tickets.customer import Customer
from ivr.tickets.outbox import EVENTS
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy
from ivr.tickets.ticket import Fact, Handoff, Ticket
from tests.fakes.conversation import FakeConversation
from tests.fakes.customers import FakeCustomers
from tests.fakes.line import A_CALL, FakeLine
from tests.fakes.speech import FakeRecogniser, FakeVad, FakeVoice

ZONE = ZoneInfo("Asia/Shanghai")
BEGAN = dt.datetime(2026, 11, 22, 10, 0, tzinfo=ZONE)


@dataclass(frozen=True)
class World:
    store: TicketStore
    customers: FakeCustomers
    taxonomy: Taxonomy
    packs: Mapping[str, Pack]


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
    daytime = Pack(hotline="appliance", name="", dialled=(), open_hours=OpenHours(opens="09:00", closes="18:00"))
    bank = replace(daytime, hotline="bank", queue="money")
    customers = FakeCustomers({"13800010002": Customer("王芳", "vip")})
    yield World(store, customers, load_taxonomy(PROJECT / "data"), {"appliance": daytime, "bank": bank})
    await store.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "recordings").mkdir()
    return Settings(var=tmp_path)


@pytest.fixture
def aftermath(world: World, settings: Settings) -> Aftermath:
    return Aftermath(settings, OneWorld(world), NoCalls())


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


async def test_who_chose_a_call_back_while_waiting_is_called_back(world: World, aftermath: Aftermath) -> None:
    number = (await world.store.create(ticket(handoff=Handoff("vip", "appliance", BEGAN)))).ticket_no
    aftermath.handoff_ended(
        HandoffOutcome(
            call_id="c1", ticket_no=number, queue="appliance", reason="vip", outcome="no_agent", wants_call_back=True
        )
    )
    await aftermath.close()
    owed = (await world.store.get(number)).callback
    assert owed is not None
    assert "选择回电" in owed.why


async def test_a_call_back_that_was_made_is_not_owed_again_when_the_outcome_is_told_again(
    world: World, aftermath: Aftermath
) -> None:
    number = (await world.store.create(ticket(handoff=Handoff("vip", "appliance", BEGAN)))).ticket_no
    ended = HandoffOutcome(call_id="c1", ticket_no=number, queue="appliance", reason="vip", outcome="no_agent")
    aftermath.handoff_ended(ended)
    await aftermath.close()
    await world.store.finish_callback(number, by="8001", why="已回电")
    aftermath.handoff_ended(ended)
    await aftermath.close()
    assert (await world.store.get(number)).callback is None


async def test_other_systems_are_told_of_a_ring(world: World, aftermath: Aftermath) -> None:
    made = await world.store.create(Ticket(hotline="appliance", call_id="c9", caller_number=None, created_at=BEGAN))
    for kind, number in (("queued", None), ("ringing", None), ("missed", None), ("ringing", made.ticket_no)):
        aftermath.handoff_step(
            HandoffStep(kind=kind, call_id="c9", ticket_no=number, queue="appliance", reason="vip", agent="8001")
        )
        await aftermath.close()
    aftermath.handoff_step(HandoffStep(kind="ringing", call_id="c0", ticket_no=None, queue="appliance", reason="vip"))
    await aftermath.close()

    async def rings(connection: AsyncConnection) -> list[str]:
        rows = select(EVENTS.c.ticket_no).where(EVENTS.c.type == "ticket.ringing")
        return list(await connection.scalars(rows))

    assert await world.store.database.read(rings) == [made.ticket_no] * 2


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


async def test_every_complaint_of_the_call_tells_what_became_of_the_transfer(
    world: World, aftermath: Aftermath
) -> None:
    asked = Handoff("caller_request", "appliance", BEGAN)
    numbers = [(await world.store.create(ticket(handoff=asked))).ticket_no for _ in range(2)]
    ended = HandoffOutcome(
        call_id="c1", ticket_no=numbers[0], queue="appliance", reason="caller_request", outcome="answered", agent="8001"
    )
    aftermath.handoff_ended(ended)
    await aftermath.close()
    handoffs = [each.handoff for each in await world.store.of_call("c1")]
    assert [each.outcome for each in handoffs if each] == ["answered", "answered"]


async def test_a_closed_hotline_leaves_a_call_back_ticket(world: World, aftermath: Aftermath) -> None:
    aftermath.admission_decided(
        Admission(call_id="c2", route="closed", hotline="appliance", caller_number="13800010002")
    )
    await aftermath.close()
    (found,) = await world.store.of_call("c2")
    assert found.callback is not None
    assert found.callback.number == "13800010002"
    assert 9 <= found.callback.due.hour < 18, "somebody must be there to call back"
    assert found.customer == Customer("王芳", "vip")
    assert (found.review.reasons, found.value("contact_name")) == (("vip",), "王芳")


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


def without_ticket(**more: object) -> HandoffOutcome:
    plain = HandoffOutcome(call_id="c1", ticket_no=None, queue="appliance", reason="", outcome="no_agent")
    return replace(plain, **more)  # type: ignore[arg-type]


async def test_who_went_straight_to_a_human_and_reached_nobody_is_called_back(
    world: World, aftermath: Aftermath
) -> None:
    aftermath.handoff_ended(without_ticket(hotline="appliance", caller="+8613800010003", waited_s=30.0))
    await aftermath.close()
    (found,) = await world.store.of_call("c1")
    assert (found.hotline, found.caller_number, found.status) == ("appliance", "13800010003", "incomplete")
    assert found.summary == "来电人直接转到人工，未说明事由。"
    assert found.value("contact_number") == "13800010003"
    assert found.handoff is not None
    assert (found.handoff.reason, found.handoff.outcome, found.handoff.waited_s) == ("bot_failure", "no_agent", 30.0)
    assert found.callback is not None
    assert (found.callback.number, found.callback.why) == ("13800010003", "转人工时没有坐席接听")
    assert 9 <= found.callback.due.hour < 18


async def test_who_went_straight_to_a_human_and_was_answered_has_a_ticket(world: World, aftermath: Aftermath) -> None:
    aftermath.handoff_ended(without_ticket(hotline="bank", outcome="answered", agent="8001"))
    await aftermath.close()
    (found,) = await world.store.of_call("c1")
    assert found.handoff is not None
    assert (found.handoff.agent, found.callback) == ("8001", None)


@pytest.mark.parametrize(("queue", "hotline"), [("appliance", "appliance"), ("money", "bank")])
async def test_without_anybody_who_decided_the_queue_tells_the_hotline(
    world: World, aftermath: Aftermath, queue: str, hotline: str
) -> None:
    aftermath.handoff_ended(without_ticket(queue=queue, reason="bot_failure"))
    await aftermath.close()
    (found,) = await world.store.of_call("c1")
    assert found.hotline == hotline
    assert found.callback is not None
    assert found.callback.why.endswith("来电人未显示号码")


async def test_a_ticket_that_the_channel_did_not_carry_is_used(world: World, aftermath: Aftermath) -> None:
    number = (await world.store.create(ticket())).ticket_no
    aftermath.handoff_ended(without_ticket(hotline="appliance", caller="13800010001"))
    await aftermath.close()
    (found,) = await world.store.of_call("c1")
    assert found.ticket_no == number
    assert found.callback is not None


async def test_an_outcome_of_nobody_knows_which_hotline_is_logged_only(world: World, aftermath: Aftermath) -> None:
    aftermath.handoff_ended(without_ticket(queue="other"))
    await aftermath.close()
    assert await world.store.of_call("c1") == ()


async def test_a_withheld_number_is_told_to_whoever_should_call_back(world: World, aftermath: Aftermath) -> None:
    aftermath.admission_decided(Admission(call_id="c2", route="closed", hotline="appliance"))
    await aftermath.close()
    (found,) = await world.store.of_call("c2")
    assert found.callback is not None
    assert (found.callback.number, found.callback.why) == (None, "非服务时间来电，来电人未显示号码")


@dataclass
class Busy:
    """A store whose world is out of reach for some times."""

    world: World
    faults: list[Exception]

    async def of(self, call: CallInfo) -> World:
        if self.faults:
            raise self.faults.pop(0)
        return self.world


@pytest.mark.parametrize(
    ("faults", "written"),
    [([StoreBusy("忙")] * 2, 1), ([StoreBusy("忙")] * 3, 0), ([RuntimeError("a fault of ours")], 0)],
)
async def test_a_busy_store_is_asked_again_and_a_loss_is_logged(
    world: World,
    faults: list[Exception],
    written: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    settled: list[str] = []
    aftermath = Aftermath(Settings(), Busy(world, list(faults)), NoCalls(), on_settled=settled.append)
    aftermath.handoff_ended(without_ticket(hotline="appliance"))
    await aftermath.close()
    assert len(await world.store.of_call("c1")) == written
    assert settled == ["c1"] * written, "what is not written is kept where it came from"
    assert ("was not written" in caplog.text) is (not written)


async def test_orphans_that_cannot_be_settled_do_not_end_the_line(
    world: World, aftermath: Aftermath, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "ORPHANS_AT_ONCE", 2)
    drafts = [await world.store.create(replace(ticket(), call_id=f"c{n}")) for n in range(5)]
    bad = drafts[3].ticket_no
    settle = Aftermath._settle

    async def settle_all_but_one(self: Aftermath, world: World, ticket_no: str) -> None:
        if ticket_no == bad:
            raise KeyError(ticket_no)
        await settle(self, world, ticket_no)

    monkeypatch.setattr(Aftermath, "_settle", settle_all_but_one)
    await aftermath.adopt_orphans()
    assert [t.ticket_no for t in await world.store.find(status="draft")] == [bad]
    assert bad in caplog.text
    await Aftermath(Settings(), Busy(world, [RuntimeError("no store")]), NoCalls()).adopt_orphans()


def recording(settings: Settings, call_id: str = "c1") -> None:
    (settings.var / "recordings" / f"{call_id}.wav").touch()


async def test_the_recording_is_on_every_ticket_of_the_call(
    world: World, aftermath: Aftermath, settings: Settings
) -> None:
    for category in ("product_fault", "repair_delay"):
        await world.store.create(replace(ticket(), category=category))
    recording(settings)
    aftermath.recorded(CallInfo("c1", "appliance", "13800010001", BEGAN, recorded=True))
    await aftermath.close()
    assert [t.recording for t in await world.store.of_call("c1")] == ["c1.wav", "c1.wav"]


async def test_a_call_whose_recording_never_began_has_none(world: World, aftermath: Aftermath) -> None:
    await world.store.create(ticket())
    aftermath.recorded(CallInfo("c1", "appliance", "13800010001", BEGAN, recorded=True))
    await aftermath.close()
    assert [t.recording for t in await world.store.of_call("c1")] == [None]


async def test_the_recording_of_a_call_whose_line_process_was_killed_is_on_its_ticket(
    world: World, aftermath: Aftermath, settings: Settings
) -> None:
    """Whichever comes first: the new line process finds the draft, or the human's part ends."""
    for number in ("c1", "c2"):
        await world.store.create(replace(ticket(), call_id=number))
        recording(settings, number)
    aftermath.handoff_ended(without_ticket(hotline="appliance"))  # of c1
    await aftermath.close()
    await aftermath.adopt_orphans()
    assert [[t.recording for t in await world.store.of_call(call)] for call in ("c1", "c2")] == [["c1.wav"], ["c2.wav"]]


async def test_the_bare_ticket_of_a_call_that_came_to_nothing_has_its_recording(
    world: World, aftermath: Aftermath, settings: Settings
) -> None:
    recording(settings)
    aftermath.handoff_ended(without_ticket(hotline="appliance"))
    await aftermath.close()
    assert [t.recording for t in await world.store.of_call("c1")] == ["c1.wav"]


@pytest.mark.parametrize("recorded", [True, False])
async def test_the_desk_tells_of_recorded_calls(recorded: bool) -> None:
    told: list[CallInfo] = []
    call = replace(A_CALL, recorded=recorded, simulation="tok1")
    line = FakeLine(info=call)
    data = PROJECT / "data"

    async def voice_of(_: CallInfo) -> FakeVoice:
        return FakeVoice()

    conversation = FakeConversation([Reply("您好")])
    engines = Engines(activity=FakeVad, recogniser=FakeRecogniser(), voice_of=voice_of, conversation=conversation)
    desk = CallDesk(
        Settings(), load_packs(data), load_taxonomy(data), load_prompts(data), TurnWords, engines,
        EventStream("127.0.0.1", 0), on_recorded=told.append,
    )  # fmt: skip
    taking = asyncio.create_task(desk.take(line))
    await line.be_silent(0.5)
    assert told == []
    await line.caller_hangs_up()
    await asyncio.wait_for(taking, 5)
    assert told == ([call] if recorded else [])
