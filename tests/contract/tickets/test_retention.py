"""What is too old goes, with all that hangs on it; the rest stays."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ivr.settings import Retention, Settings
from ivr.tickets import retention
from ivr.tickets.outbox import EVENTS
from ivr.tickets.schema import CHANGES, SEARCH, TICKETS, TRANSCRIPT
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Ticket, TranscriptLine
from ivr.upkeep import Cleared, Upkeep, seconds_until
from tests.contract.conftest import NOW, ZONE

OLD = NOW - dt.timedelta(days=400)


async def rows(store: TicketStore) -> dict[str, int]:
    async def ask(connection: Any) -> dict[str, int]:
        tables = (TICKETS, SEARCH, CHANGES, TRANSCRIPT, EVENTS)
        return {each.name: await connection.scalar(select(func.count()).select_from(each)) for each in tables}

    return await store.database.read(ask)


def upkeep(store: TicketStore, var: Path, tickets: int = 0, recordings: int = 0) -> Upkeep:
    kept = Retention(tickets_days=tickets, recordings_days=recordings)
    return Upkeep(store, Settings(var=var, retention=kept), now=lambda: NOW, sleep=lambda _: asyncio.sleep(0))


def record(var: Path, call_id: str, at: dt.datetime) -> Path:
    file = var / "recordings" / f"{call_id}.wav"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"RIFF")
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


async def fill(store: TicketStore, draft: Ticket, made: Sequence[tuple[str, dt.datetime]]) -> list[Ticket]:
    found = []
    for call_id, at in made:
        await store.add_line(call_id, TranscriptLine("caller", "漏水", 1.0))
        found.append(await store.create(replace(draft, call_id=call_id, created_at=at)))
    return found


async def test_a_ticket_that_is_too_old_goes_with_everything(
    store: TicketStore, draft: Ticket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    made = [("a", OLD), ("b", OLD), ("c", OLD), ("both", OLD), ("both", NOW), ("new", NOW)]
    tickets = await fill(store, draft, made)
    files = [record(tmp_path, call_id, at) for call_id, at in made]
    keeper = upkeep(store, tmp_path, tickets=365)
    due = await keeper.due()
    assert due.tickets is not None
    assert (due.tickets.tickets, due.tickets.unclosed, due.recordings) == (4, 4, 3)
    assert await keeper.clear() == Cleared(4, 0, 3)
    assert await keeper.clear() == Cleared(0, 0, 0)
    counts = {"tickets": 2, "ticket_search": 2, "ticket_changes": 2, "transcript_lines": 3, "webhook_events": 2}
    assert await rows(store) == counts
    assert [ticket.ticket_no for ticket in await store.search("漏水")] == [tickets[5].ticket_no, tickets[4].ticket_no]
    assert [file.exists() for file in files] == [False, False, False, True, True, True]
    again = await store.create(replace(draft, created_at=OLD))
    assert again.ticket_no.endswith("-000005")  # a number is given once


async def test_what_was_said_without_a_ticket_goes_too(draft: Ticket, url: str, tmp_path: Path) -> None:
    clock = [OLD]
    store = TicketStore(url, ZONE, now=lambda: clock[0])
    await store.open()
    await store.add_line("nothing", TranscriptLine("caller", "喂", 1.0))
    await fill(store, draft, [("late", NOW)])  # its lines are old, its ticket is not
    clock[0] = NOW
    await store.add_line("today", TranscriptLine("caller", "喂", 1.0))
    assert await upkeep(store, tmp_path, tickets=365).clear() == Cleared(0, 1, 0)
    assert [len(await store.transcript(call)) for call in ("nothing", "late", "today")] == [0, 1, 1]
    await store.close()


async def test_recordings_go_sooner_and_their_tickets_stay(store: TicketStore, draft: Ticket, tmp_path: Path) -> None:
    (ticket,) = await fill(store, draft, [("a", OLD)])
    await store.record_recording(ticket.ticket_no, "a.wav")
    old, new = record(tmp_path, "a", OLD), record(tmp_path, "b", NOW)
    assert await upkeep(store, tmp_path, recordings=90).clear() == Cleared(0, 0, 1)
    assert (old.exists(), new.exists()) == (False, True)
    assert (await store.get(ticket.ticket_no)).recording is None


async def test_without_a_period_nothing_is_deleted(store: TicketStore, draft: Ticket, tmp_path: Path) -> None:
    await fill(store, draft, [("a", OLD)])
    record(tmp_path, "a", OLD)
    keeper = upkeep(store, tmp_path)
    assert (await keeper.due()).tickets is None
    assert await keeper.clear() == Cleared(0, 0, 0)
    await keeper.daily()  # does not wait for ever either


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_it_happens_every_night_whatever_happened_the_night_before(
    store: TicketStore, draft: Ticket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await fill(store, draft, [("a", OLD)])
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        if seconds > 1:
            slept.append(seconds)
        if len(slept) == 3:
            raise asyncio.CancelledError

    keeper = Upkeep(store, Settings(var=tmp_path, retention=Retention(tickets_days=30)), now=lambda: NOW, sleep=sleep)
    with pytest.raises(asyncio.CancelledError):
        await keeper.daily()
    assert slept == [seconds_until(NOW, "03:30")] * 3
    assert await store.find() == ()


def test_the_next_time() -> None:
    at = dt.datetime(2026, 11, 22, 3, 30, tzinfo=ZONE)
    assert seconds_until(at, "03:30") == 86_400
    assert seconds_until(at - dt.timedelta(minutes=1), "03:30") == 60


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_deleted_words_are_not_in_the_file(store: TicketStore, draft: Ticket, tmp_path: Path) -> None:
    secret = "不能留下的话"
    await store.create(replace(draft, summary=secret, created_at=OLD))
    await upkeep(store, tmp_path, tickets=30).clear()
    await store.close()
    assert secret.encode() not in (tmp_path / "tickets.db").read_bytes()
