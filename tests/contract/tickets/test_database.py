"""A database that is missing, wrong or away is told in one sentence, and one that comes back is used again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ivr.errors import IvrError, SettingsError, StoreDown, TicketError
from ivr.settings import PROJECT
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Ticket
from tests.contract.conftest import ZONE
from tests.postgresql import Server


async def told(url: str) -> IvrError:
    store = TicketStore(url, ZONE, patience_s=0.3)
    try:
        with pytest.raises(IvrError) as error:
            await store.open()
    finally:
        await store.close()
    assert "\n" not in str(error.value)
    return error.value


@pytest.mark.parametrize("url", ["tickets.db", "mysql://a@b/c", "postgresql://a@b:x/c", "sqlite+pysqlite:///x.db"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(SettingsError, match="database"):
        TicketStore(url, ZONE)


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    for where in (f"/ivr?host={tmp_path}", "ivr@127.0.0.1:9/ivr"):
        store = TicketStore(f"postgresql://{where}", ZONE, patience_s=0.2)
        with pytest.raises(StoreDown, match="没有回答"):
            await store.find()
        await store.close()


async def test_a_database_that_is_not_there(server: Server) -> None:
    assert "没有这个数据库" in str(await told(server.url("nobody-made-it")))


def test_a_database_whose_encoding_cannot_hold_chinese(server: Server) -> None:
    server.run("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
    error = asyncio.run(told(server.url("latin")))
    assert isinstance(error, TicketError)
    assert "UTF8" in str(error)


def test_a_user_who_may_not_make_tables(server: Server) -> None:
    name = server.create()
    server.run("CREATE ROLE guest LOGIN")
    server.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", name)
    assert "没有建表的权限" in str(asyncio.run(told(server.url(name).replace("ivr@", "guest@"))))


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
async def test_a_server_that_was_started_anew_is_used_as_if_nothing_had_been(
    server: Server, url: str, store: TicketStore, draft: Ticket
) -> None:
    first = await store.create(draft)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
    ended += "current_database()"
    name = make_url(url).database or ""
    await asyncio.to_thread(server.run, ended, name)
    assert await store.get(first.ticket_no) == first
    await asyncio.to_thread(server.run, ended, name)
    assert (await store.create(draft)).ticket_no == "GD20261122-000002"


def test_the_tests_server_ends_when_pytest_is_killed(server: Server) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from ivr.prepare.places import Places; from tests import postgresql\n"
        "with postgresql.running(Places(Path(sys.argv[1]))) as server:\n"
        "    print(server.folder, flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(PROJECT)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert (folder / "data").is_dir()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    until = time.monotonic() + 30
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not folder.exists()
