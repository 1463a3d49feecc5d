"""What is PostgreSQL's own about the store: its session, whether a server will do, and its errors in plain sentences.

SQLSTATEs: PostgreSQL's manual, appendix A.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from ivr.errors import TicketError

Answer = TypeVar("Answer")

OLDEST = 13
"""Major release: DROP … WITH (FORCE), trusted extensions and gen_random_uuid are older than any that is still kept."""
MIGRATION_LOCK = 0x1795_3130
"""Any number that no other program on the same server uses as an advisory lock."""

BUSY = frozenset({"40001", "40P01", "55P03", "53300"})
"""Two writers met, somebody holds a lock for too long, all connections are taken: the same may go through later."""
AWAY = frozenset({"57P01", "57P02", "57P03"})
"""The server is being stopped or started; with class 08 (connection exceptions) it does not answer."""
CONFLICT = "23505"
"""A row of the same key was written by somebody else in the meantime."""

WRONG = {
    "28P01": "用户名或密码不对：密码写在 var/secrets.toml 的 database_password",
    "28000": "不许这个用户登录：检查 pg_hba.conf 和用户名",
    "3D000": "服务器上没有这个数据库：请先建立（docs/tickets.md）",
    "42501": "这个用户没有建表的权限：数据库要归它所有（docs/tickets.md）",
    "53100": "服务器的磁盘满了",
    "25006": "这是只读的备机：请连到主机",
}
"""What an operator can mend, by SQLSTATE."""


class CommitUnknown(Exception):
    """The connection broke while a transaction was being committed: nobody knows whether it was."""


class Postgresql:
    """Reads see each statement's own moment (READ COMMITTED does that within a transaction, too), so they need none."""

    def __init__(self, url: URL, patience_s: float) -> None:
        self._engine = create_async_engine(
            url,
            pool_timeout=patience_s,
            max_overflow=20,
            connect_args=connect_arguments(patience_s),
            hide_parameters=True,  # what callers said is not to be in a traceback
        )
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    def prepare(self) -> None:
        """The database is the operator's to make."""

    async def carry_out(self, work: Callable[[AsyncConnection], Awaitable[Answer]], *, writes: bool) -> Answer:
        """Commits when `work` returns, rolls back when it raises. Raises `CommitUnknown`."""
        if not writes:
            async with self._reading.connect() as connection:
                return await work(connection)
        async with self._engine.connect() as connection:
            answer = await work(connection)
            try:
                await connection.commit()
            except (DBAPIError, OSError) as error:
                if is_away(error):
                    raise CommitUnknown from error
                raise
            return answer

    async def close(self) -> None:
        await self._engine.dispose()


def state(error: BaseException) -> str:
    """SQLSTATE; empty when the error is another's."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def is_away(error: DBAPIError | OSError) -> bool:
    """The server does not answer, or does not any more."""
    return isinstance(error, OSError) or state(error) in AWAY or error.connection_invalidated


def connect_arguments(patience_s: float) -> dict[str, Any]:
    """For asyncpg. A statement that waits for another's lock gives up in time to be tried again."""
    milliseconds = max(1, int(patience_s * 1000 / 3))
    return {
        "timeout": max(1.0, patience_s),
        "server_settings": {
            "application_name": "ivr",
            "timezone": "UTC",
            "lock_timeout": str(milliseconds),
            "idle_in_transaction_session_timeout": "600000",
        },
    }


async def check(connection: AsyncConnection) -> None:
    """Raises `TicketError` for a server that the store is not for."""
    wanted = "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding')"
    release, encoding = (await connection.execute(text(wanted))).one()
    if release < OLDEST:
        raise TicketError(f"PostgreSQL {release} 太旧，需要 {OLDEST} 或更新的版本。")
    if encoding != "UTF8":
        raise TicketError(f"数据库的编码是 {encoding}，存不了中文：请用 ENCODING 'UTF8' 建库（docs/tickets.md）。")


async def take_turns(connection: AsyncConnection) -> None:
    """Of processes that would migrate at once the others wait, however long it takes."""
    await connection.execute(text("SET LOCAL lock_timeout = 0"))
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
