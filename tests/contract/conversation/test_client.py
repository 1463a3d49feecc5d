"""The client against a local peer that behaves like Rasa, and like a broken one; the store is a real SQLite file."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.call.ports import CallInfo, Heard, Keyed, Said, Silent
from ivr.conversation import client as client_module
from ivr.conversation import look_up
from ivr.conversation.client import RasaConversation
from ivr.errors import DialogueDown, TicketError
from ivr.packs import Pack, load_packs
from ivr.settings import PROJECT
from ivr.tickets.customer import Customer, Purchase
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy
from ivr.tickets.ticket import Fact, Ticket, TranscriptLine
from tests.fakes.customers import FakeCustomers

ZONE = ZoneInfo("Asia/Shanghai")
CALL = CallInfo("1.1", "appliance", "13800010001", dt.datetime(2026, 11, 22, 10, tzinfo=ZONE))


@dataclass
class Rasa:
    """Answers from a script; keeps what it was sent."""

    script: list[Any]
    got: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.got.append(await request.json())
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if answer == "hang":
            await asyncio.sleep(5)
        if answer == "drop":
            assert request.transport is not None
            request.transport.close()
        if isinstance(answer, int):
            return web.Response(status=answer, text="broken")
        if isinstance(answer, bytes):
            return web.Response(body=answer)
        return web.json_response(answer if isinstance(answer, list) else [])


@dataclass
class World:
    store: TicketStore
    customers: FakeCustomers
    packs: dict[str, Pack]
    taxonomy: Taxonomy


@dataclass
class Bench:
    rasa: Rasa
    talk: RasaConversation
    store: TicketStore
    customers: FakeCustomers


HELLO = [{"text": "您好"}, {"custom": {"asks": ["description"]}}]


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(client_module, "BEGIN_S", 0.3)
    rasa = Rasa([HELLO])
    app = web.Application()
    app.router.add_post("/webhooks/rest/webhook", rasa.answer)
    server = TestServer(app)
    store = TicketStore(f"sqlite+aiosqlite:///{tmp_path / 'tickets.db'}", ZONE)
    await store.open()
    await server.start_server()
    customers = FakeCustomers({})
    world = World(store, customers, load_packs(PROJECT / "data"), load_taxonomy(PROJECT / "data"))

    async def world_of(call: CallInfo) -> World:
        return world

    async with aiohttp.ClientSession() as http:
        talk = RasaConversation(http, str(server.make_url("/")), world_of, timeout_s=0.3)
        yield Bench(rasa, talk, store, customers)
        await talk.close()
    await server.close()
    await store.close()


def says(text: str) -> Said:
    return Said(Heard(text, 0.9))


async def test_turns_carry_what_was_asked(bench: Bench) -> None:
    bench.rasa.script = [
        HELLO,
        [{"text": "哪天？", "custom": {"asks": ["since"], "ticket_no": "GD1"}}],
        [{"text": "好"}],
    ]
    assert (await bench.talk.begin(CALL)).asks == ("description",)
    assert (await bench.talk.reply(CALL, says("空调坏了"))).asks == ("since",)
    last = await bench.talk.reply(CALL, Keyed("1"))
    assert last.ticket_no == "GD1"
    assert [each["metadata"]["asked"] for each in bench.rasa.got] == [[], ["description"], ["since"]]
    assert [each["metadata"]["turn"] for each in bench.rasa.got] == [0, 1, 2]


@pytest.mark.parametrize("broken", ["hang", "drop", 500, b"[]", b"not json", b'[{"custom": {}}]'])
async def test_a_broken_rasa_is_dialogue_down(bench: Bench, broken: Any) -> None:
    await bench.talk.begin(CALL)
    bench.rasa.script = [broken]
    with pytest.raises(DialogueDown):
        await bench.talk.reply(CALL, says("空调坏了"))


async def test_nobody_there() -> None:
    async def world_of(call: CallInfo) -> World:
        raise AssertionError

    async with aiohttp.ClientSession() as http:
        with pytest.raises(DialogueDown):
            await RasaConversation(http, "http://127.0.0.1:9", world_of).begin(CALL)


async def test_the_transcript_holds_both_sides(bench: Bench) -> None:
    await bench.talk.begin(CALL)
    await bench.talk.reply(CALL, says("空调坏了"))
    await bench.talk.reply(CALL, Silent(1))
    await bench.talk.end(CALL, "caller_hung_up")
    lines = await bench.store.transcript("1.1")
    assert [(line.who, line.text) for line in lines] == [
        ("bot", "您好。"), ("caller", "空调坏了"), ("bot", "您好。"), ("bot", "您好。"),
    ]  # fmt: skip


async def test_nobody_waits_for_the_transcript(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = asyncio.Event()
    add_line = bench.store.add_line

    async def slow(call_id: str, line: TranscriptLine) -> None:
        await disk.wait()
        await asyncio.sleep(0.02 if line.text == "空调坏了" else 0)  # a later line must not overtake it
        await add_line(call_id, line)

    monkeypatch.setattr(bench.store, "add_line", slow)
    await bench.talk.begin(CALL)
    await bench.talk.reply(CALL, says("空调坏了"))
    assert await bench.store.transcript("1.1") == ()
    disk.set()
    await bench.talk.end(CALL, "caller_hung_up")
    assert [line.text for line in await bench.store.transcript("1.1")] == ["您好。", "空调坏了", "您好。"]


async def test_a_lost_line_is_told_and_ends_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(call_id: str, line: TranscriptLine) -> None:
        raise TicketError("磁盘满了")

    await bench.talk.begin(CALL)
    monkeypatch.setattr(bench.store, "add_line", full)
    assert (await bench.talk.reply(CALL, says("空调坏了"))).asks == ("description",)
    assert await bench.talk.end(CALL, "caller_hung_up") is not None
    assert "a line of the transcript was lost" in caplog.text


async def test_words_survive_a_dead_dialogue(bench: Bench) -> None:
    await bench.talk.begin(CALL)
    bench.rasa.script = [500]
    with pytest.raises(DialogueDown):
        await bench.talk.reply(CALL, says("空调漏水漏了一地"))
    number = await bench.talk.end(CALL, "handed_over", "bot_failure")
    assert number is not None
    ticket = await bench.store.get(number)
    assert ticket.handoff is not None
    assert (ticket.status, ticket.handoff.reason) == ("incomplete", "bot_failure")
    assert "空调漏水漏了一地" in ticket.summary
    assert any(line.text == "空调漏水漏了一地" for line in ticket.transcript)


async def test_nothing_said_makes_no_ticket(bench: Bench) -> None:
    await bench.talk.begin(CALL)
    assert await bench.talk.end(CALL, "caller_hung_up") is None


@pytest.mark.parametrize(
    ("how", "fields", "status"),
    [
        ("caller_hung_up", {"product": "空调"}, "abandoned"),
        ("bot_hung_up", {"product": "空调"}, "incomplete"),
        ("caller_hung_up", {"product": "空调", "problem": "漏水", "since": "2026-11-20"}, "complete"),
    ],
)
async def test_the_ticket_is_settled(bench: Bench, how: Any, fields: dict[str, str], status: str) -> None:
    await bench.talk.begin(CALL)
    made = await bench.store.create(
        Ticket(
            hotline="appliance", category="product_fault", call_id="1.1", caller_number=None,
            created_at=CALL.started_at, fields={name: Fact(value) for name, value in fields.items()},
        )
    )  # fmt: skip
    assert await bench.talk.end(CALL, how) == made.ticket_no
    assert (await bench.store.get(made.ticket_no)).status == status


async def test_ending_never_raises() -> None:
    async def world_of(call: CallInfo) -> World:
        raise OSError("no disk")

    async with aiohttp.ClientSession() as http:
        assert await RasaConversation(http, "http://127.0.0.1:9", world_of).end(CALL, "caller_hung_up") is None


# --- who calls

WANG = Customer("王芳", "vip", (Purchase("空调", "KFR35GW", "DD1"),))
TOLD = [{"text": "哪天？", "custom": {"asks": ["since"]}}]


async def test_the_customer_goes_with_every_turn_and_is_asked_for_once(bench: Bench) -> None:
    bench.customers.known["13800010001"] = WANG
    bench.rasa.script = [HELLO, TOLD, TOLD]
    await bench.talk.begin(CALL)
    await bench.talk.reply(CALL, says("空调坏了"))
    await bench.talk.reply(CALL, says("昨天"))
    assert bench.customers.asked == ["13800010001"]
    told = [each["metadata"].get("customer", {}).get("name") for each in bench.rasa.got]
    assert told[1:] == ["王芳", "王芳"]


async def test_a_late_customer_goes_with_a_later_turn(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_up, "PATIENCE_S", 0.0)
    bench.customers.known["13800010001"], bench.customers.answers = WANG, asyncio.Event()
    bench.rasa.script = [HELLO, TOLD, TOLD]
    await bench.talk.begin(CALL)
    await bench.talk.reply(CALL, says("空调坏了"))
    assert "customer" not in bench.rasa.got[-1]["metadata"]
    bench.customers.answers.set()
    await asyncio.sleep(0.01)
    await bench.talk.reply(CALL, says("昨天"))
    assert bench.rasa.got[-1]["metadata"]["customer"]["name"] == "王芳"


async def test_a_broken_crm_changes_nothing(bench: Bench) -> None:
    bench.customers.fails = RuntimeError("坏了")
    bench.rasa.script = [HELLO, TOLD]
    await bench.talk.begin(CALL)
    assert (await bench.talk.reply(CALL, says("空调坏了"))).asks == ("since",)
    assert await bench.talk.end(CALL, "caller_hung_up")


@pytest.mark.parametrize("late", [False, True], ids=["before the end", "after the end"])
async def test_a_customer_who_was_not_in_the_dialogue_is_attached_to_its_tickets(bench: Bench, late: bool) -> None:
    bench.customers.known["13800010001"], bench.customers.answers = WANG, asyncio.Event()
    await bench.talk.begin(CALL)
    draft = Ticket(
        hotline="appliance", call_id=CALL.call_id, caller_number=CALL.caller_number, created_at=CALL.started_at,
        category="product_fault", fields={"problem": Fact("不制冷", turn=1)},
    )  # fmt: skip
    made = await bench.store.create(draft)
    if not late:
        bench.customers.answers.set()
        await asyncio.sleep(0.01)
    await bench.talk.end(CALL, "handed_over", "caller_request")
    if late:
        assert (await bench.store.get(made.ticket_no)).customer is None
        bench.customers.answers.set()
        for _ in range(100):
            await asyncio.sleep(0.01)
            if (await bench.store.get(made.ticket_no)).customer:
                break
    ticket = await bench.store.get(made.ticket_no)
    assert ticket.customer == WANG
    assert ticket.fields["contact_name"].value == "王芳"
    assert ("order_no" in ticket.fields or ticket.value("product") == "空调") is not late
    assert ticket.review.reasons == ("vip",)
    assert ticket.stage == "in_review"
