"""Several processes and many writers on one database: no lost write, no gap, no number twice."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from ivr.errors import StoreBusy, TicketChanged
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Fact, Ticket, TranscriptLine
from tests.contract.conftest import NOW, ZONE

SPAWN = multiprocessing.get_context("spawn")
PATIENCE_S = 60.0
"""These machines may be slow and shared; a lost write would fail all the same."""


def a_ticket(call_id: str) -> Ticket:
    return Ticket(hotline="appliance", call_id=call_id, caller_number="13800010001", created_at=NOW)


async def _create_many(url: str, who: str, writers: int, each: int) -> None:
    store = TicketStore(url, ZoneInfo("Asia/Shanghai"), patience_s=PATIENCE_S)
    await store.open()

    async def writer(number: int) -> None:
        for turn in range(each):
            ticket = await store.create(a_ticket(f"{who}.{number}.{turn}"))
            await store.add_line(ticket.call_id, TranscriptLine("caller", "喂", 0.5))
            await store.save(ticket.with_fact("product", Fact("空调")), by=who, why="第一轮")

    async with asyncio.TaskGroup() as group:
        for number in range(writers):
            group.create_task(writer(number))
    await store.close()


def create_many(url: str, who: str, writers: int, each: int) -> None:
    asyncio.run(_create_many(url, who, writers, each))


async def _count(url: str, call_id: str, times: int) -> None:
    store = TicketStore(url, ZONE, patience_s=PATIENCE_S)
    await store.open()
    (ticket,) = await store.of_call(call_id)
    for _ in range(times):
        await store.change(
            ticket.ticket_no,
            lambda read: read.with_fact("amount", Fact(str(int(read.value("amount") or 0) + 1))),
            by="counter",
            why="加一",
        )
    await store.close()


def count(url: str, call_id: str, times: int) -> None:
    asyncio.run(_count(url, call_id, times))


def together(target: object, arguments: Sequence[tuple[object, ...]]) -> None:
    processes = [SPAWN.Process(target=target, args=args) for args in arguments]  # type: ignore[arg-type]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    try:
        assert [process.exitcode for process in processes] == [0] * len(processes)
    finally:
        for process in processes:
            process.kill()


async def test_fifty_writers_in_four_processes_lose_nothing(url: str) -> None:
    """The four open (and migrate) the new database at the same moment, too."""
    shares = [(url, f"p{number}", writers, 2) for number, writers in enumerate((13, 13, 12, 12))]
    await asyncio.to_thread(together, create_many, shares)
    store = TicketStore(url, ZONE)
    await store.open()
    tickets = await store.find(limit=1000)
    assert sorted(ticket.ticket_no for ticket in tickets) == [f"GD20261122-{n:06d}" for n in range(1, 101)]
    assert all(ticket.value("product") == "空调" and ticket.version == 2 for ticket in tickets)
    assert [len(await store.transcript(ticket.call_id)) for ticket in tickets] == [1] * 100
    await store.close()


async def test_processes_that_change_one_ticket_lose_no_change(url: str, store: TicketStore) -> None:
    ticket = await store.create(a_ticket("shared"))
    await asyncio.to_thread(together, count, [(url, "shared", 10)] * 2)
    assert (await store.get(ticket.ticket_no)).value("amount") == "20"
    assert len(await store.history(ticket.ticket_no)) == 21


async def test_of_writers_with_the_same_version_one_wins(store: TicketStore) -> None:
    ticket = await store.create(a_ticket("raced"))
    results = await asyncio.gather(
        *(store.save(replace(ticket, summary=str(n)), by="bot", why="") for n in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, Ticket) for result in results) == 1
    assert sum(isinstance(result, TicketChanged) for result in results) == 9


@asynccontextmanager
async def held(url: str) -> AsyncIterator[None]:
    """Another program writes, and does not end its transaction."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT" if url.startswith("sqlite") else None)
    async with engine.connect() as connection:
        for words in HOLD[engine.dialect.name]:
            await connection.execute(text(words))
        yield
        await connection.execute(text("ROLLBACK"))
    await engine.dispose()


HOLD = {"sqlite": ["BEGIN IMMEDIATE"], "postgresql": ["LOCK TABLE tickets, ticket_days IN EXCLUSIVE MODE"]}


async def test_a_held_database_is_told_and_usable_afterwards(url: str) -> None:
    impatient = TicketStore(url, ZONE, patience_s=0.2)
    await impatient.open()
    async with held(url):
        with pytest.raises(StoreBusy) as busy:
            await impatient.create(a_ticket("c"))
        assert busy.value.retry
        assert await impatient.find() == ()  # readers never wait for writers
    assert (await impatient.create(a_ticket("c"))).ticket_no == "GD20261122-000001"
    await impatient.close()


async def test_a_writer_waits_for_one_that_is_only_slow(url: str) -> None:
    store = TicketStore(url, ZONE, patience_s=10)
    await store.open()
    async with held(url):
        creating = asyncio.create_task(store.create(a_ticket("c")))
        _done, waiting = await asyncio.wait([creating], timeout=0.3)
        assert waiting
    assert (await creating).ticket_no == "GD20261122-000001"
    await store.close()


async def test_a_cancelled_write_harms_nobody(store: TicketStore) -> None:
    creating = [asyncio.create_task(store.create(a_ticket(str(n)))) for n in range(8)]
    await asyncio.sleep(0)
    for task in creating[::2]:
        task.cancel()
    await asyncio.gather(*creating, return_exceptions=True)
    await store.create(a_ticket("after"))
    numbers = sorted(ticket.ticket_no for ticket in await store.find())
    assert numbers == [f"GD20261122-{n:06d}" for n in range(1, len(numbers) + 1)]
