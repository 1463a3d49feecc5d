"""The store on a real database: SQLite in a folder of its own. Another database is one more parameter here."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Fact, Ticket

ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 22, 10, 4, 31, tzinfo=ZONE)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'tickets.db'}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[TicketStore]:
    store = TicketStore(url, ZONE)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def draft() -> Ticket:
    return Ticket(hotline="appliance", call_id="1795313071.1", caller_number="13800010001", created_at=NOW).with_fact(
        "product", Fact("空调", "客厅那个挂机", "caller", 0.94, 2)
    )
