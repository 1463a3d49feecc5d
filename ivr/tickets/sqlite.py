"""SQLite under the store: transactions of database work, each in one go on a thread.

A driver that hands every statement to a thread and waits for it (aiosqlite) costs two switches a statement, and a
ticket takes a dozen. So the whole work of a transaction runs on the thread: it is written with `await`, but awaits
nothing but its connection, which answers at once.

WAL with synchronous=FULL: what was saved survives a power cut, and readers never wait for writers. Writers begin with
BEGIN IMMEDIATE, because a transaction that reads first and writes later cannot be repeated by SQLite when somebody else
wrote in between (SQLITE_BUSY_SNAPSHOT).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, CursorResult, Executable, NestedTransaction, ScalarResult, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.errors import StoreBusy

Answer = TypeVar("Answer")
Work = Callable[[AsyncConnection], Awaitable[Answer]]

READERS = 4
"""Threads; a search that takes long does not hold up the rest."""
CACHE_KB = 16_000
"""Of pages, a connection."""


class Sqlite:
    """`patience_s`: how long a writer waits for the others of this process; after a third of it SQLite gives up waiting
    for other processes."""

    def __init__(self, url: URL, patience_s: float) -> None:
        self._file = Path(url.database or "")
        self._patience_s = patience_s
        self._engine = create_engine(url.set(drivername="sqlite"), pool_timeout=patience_s, hide_parameters=True)
        self._set_up()
        # One thread writes: SQLite lets waiting writers sleep and try, a queue is fairer and faster.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="tickets-write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="tickets-read")
        self._turn = asyncio.Lock()

    def prepare(self) -> None:
        """Complaints are personal data: nobody else on the machine reads the file."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600)

    async def carry_out(self, work: Work[Answer], *, writes: bool) -> Answer:
        """Commits when `work` returns, rolls back when it raises; what is read is of one moment."""
        loop = asyncio.get_running_loop()
        if not writes:
            return await loop.run_in_executor(self._readers, self._unit, work, writes)
        try:
            async with asyncio.timeout(self._patience_s):
                await self._turn.acquire()
        except TimeoutError:
            raise StoreBusy(BUSY) from None
        try:
            return await loop.run_in_executor(self._writer, self._unit, work, writes)
        finally:
            self._turn.release()

    async def close(self) -> None:
        """What is being written is finished."""
        await asyncio.to_thread(self._writer.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        self._engine.dispose()

    def _unit(self, work: Work[Answer], writes: bool) -> Answer:
        with self._engine.connect().execution_options(writes=writes) as connection, connection.begin() as transaction:
            answer = _driven(work, cast("AsyncConnection", AtOnce(connection)))
            if not writes:
                transaction.rollback()
            return answer

    def _set_up(self) -> None:
        milliseconds = int(self._patience_s * 1000 / 3)
        pragmas = (
            f"busy_timeout={milliseconds}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"cache_size=-{CACHE_KB}",
        )

        @event.listens_for(self._engine, "connect")
        def connect(connection: Any, _record: Any) -> None:
            # The driver must not begin transactions of its own: `begin` below does.
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(self._engine, "begin")
        def begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get("writes")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class AtOnce:
    """What database work uses of `AsyncConnection`, over a connection of this thread: nothing of it waits."""

    def __init__(self, connection: Connection) -> None:
        self.sync_connection = connection

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        return self.sync_connection.execute(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        return self.sync_connection.scalar(statement, parameters)

    async def scalars(self, statement: Executable, parameters: Any = None) -> ScalarResult[Any]:
        return self.sync_connection.scalars(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> CursorResult[Any]:
        return self.sync_connection.exec_driver_sql(statement, parameters)

    async def run_sync(self, function: Callable[..., Answer], *words: Any, **named: Any) -> Answer:
        return function(self.sync_connection, *words, **named)

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[NestedTransaction]:
        with self.sync_connection.begin_nested() as nested:
            yield nested


def _driven(work: Work[Answer], connection: AsyncConnection) -> Answer:
    async def whole() -> Answer:
        return await work(connection)

    going = whole()
    try:
        going.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    going.close()
    raise RuntimeError("database work waits for something that is not the database")


BUSY = "工单数据库正忙，等了太久也没轮到：请稍后再试；若一直如此，请看是不是有程序占着数据库不放（ivr doctor）。"
