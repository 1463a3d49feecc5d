"""What a desk is told of hand-overs, over real sockets and from a real store."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from ivr.call.ports import CallInfo
from ivr.events import EventStream
from ivr.handoff_feed import HandoffFeed
from ivr.telephony.asterisk.handoffs import HandoffOutcome, HandoffStep
from ivr.tickets.customer import Customer
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Fact, Ticket, TranscriptLine
from tests.e2e.conftest import free_ports

ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 22, 10, 0, tzinfo=ZONE)
TOKEN = "good"
STEP = HandoffStep(
    kind="queued", call_id="c1", ticket_no="GD20261122-000001", queue="appliance", reason="p1", caller="13800010001"
)
RINGS = replace(STEP, kind="ringing", agent="8001", waited_s=0.4)


@dataclass
class Worlds:
    store: TicketStore
    slow: asyncio.Event | None = None

    async def of(self, call: CallInfo) -> Worlds:
        if self.slow:
            await self.slow.wait()
        return self


@dataclass
class Desk:
    feed: HandoffFeed
    worlds: Worlds
    url: str
    http: aiohttp.ClientSession
    heard: list[Mapping[str, Any]] = field(default_factory=list)

    @asynccontextmanager
    async def socket(self, **query: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with self.http.ws_connect(f"{self.url}/handoffs/ws", params={"token": TOKEN, **query}) as socket:
            await asyncio.sleep(0)  # the server listens in a task of its own
            yield socket


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = TicketStore(f"sqlite+aiosqlite:///{tmp_path / 'tickets.db'}", ZONE)
    await store.open()
    await store.create(
        Ticket(
            hotline="appliance", category="product_fault", call_id="c1", caller_number="13800010001", created_at=NOW,
            urgency="P1", summary="空调漏电", fields={"product": Fact("空调")}, missing=("problem",),
            customer=Customer("王芳", "vip"),
        )
    )  # fmt: skip
    for at in range(8):
        await store.add_line("c1", TranscriptLine("caller", f"第{at}句", float(at)))
    heard: list[Mapping[str, Any]] = []
    worlds = Worlds(store)

    async def allows(token: str) -> bool:
        return token == TOKEN

    feed = HandoffFeed(worlds, allows=allows, now=lambda: NOW, on_event=heard.append)
    port = free_ports().events
    events = EventStream("127.0.0.1", port, routes=feed.routes)
    await events.start()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        yield Desk(feed, worlds, f"http://127.0.0.1:{port}", http, heard)
    await events.stop()
    await feed.close()
    await store.close()


async def test_the_desk_hears_of_the_ring_with_ticket_reason_and_last_sentences(desk: Desk) -> None:
    async with desk.socket(agent="8001") as socket:
        desk.feed.step(STEP)
        queued = await socket.receive_json(timeout=3)
        desk.feed.step(RINGS)
        rings = await socket.receive_json(timeout=3)
    assert (queued["kind"], queued["agent"]) == ("handed_off", None)
    assert (rings["kind"], rings["agent"], rings["waited_s"]) == ("ringing", "8001", 0.4)
    for event in (queued, rings):
        assert (event["call_id"], event["ticket_no"], event["queue"]) == ("c1", "GD20261122-000001", "appliance")
        assert (event["reason"], event["urgency"], event["tier"], event["customer"]) == ("p1", "P1", "vip", "王芳")
        assert (event["hotline"], event["summary"], event["missing"]) == ("appliance", "空调漏电", ["problem"])
        assert [line["text"] for line in event["last_lines"]] == [f"第{at}句" for at in range(2, 8)]
        assert event["at"] == "2026-11-22T10:00:00.000+08:00"
    assert [event["kind"] for event in desk.heard] == ["handed_off", "ringing"]


async def test_server_sent_events_tell_the_same_and_late_comers_what_is_under_way(desk: Desk) -> None:
    desk.feed.step(STEP)
    desk.feed.step(RINGS)
    async with asyncio.timeout(3):
        while len(desk.heard) < 2:
            await asyncio.sleep(0.01)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with desk.http.get(f"{desk.url}/handoffs", headers=headers) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        first = await _next(stream)
        desk.feed.ended(_ended("answered", "8001"))
        last = await _next(stream)
    assert (first["kind"], first["agent"]) == ("ringing", "8001")
    assert (last["kind"], last["outcome"], last["agent"]) == ("handoff_ended", "answered", "8001")
    assert last["summary"] == "空调漏电"


async def test_a_customer_who_is_known_after_the_ring_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.handoff_feed.LOOK_S", 0.02)

    def richer(ticket: Ticket) -> Ticket:
        return replace(ticket, customer=Customer("王芳女士", "vip"))

    async with desk.socket(agent="8001") as socket:
        desk.feed.step(STEP)
        desk.feed.step(RINGS)
        before = [await socket.receive_json(timeout=3) for _ in range(2)]
        await desk.worlds.store.change("GD20261122-000001", richer, by="crm", why="客户资料后到")
        updated = await socket.receive_json(timeout=3)
        desk.feed.step(replace(RINGS, agent="8001", waited_s=9.0))
        rings_again = await socket.receive_json(timeout=3)
    assert [event["customer"] for event in before] == ["王芳", "王芳"]
    assert (updated["kind"], updated["customer"], updated["agent"]) == ("updated", "王芳女士", "8001")
    assert (updated["queue"], updated["reason"]) == ("appliance", "p1")
    assert (rings_again["kind"], rings_again["customer"]) == ("ringing", "王芳女士")


async def test_each_desk_hears_what_concerns_it(desk: Desk) -> None:
    async with desk.socket(agent="8002") as other, desk.socket(hotline="bank") as bank:
        desk.feed.step(STEP)
        desk.feed.step(RINGS)
        desk.feed.step(replace(RINGS, kind="missed"))
        desk.feed.step(replace(RINGS, agent="8002"))
        async with asyncio.timeout(3):
            while len(desk.heard) < 4:
                await asyncio.sleep(0.01)
        desk.feed.ended(_ended("no_agent", None))
        told = [await other.receive_json(timeout=3) for _ in range(3)]
        with pytest.raises(TimeoutError):
            await bank.receive_json(timeout=0.05)
    assert [event["kind"] for event in told] == ["handed_off", "ringing", "handoff_ended"]
    assert told[1]["agent"] == "8002"


@pytest.mark.parametrize("query", [{}, {"token": "bad"}])
async def test_without_a_good_token_nothing_is_told(desk: Desk, query: dict[str, str]) -> None:
    for path in ("/handoffs", "/handoffs/ws"):
        async with desk.http.get(f"{desk.url}{path}", params=query) as answer:
            assert answer.status == 401
            assert "令牌" in await answer.text()


async def test_a_store_that_does_not_answer_holds_no_ring_back(desk: Desk) -> None:
    desk.worlds.slow = asyncio.Event()
    async with desk.socket() as socket:
        desk.feed.step(STEP)
        desk.feed.step(RINGS)
        rings = await socket.receive_json(timeout=1)
        assert (rings["kind"], rings["ticket_no"], rings["reason"]) == ("ringing", "GD20261122-000001", "p1")
        assert (rings["urgency"], rings["caller_number"], rings["last_lines"]) == (None, "13800010001", [])
    desk.worlds.slow.set()


def _ended(outcome: str, agent: str | None) -> HandoffOutcome:
    return HandoffOutcome(
        call_id="c1", ticket_no="GD20261122-000001", queue="appliance", reason="p1", outcome=outcome, agent=agent,  # type: ignore[arg-type]
    )  # fmt: skip


async def _next(stream: aiohttp.ClientResponse) -> Mapping[str, Any]:
    while True:
        line = (await stream.content.readline()).decode()
        if line.startswith("data: "):
            told: Mapping[str, Any] = json.loads(line.removeprefix("data: "))
            return told
