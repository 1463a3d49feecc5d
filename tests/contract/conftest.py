"""Real databases: SQLite in a folder of its own, and a PostgreSQL that the session starts. What asks for `url` or
`store` runs on both."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.prepare.places import Places
from ivr.settings import PROJECT
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Fact, Ticket
from tests import postgresql

ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 22, 10, 4, 31, tzinfo=ZONE)


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    with postgresql.running(Places(PROJECT)) as server:
        if server is None:
            pytest.skip("这台机器上没有 PostgreSQL：先运行 python3 -m ivr.prepare test。")
        yield server


@pytest.fixture(scope="session")
def migrated(server: postgresql.Server) -> str:
    """A database whose tables are made, to copy."""
    name = server.create()
    asyncio.run(_open(server.url(name)))
    return name


async def _open(url: str) -> None:
    store = TicketStore(url, ZONE)
    await store.open()
    await store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'tickets.db'}"
        return
    server = request.getfixturevalue("server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'tickets.db'}"
        return
    server, template = request.getfixturevalue("server"), request.getfixturevalue("migrated")
    name = server.create(template)
    yield server.url(name)
    server.drop(name)


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
