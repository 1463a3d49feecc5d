"""Reading tickets: one, those of a call or a caller, lists, search, histories. `ivr.tickets.store` writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.errors import TicketUnknown
from ivr.tickets import rows, search
from ivr.tickets.database import Database
from ivr.tickets.schema import CHANGES, OWED, TICKETS, TRANSCRIPT
from ivr.tickets.ticket import Ticket, TranscriptLine
from ivr.tickets.words import question

PAGE = 500
"""Tickets read at once where all are wanted."""


OLDEST_FIRST = (TICKETS.c.created_at, TICKETS.c.ticket_no)
UNKNOWN = "没有编号为 {} 的工单，请核对编号（形如 GD20261122-000001）。"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a ticket's history."""

    at: dt.datetime
    who: str
    why: str
    changed: Mapping[str, Any]
    """Key of the contract's form → [before, after]."""


class TicketReader:
    """`url` is SQLAlchemy's (`sqlite+aiosqlite:///…`, `postgresql+asyncpg://…`); `zone` the business time zone, in
    which days begin and times are given back. Methods raise `StoreBusy` when the database is held by others for longer
    than `patience_s` seconds, `TicketError` for everything else that is wrong with it."""

    def __init__(
        self,
        url: str,
        zone: dt.tzinfo,
        *,
        patience_s: float = 6.0,
        now: Callable[[], dt.datetime] | None = None,
    ) -> None:
        self._database = Database(url, patience_s=patience_s)
        self._zone = zone
        self._now = now or (lambda: dt.datetime.now(zone))

    @property
    def database(self) -> Database:
        """For what else is kept beside the tickets: deliveries, tokens."""
        return self._database

    async def open(self) -> None:
        """Creates or migrates the tables. Any number of processes may do so at once."""
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def release(self) -> str:
        """Name and version of the database's program, for a person."""
        return await self._database.read(self._database.release)

    async def get(self, ticket_no: str) -> Ticket:
        """With transcript and related tickets. Raises `TicketError` when there is none of that number."""
        return await self._database.read(lambda connection: self._whole(connection, ticket_no))

    async def of_call(self, call_id: str) -> tuple[Ticket, ...]:
        """The tickets of a call, whole, in the order they were made."""

        async def ask(connection: AsyncConnection) -> tuple[Ticket, ...]:
            wanted = select(TICKETS).where(TICKETS.c.call_id == call_id).order_by(*OLDEST_FIRST)
            return await self._completed(connection, (await connection.execute(wanted)).all())

        return await self._database.read(ask)

    async def of_caller(self, number: str, *, before: dt.datetime, limit: int = 20) -> tuple[Ticket, ...]:
        """Tickets of a caller's number made before a moment, newest first, without transcripts."""
        wanted = select(TICKETS).where(TICKETS.c.caller_number == number, TICKETS.c.created_at < before)
        return await self._listed(wanted, limit, 0)

    async def find(
        self,
        *,
        hotline: str | None = None,
        category: str | None = None,
        status: str | None = None,
        stage: str | None = None,
        urgency: str | None = None,
        caller_number: str | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        below: tuple[dt.datetime, str] | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[Ticket, ...]:
        """Tickets that are all of this, newest first, without transcripts. `since` is included, `until` is not.
        `below`: `created_at` and number of the last ticket of the page before; pages stay whole while others write."""
        wanted = select(TICKETS).where(
            *criteria_of(
                {
                    "hotline": hotline,
                    "category": category,
                    "status": status,
                    "stage": stage,
                    "urgency": urgency,
                    "caller_number": caller_number,
                },
                since,
                until,
                below,
            )
        )
        return await self._listed(wanted, limit, offset)

    async def each(self, *, whole: bool = False, most: int | None = None, **criteria: Any) -> AsyncIterator[Ticket]:
        """One after the other what `find` would find, whatever the number; `whole`: with transcripts."""
        below: tuple[dt.datetime, str] | None = None
        left = most
        while left is None or left > 0:
            page = await self.find(**criteria, below=below, limit=PAGE if left is None else min(PAGE, left))
            for ticket in page:
                try:
                    found = await self.get(ticket.ticket_no) if whole else ticket
                except TicketUnknown:  # deleted meanwhile, being too old
                    continue
                yield found
            if len(page) < PAGE:
                return
            below = (page[-1].created_at, page[-1].ticket_no)
            left = left - len(page) if left is not None else None

    async def search(
        self,
        text: str,
        *,
        hotline: str | None = None,
        category: str | None = None,
        status: str | None = None,
        stage: str | None = None,
        urgency: str | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        below: str | None = None,
        limit: int = 50,
    ) -> tuple[Ticket, ...]:
        """Tickets in which everything of `text` is: in summary, facts, what caller and agent said, number, caller's
        number, names; newest first, without transcripts. Terms stand between spaces; Chinese is found anywhere, numbers
        and Latin words by their beginning or last four characters. Nothing is found by a text without a letter or
        digit. `below`: number of the last ticket of the page before."""
        asked = question(text)
        equal = {"hotline": hotline, "category": category, "status": status, "stage": stage, "urgency": urgency}
        criteria = [*criteria_of(equal, since, until), *search.further(below)]

        async def ask(connection: AsyncConnection) -> tuple[Ticket, ...]:
            found = await search.found(connection, asked, criteria, limit=limit, sqlite=self._database.sqlite)
            return tuple(rows.ticket_of(columns_of(row), self._zone) for row in found)

        return await self._database.read(ask)

    async def callbacks_due(self, at: dt.datetime, *, limit: int = 50) -> tuple[Ticket, ...]:
        """Tickets whose call-back is due by `at` and that nobody has closed, most urgent first."""
        wanted = (
            select(TICKETS)
            .where(TICKETS.c.callback_due <= at, text(OWED))
            .order_by(TICKETS.c.callback_due, TICKETS.c.ticket_no)
            .limit(limit)
        )
        return await self._database.read(lambda connection: self._tickets(connection, wanted))

    async def transcript(self, call_id: str) -> tuple[TranscriptLine, ...]:
        """What was said in a call, in the order of time."""
        return await self._database.read(lambda connection: transcript_of(connection, call_id))

    async def history(self, ticket_no: str) -> tuple[Change, ...]:
        """Every change of a ticket, oldest first."""

        async def ask(connection: AsyncConnection) -> tuple[Change, ...]:
            wanted = select(CHANGES).where(CHANGES.c.ticket_no == ticket_no).order_by(CHANGES.c.id)
            return tuple(
                Change(row.at.astimezone(self._zone), row.who, row.why, row.changed)
                for row in await connection.execute(wanted)
            )

        return await self._database.read(ask)

    # --- parts -------------------------------------------------------------------

    async def _whole(self, connection: AsyncConnection, ticket_no: str) -> Ticket:
        row = await row_of(connection, ticket_no)
        if row is None:
            raise TicketUnknown(UNKNOWN.format(ticket_no))
        return (await self._completed(connection, [row]))[0]

    async def _completed(self, connection: AsyncConnection, found: Sequence[Row[Any]]) -> tuple[Ticket, ...]:
        """With what other rows and tables know; all rows are of one call."""
        if not found:
            return ()
        call_id = found[0].call_id
        of_call = await numbers_of(connection, call_id)
        lines = await transcript_of(connection, call_id)
        return tuple(
            replace(
                rows.ticket_of(columns_of(row), self._zone),
                transcript=lines,
                related=tuple(number for number in of_call if number != row.ticket_no),
            )
            for row in found
        )

    async def _listed(self, wanted: Select[Any], limit: int, offset: int) -> tuple[Ticket, ...]:
        newest = wanted.order_by(TICKETS.c.created_at.desc(), TICKETS.c.ticket_no.desc()).limit(limit).offset(offset)
        return await self._database.read(lambda connection: self._tickets(connection, newest))

    async def _tickets(self, connection: AsyncConnection, wanted: Select[Any]) -> tuple[Ticket, ...]:
        return tuple(rows.ticket_of(columns_of(row), self._zone) for row in await connection.execute(wanted))


def criteria_of(
    equal: Mapping[str, str | None],
    since: dt.datetime | None,
    until: dt.datetime | None,
    below: tuple[dt.datetime, str] | None = None,
) -> list[ColumnElement[bool]]:
    """What rows of TICKETS must meet. `equal`: column → value, None = any."""
    created, number = TICKETS.c.created_at, TICKETS.c.ticket_no
    found = [TICKETS.c[name] == value for name, value in equal.items() if value is not None]
    if since is not None:
        found.append(created >= since)
    if until is not None:
        found.append(created < until)
    if below is not None:
        at, ticket_no = below
        found += [created <= at, or_(created < at, and_(created == at, number < ticket_no))]
    return found


def columns_of(row: Row[Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row._mapping.items()}


async def row_of(connection: AsyncConnection, ticket_no: str, *, lock: bool = False) -> Row[Any] | None:
    """`lock`: nobody else changes it until this transaction ends. SQLite's writers are alone anyway."""
    return (await connection.execute(_LOCKED if lock else _ROW, {"ticket_no": ticket_no})).one_or_none()


async def numbers_of(connection: AsyncConnection, call_id: str) -> tuple[str, ...]:
    """Of the call's tickets, in the order they were made."""
    return tuple(await connection.scalars(_NUMBERS, {"call_id": call_id}))


async def transcript_of(connection: AsyncConnection, call_id: str) -> tuple[TranscriptLine, ...]:
    found = await connection.execute(_SAID, {"call_id": call_id})
    return tuple(TranscriptLine(row.who, row.text, row.at, row.confidence) for row in found)


# Of every save and every turn: a statement that is made anew costs SQLAlchemy five times as much as one that it knows.
_ROW = select(TICKETS).where(TICKETS.c.ticket_no == bindparam("ticket_no"))
_LOCKED = _ROW.with_for_update()
_OF_CALL = TICKETS.c.call_id == bindparam("call_id")
_NUMBERS = select(TICKETS.c.ticket_no).where(_OF_CALL).order_by(*OLDEST_FIRST)
_SAID = (
    select(TRANSCRIPT).where(TRANSCRIPT.c.call_id == bindparam("call_id")).order_by(TRANSCRIPT.c.at, TRANSCRIPT.c.id)
)
