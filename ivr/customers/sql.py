"""Customers in a database that SQLAlchemy knows: SELECTs of the settings, nothing written, a pool of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import URL, Connection, Engine, TextClause, bindparam, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ivr.customers.mapping import KINDS, ONE, CustomerMapping, Mapped, SharedNumber
from ivr.customers.numbers import e164, written
from ivr.customers.port import believed
from ivr.errors import CustomersDown, NotPrepared, SettingsError
from ivr.settings import CustomerSql
from ivr.tickets.customer import Customer

ROWS = 50
"""Of an answer, at most."""
ON_CONNECT: Mapping[str, str] = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET default_transaction_read_only = on",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
"""Dialect → what makes a connection refuse to write, beside the rights of the user."""
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


class SqlCustomers:
    """Raises `SettingsError` or `NotPrepared` when made, `CustomersDown` when asked. Opens nothing until then."""

    def __init__(
        self, sql: CustomerSql, mapping: CustomerMapping, *, place: str, password: str = "", region: str = "CN"
    ) -> None:
        self._mapping, self._place, self._region = mapping, place, region
        self._queries = {name: _query(name, words, place) for name, words in sql.queries.items()}
        if ONE not in self._queries:
            raise SettingsError(f"{place}.queries 里没有 {ONE}：请写一条按 :numbers 查客户的 SELECT。")
        url = _url(sql.address, password, place)
        self._engine, self._threads = _engine(url, sql.pool, place)
        _read_only(self._engine)

    async def of(self, number: str) -> Customer | None:
        return believed(await self.mapped(number))

    async def mapped(self, number: str) -> Mapped:
        """With what whoever writes the mapping should know."""
        numbers = list(written(number, self._region))
        known = {"number": number, "numbers": numbers, "e164": e164(number, self._region)}
        try:
            document = await self._document(known)
        except (SQLAlchemyError, OSError) as error:
            raise CustomersDown(f"数据库查询失败：{_told(error)}") from error
        except SharedNumber as error:
            return Mapped(None, doubts=(str(error),))
        return self._mapping.of(document, number)

    async def close(self) -> None:
        if isinstance(self._engine, AsyncEngine):
            await self._engine.dispose()
        else:
            self._engine.dispose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _document(self, known: Mapping[str, Any]) -> dict[str, Any]:
        if isinstance(self._engine, AsyncEngine):
            async with self._engine.connect() as connection:
                return await connection.run_sync(self._ask, known)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask_here, self._engine, known)

    def _ask_here(self, engine: Engine, known: Mapping[str, Any]) -> dict[str, Any]:
        with engine.connect() as connection:
            return self._ask(connection, known)

    def _ask(self, connection: Connection, known: Mapping[str, Any]) -> dict[str, Any]:
        """All queries in one transaction, which is rolled back."""
        row = self._mapping.one_of(self._rows(connection, ONE, known))
        if row is None:
            return {}
        more = {**row, **known}
        others = {name: self._rows(connection, name, more) for name in KINDS if name in self._queries}
        return {ONE: row, **others}

    def _rows(self, connection: Connection, name: str, known: Mapping[str, Any]) -> list[dict[str, Any]]:
        query, wanted = self._queries[name]
        lacking = [parameter for parameter in wanted if parameter not in known]
        if lacking:
            columns = "、".join(known)
            raise SettingsError(f"{self._place}.queries.{name} 用了 :{lacking[0]}，可用的只有 {columns}。")
        result = connection.execute(query, {parameter: known[parameter] for parameter in wanted})
        return [dict(row) for row in result.mappings().fetchmany(ROWS)]


def _query(name: str, words: str, place: str) -> tuple[TextClause, tuple[str, ...]]:
    """The statement and its parameters."""
    if name != ONE and name not in KINDS:
        raise SettingsError(f"{place}.queries 里有不认识的 {name}；可用：{'、'.join((ONE, *KINDS))}。")
    bare = _COMMENT.sub(" ", words).strip().rstrip(";").strip()
    if not re.match(r"(?i)(select|with)\b", bare) or ";" in bare:
        raise SettingsError(f"{place}.queries.{name} 必须是一条 SELECT：这里只读，不改 CRM 的库。")
    statement = text(bare)
    wanted = tuple(statement.compile().params)
    if "numbers" in wanted:
        statement = statement.bindparams(bindparam("numbers", expanding=True))
    return statement, wanted


def _url(address: str, password: str, place: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise SettingsError(
            f"{place}.address 不是 SQLAlchemy 地址，例如 postgresql+asyncpg://crm@10.0.0.5/crm。"
        ) from error
    if url.password:
        raise SettingsError(f"{place}.address 里有密码：请去掉，写进 var/secrets.toml（见 docs/customers.md）。")
    return url.set(password=password) if password else url


def _engine(url: URL, pool: int, place: str) -> tuple[Engine | AsyncEngine, ThreadPoolExecutor]:
    options: dict[str, Any] = {"pool_size": pool, "max_overflow": 0, "pool_pre_ping": True, "hide_parameters": True}
    try:
        engine = create_async_engine(url, **options) if url.get_dialect().is_async else create_engine(url, **options)
    except ModuleNotFoundError as error:
        raise NotPrepared(f"{place}：没有数据库驱动 {error.name}，请把它装进 .venv。") from error
    except (SQLAlchemyError, TypeError) as error:
        raise SettingsError(f"{place}.address 用不了：{_told(error)}") from error
    return engine, ThreadPoolExecutor(pool, thread_name_prefix="crm sql")


def _read_only(engine: Engine | AsyncEngine) -> None:
    words = ON_CONNECT.get(engine.dialect.name)
    if words is None:
        return

    @event.listens_for(engine.sync_engine if isinstance(engine, AsyncEngine) else engine, "connect")
    def refuse_to_write(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(words)
        cursor.close()
        connection.commit()  # what is set in a transaction is gone with its rollback


def _told(error: Exception) -> str:
    """The database's own words, first line, without our parameters: they are customers' data."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().split("\n", 1)[0][:200] or type(cause).__name__
