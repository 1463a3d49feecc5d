"""The database under the store: one engine, transactions that roll back unless committed, migrations.

SQLite runs in WAL mode with synchronous=FULL: a ticket that was saved survives a power cut, and readers never wait for
writers. Its writers begin with BEGIN IMMEDIATE, because a transaction that reads first and writes later cannot be
repeated by SQLite when somebody else wrote in between (SQLITE_BUSY_SNAPSHOT).

PostgreSQL (`ivr.tickets.postgresql`) keeps its defaults: READ COMMITTED, so whoever reads a row to change it locks it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from ivr.errors import SettingsError, StoreBusy, StoreDown, TicketError
from ivr.tickets import postgresql

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
        options: dict[str, Any] = {"pool_timeout": patience_s, "pool_pre_ping": not self.sqlite}
        if not self.sqlite:
            options |= {"connect_args": postgresql.connect_arguments(patience_s)}
        self._engine = create_async_engine(self._url, **options)
        # SQLite lets waiting writers sleep and try: in one process a queue is fairer and faster.
        self._writers = asyncio.Lock()
        if self.sqlite:
            self._speak_sqlite()

    async def open(self) -> None:
        """Brings the tables to the newest revision; one process at a time, the others wait. Raises `TicketError` for a
        server that will not do."""
        if self.sqlite and self._url.database:
            _make_private(Path(self._url.database))
        async with _upgrading.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            await self.write(self._migrate, patience_s=max(30.0, self._patience_s))

    async def close(self) -> None:
        await self._engine.dispose()

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
        nothing but database work."""
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
            committing = False
            try:
                async with self._unit(writes=writes) as connection:
                    answer = await do(connection)
                    if writes:
                        committing = True
                        await connection.commit()
                    return answer
            except sqlalchemy.exc.TimeoutError as error:
                raise StoreBusy(_BUSY) from error
            except (sqlalchemy.exc.DBAPIError, OSError) as error:
                trouble = self._trouble(error, conflicts=again_on_conflict)
                # Whether a commit that got no answer was carried out nobody knows: it is not repeated.
                if not trouble.retry or committing or time.monotonic() >= until:
                    raise trouble from error
                await asyncio.sleep(random.uniform(0.01, 0.05))  # noqa: S311  (spreads the writers, no secret)

    def _trouble(self, error: sqlalchemy.exc.DBAPIError | OSError, *, conflicts: bool) -> TicketError:
        """What a person is told. Its `retry` says whether the same may go through a moment later."""
        state = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
        if _is_busy(error) or (conflicts and state == postgresql.CONFLICT):
            return StoreBusy(_BUSY)
        if isinstance(error, OSError) or state in postgresql.AWAY or error.connection_invalidated:
            reason = error if isinstance(error, OSError) else error.orig
            return StoreDown(f"工单数据库 {self.shown} 没有回答（{reason}）：请检查它是否在运行，以及设置 database。")
        mend = postgresql.WRONG.get(state, f"{error.orig}。可用 ivr doctor 检查")
        return TicketError(f"工单数据库 {self.shown} 出错：{mend}。")

    @asynccontextmanager
    async def _unit(self, *, writes: bool) -> AsyncIterator[AsyncConnection]:
        """A transaction. What is not committed when it ends is rolled back."""
        queue = self._in_turn() if writes and self.sqlite else nullcontext()
        async with queue, self._engine.connect() as connection:
            connection = await connection.execution_options(writes=writes)
            async with connection.begin() as transaction:
                yield connection
                if transaction.is_active:
                    await transaction.rollback()

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._writers.acquire()
        except TimeoutError:
            raise StoreBusy(_BUSY) from None
        try:
            yield
        finally:
            self._writers.release()

    def _speak_sqlite(self) -> None:
        milliseconds = int(self._patience_s * 1000 / 3)

        @event.listens_for(self._engine.sync_engine, "connect")
        def connect(connection: Any, _record: Any) -> None:
            # The driver must not begin transactions of its own: `begin` below does.
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in (
                f"busy_timeout={milliseconds}",
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(self._engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get("writes")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

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
        """The address without the password."""
        return self._url.render_as_string(hide_password=True)


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


def _make_private(file: Path) -> None:
    """Complaints are personal data: nobody else on the machine reads them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Runs the migrations on a connection that is in a transaction."""
    config = Config()
    config.set_main_option("script_location", "ivr.tickets:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


_BUSY = "工单数据库正忙，等了太久也没轮到：请稍后再试；若一直如此，请看是不是有程序占着数据库不放（ivr doctor）。"
_NO_ADDRESS = "设置 database 不是数据库的地址：要写成 postgresql://用户@主机/库名，或 sqlite:////绝对路径。"


def _is_busy(error: sqlalchemy.exc.DBAPIError | OSError) -> bool:
    """Somebody else is writing (SQLite), or two writers met (PostgreSQL: serialization, deadlock, lock timeout)."""
    orig = getattr(error, "orig", None)
    return getattr(orig, "sqlstate", None) in postgresql.BUSY or (
        isinstance(error, sqlalchemy.exc.OperationalError)
        and any(word in str(orig) for word in ("database is locked", "database table is locked"))
    )
