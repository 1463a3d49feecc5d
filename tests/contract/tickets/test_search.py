"""The same questions have the same answers on both databases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ivr.tickets import search
from ivr.tickets.customer import Customer
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Fact, Ticket, TranscriptLine
from tests.contract.conftest import NOW


async def numbers(store: TicketStore, text: str, **criteria: object) -> list[str]:
    return [ticket.ticket_no[-1] for ticket in await store.search(text, **criteria)]  # type: ignore[arg-type]


@pytest.fixture
async def filled(store: TicketStore, draft: Ticket) -> TicketStore:
    """1: an air conditioner that does not cool; 2: one that heats too little; 3: a leak, of a bank's customer."""
    first = replace(draft, category="product_fault", summary="客厅空调不制冷，三天了")
    made = await store.create(first.with_fact("model", Fact("KFR35GW", "ＫＦＲ35GW")))
    await store.add_line(made.call_id, TranscriptLine("caller", "开半天吹的都是热风", 2.0))
    await store.add_line(made.call_id, TranscriptLine("bot", "请问型号是多少", 3.0))
    await store.add_line(made.call_id, TranscriptLine("agent", "我给您派师傅", 70.0))
    second = replace(draft, call_id="2", caller_number="13912345678", summary="空调不制热，制冷正常")
    await store.create(replace(second, fields={"product": Fact("空调", "柜机")}))
    await store.add_line("3", TranscriptLine("caller", "卫生间漏水", 1.0))
    third = replace(draft, hotline="bank", call_id="3", caller_number=None, fields={}, summary="漏水")
    await store.create(replace(third, customer=Customer("王芳"), created_at=NOW + dt.timedelta(minutes=1)))
    return store


QUESTIONS = [
    ("空调", "21"),
    ("空调 不制冷", "1"),  # 2 has 不制 and 制冷, but not together
    ("制冷", "21"),
    ("热风", "1"),  # said, after the ticket was made
    ("卫生间", "3"),  # said, before
    ("师傅", "1"),  # by the agent
    ("请问型号", ""),  # the bot's own words are in every call
    ("王芳", "3"),
    ("漏", "3"),
    ("冷", "21"),  # ends a word
    ("13800010001", "1"),
    ("139", "2"),
    ("5678", "2"),
    ("GD20261122-000002", "2"),
    ("20261122-000003", "3"),
    ("1122", "321"),
    ("122-000003", ""),
    ("gd20261122", "321"),
    ("kfr35gw", "1"),
    ("ｋｆｒ３５", "1"),
    ("客厅空调，不制冷", ""),  # one term: it stands there without the comma
    ("客厅空调 不制冷 kfr 热风", "1"),
    ("空调 漏水", ""),
    ("100%", ""),
    ("' OR 1=1 --", ""),
    ('" OR *', ""),
    ("。！", ""),
    ("", ""),
]


@pytest.mark.parametrize("newest", [0, search.NEWEST])
async def test_what_is_found(filled: TicketStore, monkeypatch: pytest.MonkeyPatch, newest: int) -> None:
    monkeypatch.setattr(search, "NEWEST", max(1, newest))  # 1: the index, too
    assert {text: "".join(await numbers(filled, text)) for text, _ in QUESTIONS} == dict(QUESTIONS)


async def test_with_criteria_and_a_limit(filled: TicketStore) -> None:
    assert await numbers(filled, "漏水", hotline="appliance") == []
    assert await numbers(filled, "gd20261122", hotline="appliance") == ["2", "1"]
    assert await numbers(filled, "空调", category="product_fault") == ["1"]
    assert await numbers(filled, "gd20261122", limit=2) == ["3", "2"]
    assert await numbers(filled, "gd20261122", since=NOW + dt.timedelta(seconds=1)) == ["3"]


async def test_what_is_taken_back_is_not_found_any_more(filled: TicketStore) -> None:
    (ticket,) = await filled.search("kfr35gw")
    await filled.save(ticket.without_fact("model"), by="bot", why="")
    assert await numbers(filled, "kfr35gw") == []
    assert await numbers(filled, "热风") == ["1"]


async def test_of_many_over_years_the_newest_first(
    store: TicketStore, draft: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 3)
    monkeypatch.setattr(search, "MONTHS", 4)
    days = [0, 1, 20, 40, 100, 101, 160, 500, 900, 901, 40]
    for days_ago in days:
        made = replace(draft, call_id=str(days_ago), created_at=NOW - dt.timedelta(days=days_ago))
        await store.create(replace(made, summary="漏水" if days_ago % 2 else "渗水"))
    old = replace(
        draft, ticket_no="ALT-77", call_id="old", created_at=NOW - dt.timedelta(days=300), summary="旧系统渗水"
    )
    await store.put_on_file(old, by="import", why="旧系统")
    for text, wanted in (("渗水", [0, 20, 40, 40, 100, 160, 300, 500, 900]), ("漏水", [1, 101, 901])):
        found = await store.search(text)
        assert [(NOW - ticket.created_at).days for ticket in found] == wanted
        assert await store.search(text, limit=2) == found[:2]
    assert [ticket.ticket_no for ticket in await store.search("ALT")] == ["ALT-77"]
