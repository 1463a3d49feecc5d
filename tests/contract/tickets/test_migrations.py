from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from ivr.errors import TicketError
from ivr.tickets import tokens
from ivr.tickets.database import upgrade
from ivr.tickets.schema import METADATA
from ivr.tickets.store import TicketStore
from tests.contract.conftest import ZONE


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", "ivr.tickets:migrations")
    config.set_main_option("path_separator", "os")
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


async def migrate(url: str, revision: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, revision)
    await engine.dispose()


async def differences(url: str) -> list[Any]:
    def ours(name: str | None, kind: str, parents: object) -> bool:
        """Not what lies over `ticket_search` for each database."""
        return not (name or "").startswith(("ticket_fts", "ix_ticket_search_words"))

    def compare(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"include_name": ours}), METADATA))

    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


async def test_the_migrations_make_exactly_the_schema(url: str, store: TicketStore) -> None:
    assert store
    assert tokens.API_TOKENS.metadata is METADATA  # whoever imports the store need not know of tokens
    assert await differences(url) == []


@pytest.mark.parametrize("revision", revisions())
async def test_a_database_of_any_revision_is_brought_up_to_date_with_its_rows(empty_url: str, revision: str) -> None:
    await migrate(empty_url, revision)
    await execute(
        empty_url,
        "INSERT INTO tickets (ticket_no, version, status, stage, hotline, call_id, created_at, summary, fields,"
        " missing, completeness, occurrence, emotion_label, emotion_score, urgency, complexity, confidence,"
        " review_required, review_reasons, suggestions) VALUES ('GD20261101-000001', 1, 'complete', 'closed',"
        " 'appliance', 'c', '2026-11-01 02:00:00.000000', '旧工单', '{}', '[]', 1, 1, 'calm', 0, 'P3', 0, 1, false,"
        " '[]', '[]')",
    )
    if revision < "r0003":  # then the store wrote what it is found by
        line = "INSERT INTO transcript_lines (call_id, who, text, at) VALUES ('c', 'caller', '一直漏水', 1.0)"
        await execute(empty_url, line)
    store = TicketStore(empty_url, ZONE)
    await store.open()
    ticket = await store.get("GD20261101-000001")
    assert (ticket.summary, ticket.created_at.hour) == ("旧工单", 10)
    if revision < "r0003":
        assert [found.ticket_no for found in await store.search("旧工单 漏水 20261101-000001")] == [ticket.ticket_no]
    await store.close()
    assert await differences(empty_url) == []


async def execute(url: str, statement: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def test_opening_twice_changes_nothing(url: str, store: TicketStore) -> None:
    again = TicketStore(url, ZONE)
    await again.open()
    await again.close()
    assert await store.find() == ()


async def test_opening_works_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = TicketStore(f"sqlite+aiosqlite:///{tmp_path}/deep/er/tickets.db", ZONE)
    await store.open()
    await store.close()
    assert (tmp_path / "deep/er/tickets.db").stat().st_mode & 0o077 == 0


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "tickets.db"
    file.write_text("这不是数据库" * 100)
    store = TicketStore(f"sqlite+aiosqlite:///{file}", ZONE)
    with pytest.raises(TicketError, match=r"tickets\.db"):
        await store.open()
    await store.close()


async def test_two_stores_of_one_process_open_at_once(tmp_path: Path) -> None:
    stores = [TicketStore(f"sqlite+aiosqlite:///{tmp_path / f'{n}.db'}", ZONE) for n in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    for store in stores:
        assert await store.find() == ()
        await store.close()
