"""The database under the store: one engine, transactions that roll back unless committed, migrations.

SQLite runs in WAL mode with synchronous=FULL: a ticket that was saved survives a power cut, and readers never wait for
writers. Its writers begin with BEGIN IMMEDIATE, because a transaction that reads first and writes later cannot be
repeated by SQLite when somebody else wrote in between (SQLITE_BUSY_SNAPSHOT).
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
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from ivr.errors import StoreBusy, TicketError

Answer = TypeVar("Answer")

# Any number that no other program on the same PostgreSQL uses as an advisory lock.
MIGRATION_LOCK = 0x1795_3130
# Alembic keeps the migration under way in a variable of its module, so two stores of one loop must take turns.
_upgrading: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class Database:
    """`patience_s`: how long one read or write may wait for others before `StoreBusy`."""

    def __init__(self, url: str, *, patience_s: float = 6.0) -> None:
        self._url = make_url(url)
        self._patience_s = patience_s
        self._sqlite = self._url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_timeout": patience_s, "pool_pre_ping": not self._sqlite}
        self._engine = create_async_engine(self._url, **options)
        # SQLite lets waiting writers sleep and try: in one process a queue is fairer and faster.
        self._writers = asyncio.Lock()
        if self._sqlite:
            self._speak_sqlite()

    async def open(self) -> None:
        """Brings the tables to the newest revision; one process at a time, the others wait."""
        if self._sqlite and self._url.database:
            _make_private(Path(self._url.database))
        async with _upgrading.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            await self.write(self._migrate, patience_s=max(30.0, self._patience_s))

    async def close(self) -> None:
        await self._engine.dispose()

    async def read(self, ask: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
        return await self._patiently(ask, writes=False, patience_s=self._patience_s)

    async def write(
        self, do: Callable[[AsyncConnection], Awaitable[Answer]], *, patience_s: float | None = None
    ) -> Answer:
        """`do` in one transaction, committed when it returns, rolled back when it raises; run again from the start when
        the database was busy, so it must hold nothing but database work."""
        return await self._patiently(do, writes=True, patience_s=patience_s or self._patience_s)

    async def _patiently(
        self, do: Callable[[AsyncConnection], Awaitable[Answer]], *, writes: bool, patience_s: float
    ) -> Answer:
        until = time.monotonic() + patience_s
        while True:
            try:
                async with self._unit(writes=writes) as connection:
                    answer = await do(connection)
                    if writes:
                        await connection.commit()
                    return answer
            except sqlalchemy.exc.TimeoutError as error:
                raise StoreBusy(_BUSY) from error
            except sqlalchemy.exc.DBAPIError as error:
                if not _is_busy(error):
                    raise TicketError(f"工单数据库 {self._shown} 出错：{error.orig}。可用 ivr doctor 检查。") from error
                if time.monotonic() >= until:
                    raise StoreBusy(_BUSY) from error
                await asyncio.sleep(random.uniform(0.01, 0.05))  # noqa: S311  (spreads the writers, no secret)

    @asynccontextmanager
    async def _unit(self, *, writes: bool) -> AsyncIterator[AsyncConnection]:
        """A transaction. What is not committed when it ends is rolled back."""
        queue = self._in_turn() if writes and self._sqlite else nullcontext()
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
        if not self._sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        await connection.run_sync(upgrade)

    @property
    def _shown(self) -> str:
        return self._url.render_as_string(hide_password=True)


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


def _is_busy(error: sqlalchemy.exc.DBAPIError) -> bool:
    """Somebody else is writing (SQLite), or two writers met (PostgreSQL: serialization, deadlock, lock timeout)."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return state in {"40001", "40P01", "55P03"} or (
        isinstance(error, sqlalchemy.exc.OperationalError)
        and any(word in str(error.orig) for word in ("database is locked", "database table is locked"))
    )
