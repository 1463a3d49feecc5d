"""Who may use the HTTP API: named tokens, of which only a hash is kept.

A token is `ivr_<id>_<secret>`: the id finds the row, the secret (256 random bits) is compared in constant time. A plain
SHA-256 is enough for a secret that nobody can guess; slow hashes are for passwords.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Column, Row, String, Table, UniqueConstraint, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.errors import SettingsError
from ivr.tickets.database import Database
from ivr.tickets.schema import METADATA, Moment

Scope = Literal["read", "write"]
"""`write` may read, too."""

API_TOKENS = Table(
    "api_tokens",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    UniqueConstraint("name"),
)

FORM = re.compile(r"ivr_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
NAME = re.compile(r"[^\s\x00-\x1f:]{1,40}")


@dataclass(frozen=True, slots=True)
class Token:
    id: str
    name: str
    """Goes into the history of what it changes."""
    scope: Scope
    created_at: dt.datetime
    revoked_at: dt.datetime | None = None

    def may(self, scope: Scope) -> bool:
        return scope == "read" or self.scope == "write"


class Tokens:
    """`database` is open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, name: str, scope: Scope, *, at: dt.datetime) -> str:
        """The token, to be shown once. Raises `SettingsError` when the name is taken (also by a revoked one)."""
        if not NAME.fullmatch(name):
            raise SettingsError(f"令牌名 {name!r} 不对：1–40 个字，不含空格和冒号，如 客服系统。")
        token_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        row = {"id": token_id, "name": name, "scope": scope, "hash": _hash(secret), "created_at": at}

        async def do(connection: AsyncConnection) -> None:
            try:
                await connection.execute(insert(API_TOKENS).values(row))
            except IntegrityError:
                raise SettingsError(
                    f"已经有叫 {name!r} 的令牌（也许已吊销），请换一个名字：历史里靠名字认出是谁。"
                ) from None

        await self._database.write(do)
        return f"ivr_{token_id}_{secret}"

    async def all(self) -> tuple[Token, ...]:
        async def ask(connection: AsyncConnection) -> tuple[Token, ...]:
            found = await connection.execute(select(API_TOKENS).order_by(API_TOKENS.c.created_at))
            return tuple(_token(row) for row in found)

        return await self._database.read(ask)

    async def revoke(self, name: str, *, at: dt.datetime) -> None:
        """At once, also for the server that runs. Raises `SettingsError` when there is none of that name in use."""
        gone = update(API_TOKENS).where(API_TOKENS.c.name == name, API_TOKENS.c.revoked_at.is_(None))

        async def do(connection: AsyncConnection) -> int:
            return (await connection.execute(gone.values(revoked_at=at))).rowcount

        if not await self._database.write(do):
            raise SettingsError(f"没有叫 {name!r} 的有效令牌；看 ivr api token list。")

    async def check(self, given: str) -> tuple[Token | None, str]:
        """Whose token this is, if it is good; and the id that it claims, "" when there is none of that id."""
        form = FORM.fullmatch(given)
        if form is None:
            return None, ""
        token_id, secret = form.groups()
        wanted = select(API_TOKENS).where(API_TOKENS.c.id == token_id)

        async def ask(connection: AsyncConnection) -> Row[tuple[object, ...]] | None:
            return (await connection.execute(wanted)).one_or_none()

        row = await self._database.read(ask)
        good = hmac.compare_digest(_hash(secret), row.hash if row else _hash(""))
        if row is None:
            return None, ""
        return (_token(row) if good and row.revoked_at is None else None), token_id


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(row.id, row.name, row.scope, row.created_at, row.revoked_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
