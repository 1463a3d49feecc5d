"""The database under the store: SQLite or PostgreSQL by its address; work that is committed whole or not at
all, and taken up again when the database was busy; migrations.

SQLite's own is in `ivr.tickets.sqlite`, PostgreSQL's in `ivr.tickets.postgresql`: READ COMMITTED, so whoever reads a
row to change it locks it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.errors import SettingsError, StoreBusy, StoreDown, TicketError
from ivr.tickets import postgresql
from ivr.tickets.postgresql import CommitUnknown, Postgresql
from ivr.tickets.sqlite import BUSY, Sqlite

Answer = TypeVar("Answer")

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
"""What may stand before :// in an address → dialect and driver."""
# Alembic keeps the migration under way in a variable of its module, so two stores of one loop must take turns.
_upgrading: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class Database:
    """`patience_s`: how long one read or write may wait for others, or for the server, before `StoreBusy` or
    `StoreDown`. Raises `SettingsError` for an address that is none."""

    def __init__(self, url: str, *, patience_s: float = 6.0) -> None:
        self._url = address(url)
        self._patience_s = patience_s
        self.sqlite = self._url.get_backend_name() == "sqlite"
        self._engine = Sqlite(self._url, patience_s) if self.sqlite else Postgresql(self._url, patience_s)

    async def open(self) -> None:
        """Brings the tables to the newest revision; one process at a time, the others wait. Raises `TicketError` for a
        server that will not do."""
        self._engine.prepare()
        async with _upgrading.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            await self.write(self._migrate, patience_s=max(30.0, self._patience_s))

    async def close(self) -> None:
        await self._engine.close()

    async def read(self, ask: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
        return await self._patiently(ask, writes=False, patience_s=self._patience_s)

    async def write(
        self,
        do: Callable[[AsyncConnection], Awaitable[Answer]],
        *,
        patience_s: float | None = None,
        again_on_conflict: bool = False,
    ) -> Answer:
        """`do` in one transaction, committed when it returns, rolled back when it raises; run again from the start when
        the database was busy (or, if wanted, when another writer made a row of the same key first), so it must hold
        nothing but database work: what it awaits is the connection."""
        return await self._patiently(
            do, writes=True, patience_s=patience_s or self._patience_s, again_on_conflict=again_on_conflict
        )

    async def _patiently(
        self,
        do: Callable[[AsyncConnection], Awaitable[Answer]],
        *,
        writes: bool,
        patience_s: float,
        again_on_conflict: bool = False,
    ) -> Answer:
        until = time.monotonic() + patience_s
        while True:
            try:
                return await self._engine.carry_out(do, writes=writes)
            except sqlalchemy.exc.TimeoutError as error:
                raise StoreBusy(BUSY) from error
            except CommitUnknown as error:  # not to be repeated
                raise StoreDown(_AWAY.format(self.shown, error.__cause__)) from error
            except (sqlalchemy.exc.DBAPIError, OSError) as error:
                trouble = self._trouble(error, conflicts=again_on_conflict)
                if not trouble.retry or time.monotonic() >= until:
                    raise trouble from error
                await asyncio.sleep(random.uniform(0.01, 0.05))  # noqa: S311  (spreads the writers, no secret)

    def _trouble(self, error: sqlalchemy.exc.DBAPIError | OSError, *, conflicts: bool) -> TicketError:
        """What a person is told. Its `retry` says whether the same may go through a moment later."""
        if _is_busy(error) or (conflicts and postgresql.state(error) == postgresql.CONFLICT):
            return StoreBusy(BUSY)
        if postgresql.is_away(error):
            return StoreDown(_AWAY.format(self.shown, getattr(error, "orig", error)))
        orig = getattr(error, "orig", error)
        mend = postgresql.WRONG.get(postgresql.state(error), f"{orig}。可用 ivr doctor 检查")
        return TicketError(f"工单数据库 {self.shown} 出错：{mend}。")

    async def _migrate(self, connection: AsyncConnection) -> None:
        if not self.sqlite:
            await postgresql.check(connection)
            await postgresql.take_turns(connection)
        await connection.run_sync(upgrade)

    async def release(self, connection: AsyncConnection) -> str:
        wanted = "SELECT 'SQLite ' || sqlite_version()" if self.sqlite else "SELECT split_part(version(), ' on ', 1)"
        return str(await connection.scalar(text(wanted)))

    @property
    def shown(self) -> str:
        """The address without the password, and without what else may hold one."""
        return self._url.set(query={}).render_as_string(hide_password=True)


def address(url: str) -> URL:
    """With the driver that is used here. Raises `SettingsError`."""
    try:
        parsed = make_url(url)
    except (sqlalchemy.exc.ArgumentError, ValueError) as error:
        raise SettingsError(_NO_ADDRESS) from error
    known = DRIVERS.get(parsed.drivername, parsed.drivername)
    if known not in DRIVERS.values():
        raise SettingsError(f"设置 database 里的 {parsed.drivername} 不能用：工单只能放在 SQLite 或 PostgreSQL 里。")
    return parsed.set(drivername=known)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Runs the migrations on a connection that is in a transaction."""
    config = Config()
    config.set_main_option("script_location", "ivr.tickets:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


_AWAY = "工单数据库 {} 没有回答（{}）：请检查它是否在运行，以及设置 database。"
_NO_ADDRESS = "设置 database 不是数据库的地址：要写成 postgresql://用户@主机/库名，或 sqlite:////绝对路径。"


def _is_busy(error: sqlalchemy.exc.DBAPIError | OSError) -> bool:
    """Somebody else is writing (SQLite), or two writers met (PostgreSQL: serialization, deadlock, lock timeout)."""
    return postgresql.state(error) in postgresql.BUSY or (
        isinstance(error, sqlalchemy.exc.OperationalError)
        and any(word in str(error.orig) for word in ("database is locked", "database table is locked"))
    )
