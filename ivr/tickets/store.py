"""The store of tickets, written by several processes at once: the action server (facts), the line (what was said,
what became of a hand-off, call-backs), people.

Who writes what is kept apart so that nobody's work is lost:

- `save` writes everything but the outcome of a hand-off, and never clears a call-back. It carries the version that was
  read; had somebody else saved meanwhile it raises `TicketChanged`, and the caller reads again. `change` reads itself.
- `record_handoff`, `record_callback` and `record_recording` write only their own columns, whatever the version.
- `add_line` writes the transcript, a table of its own, by call.

What other systems are told of (`outbox`) is written in the same transaction as the change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.errors import StepRefused, TicketChanged, TicketError, TicketUnknown
from ivr.tickets import numbers, outbox, retention, rows, search
from ivr.tickets.database import Database
from ivr.tickets.lifecycle import check_followed
from ivr.tickets.schema import CHANGES, OWED, TICKETS, TRANSCRIPT
from ivr.tickets.ticket import Callback, Handoff, Outcome, Ticket, TranscriptLine
from ivr.tickets.words import question

PAGE = 500
"""Tickets read at once where all are wanted."""


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a ticket's history."""

    at: dt.datetime
    who: str
    why: str
    changed: Mapping[str, Any]
    """Key of the contract's form → [before, after]."""


class TicketStore:
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

    # --- writing -----------------------------------------------------------------

    async def create(self, ticket: Ticket, *, by: str = "bot", why: str = "通话中记下第一条事实") -> Ticket:
        """Writes a new ticket and allots its number: GDyyyymmdd-NNNNNN, counted from 1 on each day of `created_at`."""
        if ticket.ticket_no:
            raise TicketError(f"工单 {ticket.ticket_no} 已经有编号，不能再新建。")

        async def do(connection: AsyncConnection) -> Ticket:
            day = self._day(ticket)
            known = await _transcript(connection, ticket.call_id), await _numbers_of(connection, ticket.call_id)
            # From here on other writers of the day wait: nothing is read any more.
            number = await numbers.next_number(connection, day)
            numbered = replace(ticket, ticket_no=numbers.spelled(day, number), version=1)
            row = await self._insert(connection, numbered, known[0], by, why)
            await self._tell(connection, None, numbered, by, why)
            return replace(rows.ticket_of(row, self._zone), transcript=known[0], related=known[1])

        return await self._database.write(do)

    async def put_on_file(self, ticket: Ticket, *, by: str, why: str) -> Ticket:
        """Writes a ticket that has its number already (another system's, a simulation's). One of the same number and
        call stays as it is, so that this can be repeated; raises `TicketError` when another call has the number."""

        async def do(connection: AsyncConnection) -> Ticket:
            known = await _row(connection, ticket.ticket_no)
            if known and known.call_id == ticket.call_id:
                return await self._whole(connection, ticket.ticket_no)
            if known:
                raise TicketError(f"编号 {ticket.ticket_no} 已被另一通电话的工单占用。")
            await numbers.keep_free(connection, ticket.ticket_no)
            lines = await _transcript(connection, ticket.call_id)
            await self._insert(connection, replace(ticket, version=1), lines, by, why)
            return await self._whole(connection, ticket.ticket_no)

        return await self._database.write(do, again_on_conflict=True)

    async def save(self, ticket: Ticket, *, by: str, why: str) -> Ticket:
        """Writes what changed, with who and why; gives the ticket as it is now stored. Raises `TicketChanged` when it
        was saved by somebody else since it was read, `TicketError` for a step its life does not allow."""

        async def do(connection: AsyncConnection) -> Ticket:
            return await self._update(connection, ticket, by, why)

        return await self._database.write(do)

    async def change(self, ticket_no: str, alter: Callable[[Ticket], Ticket], *, by: str, why: str) -> Ticket:
        """Reads, alters and saves in one transaction. `alter` must be pure: it may run twice."""

        async def do(connection: AsyncConnection) -> Ticket:
            await _row(connection, ticket_no, lock=True)
            return await self._update(connection, alter(await self._whole(connection, ticket_no)), by, why)

        return await self._database.write(do)

    async def record_handoff(
        self, ticket_no: str, outcome: Outcome, agent: str | None, waited_s: float | None, *, by: str = "line"
    ) -> None:
        """What became of a hand-off. One that nobody had asked for counts as asked for now, because the bot failed."""

        def values(ticket: Ticket) -> dict[str, Any]:
            handoff = ticket.handoff or Handoff("bot_failure", ticket.hotline, self._now())
            return rows.request_of(handoff) | rows.outcome_of(
                replace(handoff, outcome=outcome, agent=agent, waited_s=waited_s)
            )

        await self._record(ticket_no, values, by, "转人工的结果")

    async def note_ring(self, ticket_no: str, *, agent: str, queue: str, reason: str, waited_s: float) -> None:
        """An agent's telephone rings for this ticket: other systems are told, the ticket stays as it is."""
        ring = {"agent": agent, "queue": queue, "reason": reason, "waited_s": round(waited_s, 1)}

        async def do(connection: AsyncConnection) -> None:
            ticket = await self._whole(connection, ticket_no)
            await outbox.note_ring(connection, ticket, ring, at=self._now(), by="line")

        await self._database.write(do)

    async def record_callback(self, ticket_no: str, callback: Callback, *, by: str = "line") -> None:
        await self._record(ticket_no, lambda _: rows.callback_of(callback), by, "约定回电")

    async def finish_callback(self, ticket_no: str, *, by: str, why: str) -> None:
        """The caller was called back; who and when is in the history. Raises `TicketError` when none was owed."""

        def values(ticket: Ticket) -> dict[str, Any]:
            if ticket.callback is None:
                raise StepRefused(f"工单 {ticket_no} 没有待办的回电，也许已经有人回过了。")
            return {"callback_due": None, "callback_number": None, "callback_why": None}

        await self._record(ticket_no, values, by, why, anew=True)

    async def reopen_callback(self, ticket_no: str, *, by: str, why: str) -> None:
        """It was not made after all: the one that was finished last is owed again. Raises `TicketError`."""

        async def do(connection: AsyncConnection) -> None:
            wanted = select(CHANGES.c.changed).where(CHANGES.c.ticket_no == ticket_no).order_by(CHANGES.c.id.desc())
            last = next((each["callback"] for each in await connection.scalars(wanted) if "callback" in each), None)
            if last is None or last[0] is None or last[1] is not None:
                raise TicketError(f"工单 {ticket_no} 没有已经打过的回电。")
            owed = Callback(dt.datetime.fromisoformat(last[0]["due"]), last[0]["number"], last[0]["why"])
            await self._write_down(connection, ticket_no, lambda _: rows.callback_of(owed), by, why, anew=True)

        await self._database.write(do)

    async def record_recording(self, ticket_no: str, file: str, *, by: str = "line") -> None:
        await self._record(ticket_no, lambda _: {"recording": file}, by, "录音")

    async def add_line(self, call_id: str, line: TranscriptLine) -> None:
        """Appends to what was said in a call, whether or not there is a ticket yet."""

        async def do(connection: AsyncConnection) -> None:
            entry = {"call_id": call_id, "who": line.who, "text": line.text, "at": line.at}
            entry |= {"confidence": line.confidence, "written_at": self._now()}
            await connection.execute(insert(TRANSCRIPT), entry)
            await search.hear(connection, call_id, line.who, line.text)

        await self._database.write(do)

    # --- reading -----------------------------------------------------------------

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
            *_criteria(
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
                yield await self.get(ticket.ticket_no) if whole else ticket
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
        limit: int = 50,
    ) -> tuple[Ticket, ...]:
        """Tickets in which everything of `text` is: in summary, facts, what caller and agent said, number, caller's
        number, names; newest first, without transcripts. Terms stand between spaces; Chinese is found anywhere, numbers
        and Latin words by their beginning or last four characters. Nothing is found by a text without a letter or
        digit."""
        asked = question(text)
        equal = {"hotline": hotline, "category": category, "status": status, "stage": stage, "urgency": urgency}
        criteria = _criteria(equal, since, until)

        async def ask(connection: AsyncConnection) -> tuple[Ticket, ...]:
            found = await search.found(connection, asked, criteria, limit=limit, sqlite=self._database.sqlite)
            return tuple(rows.ticket_of(_columns(row), self._zone) for row in found)

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
        return await self._database.read(lambda connection: _transcript(connection, call_id))

    async def history(self, ticket_no: str) -> tuple[Change, ...]:
        """Every change of a ticket, oldest first."""

        async def ask(connection: AsyncConnection) -> tuple[Change, ...]:
            wanted = select(CHANGES).where(CHANGES.c.ticket_no == ticket_no).order_by(CHANGES.c.id)
            return tuple(
                Change(row.at.astimezone(self._zone), row.who, row.why, row.changed)
                for row in await connection.execute(wanted)
            )

        return await self._database.read(ask)

    def _day(self, ticket: Ticket) -> dt.date:
        """The business day on which it was made."""
        return ticket.created_at.astimezone(self._zone).date()

    # --- what is too old ---------------------------------------------------------

    async def count_before(self, before: dt.datetime) -> retention.Old:
        return await self._database.read(lambda connection: retention.count(connection, before))

    async def delete_tickets_before(self, before: dt.datetime) -> int:
        """Some of the oldest, with all that hangs on them; how many. To be called until it is 0."""
        sqlite = self._database.sqlite
        return await self._database.write(lambda each: retention.delete_tickets(each, before, sqlite=sqlite))

    async def delete_lines_before(self, before: dt.datetime) -> int:
        """What was said in calls without a ticket; as above."""
        return await self._database.write(lambda connection: retention.delete_lines(connection, before))

    async def forget_recordings(self, call_ids: list[str]) -> None:
        await self._database.write(lambda connection: retention.forget_recordings(connection, call_ids))

    # --- parts -------------------------------------------------------------------

    async def _insert(
        self, connection: AsyncConnection, ticket: Ticket, said: Sequence[TranscriptLine], by: str, why: str
    ) -> dict[str, Any]:
        """The row, as it is now stored. `said`: so far in its call."""
        values: dict[str, Any] = dict.fromkeys(TICKETS.c.keys()) | rows.row_of(ticket)
        if ticket.handoff:
            values |= rows.request_of(ticket.handoff) | rows.outcome_of(ticket.handoff)
        if ticket.callback:
            values |= rows.callback_of(ticket.callback)
        await connection.execute(insert(TICKETS), values)
        await search.enter(connection, ticket, self._day(ticket), said)
        await self._note(connection, None, ticket, by, why)
        return values

    async def _update(self, connection: AsyncConnection, ticket: Ticket, by: str, why: str) -> Ticket:
        row = await _row(connection, ticket.ticket_no, lock=True)
        if row is None:
            raise TicketUnknown(_UNKNOWN.format(ticket.ticket_no))
        before = rows.ticket_of(_columns(row), self._zone)
        if before.version != ticket.version:
            raise TicketChanged(_CHANGED.format(ticket.ticket_no))
        check_followed(before, ticket)
        values = rows.row_of(ticket)
        # The line's columns: kept as they are, whatever was read before.
        values["recording"] = ticket.recording or before.recording
        values |= rows.request_of(ticket.handoff) if ticket.handoff else {}
        values |= rows.callback_of(ticket.callback) if ticket.callback else {}
        after = rows.ticket_of(_columns(row) | values, self._zone)
        if after == before:
            return replace(before, transcript=ticket.transcript, related=ticket.related)
        known = {"known_no": ticket.ticket_no, "known_version": ticket.version}
        result = await connection.execute(_UPDATED, values | {"version": ticket.version + 1} | known)
        if result.rowcount != 1:
            raise TicketChanged(_CHANGED.format(ticket.ticket_no))
        after = replace(after, version=ticket.version + 1)
        await search.alter(connection, before, after, self._day(after))
        await self._note(connection, before, after, by, why)
        await self._tell(connection, before, after, by, why)
        return replace(after, transcript=ticket.transcript, related=ticket.related)

    async def _record(
        self, ticket_no: str, values: Callable[[Ticket], dict[str, Any]], by: str, why: str, *, anew: bool = False
    ) -> None:
        async def do(connection: AsyncConnection) -> None:
            await self._write_down(connection, ticket_no, values, by, why, anew=anew)

        await self._database.write(do)

    async def _write_down(
        self,
        connection: AsyncConnection,
        ticket_no: str,
        values: Callable[[Ticket], dict[str, Any]],
        by: str,
        why: str,
        *,
        anew: bool,
    ) -> None:
        """`anew`: whoever read the ticket before must read it again to save it."""
        row = await _row(connection, ticket_no, lock=True)
        if row is None:
            raise TicketUnknown(_UNKNOWN.format(ticket_no))
        before = rows.ticket_of(_columns(row), self._zone)
        new = values(before) | ({"version": before.version + 1} if anew else {})
        after = rows.ticket_of(_columns(row) | new, self._zone)
        await connection.execute(update(TICKETS).where(TICKETS.c.ticket_no == ticket_no).values(new))
        await self._note(connection, before, after, by, why)
        await self._tell(connection, before, after, by, why)

    async def _note(self, connection: AsyncConnection, before: Ticket | None, after: Ticket, by: str, why: str) -> None:
        changed = rows.changed(before, after)
        if changed:
            entry = {"ticket_no": after.ticket_no, "at": self._now(), "who": by, "why": why, "changed": changed}
            await connection.execute(insert(CHANGES), entry)

    async def _tell(self, connection: AsyncConnection, before: Ticket | None, after: Ticket, by: str, why: str) -> None:
        await outbox.note(connection, before, after, at=self._now(), by=by, why=why)

    async def _whole(self, connection: AsyncConnection, ticket_no: str) -> Ticket:
        row = await _row(connection, ticket_no)
        if row is None:
            raise TicketUnknown(_UNKNOWN.format(ticket_no))
        return (await self._completed(connection, [row]))[0]

    async def _completed(self, connection: AsyncConnection, found: Sequence[Row[Any]]) -> tuple[Ticket, ...]:
        """With what other rows and tables know; all rows are of one call."""
        if not found:
            return ()
        call_id = found[0].call_id
        of_call = await _numbers_of(connection, call_id)
        lines = await _transcript(connection, call_id)
        return tuple(
            replace(
                rows.ticket_of(_columns(row), self._zone),
                transcript=lines,
                related=tuple(number for number in of_call if number != row.ticket_no),
            )
            for row in found
        )

    async def _listed(self, wanted: Select[Any], limit: int, offset: int) -> tuple[Ticket, ...]:
        newest = wanted.order_by(TICKETS.c.created_at.desc(), TICKETS.c.ticket_no.desc()).limit(limit).offset(offset)
        return await self._database.read(lambda connection: self._tickets(connection, newest))

    async def _tickets(self, connection: AsyncConnection, wanted: Select[Any]) -> tuple[Ticket, ...]:
        return tuple(rows.ticket_of(_columns(row), self._zone) for row in await connection.execute(wanted))


# Many values go beside a statement, not into it: SQLAlchemy then knows it again for a tenth of the time.
_UPDATED = update(TICKETS).where(
    TICKETS.c.ticket_no == bindparam("known_no"), TICKETS.c.version == bindparam("known_version")
)
OLDEST_FIRST = (TICKETS.c.created_at, TICKETS.c.ticket_no)
_UNKNOWN = "没有编号为 {} 的工单，请核对编号（形如 GD20261122-000001）。"
_CHANGED = "工单 {} 在读出之后已被别处保存，请重新读取再改。"


def _criteria(
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


def _columns(row: Row[Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row._mapping.items()}


async def _row(connection: AsyncConnection, ticket_no: str, *, lock: bool = False) -> Row[Any] | None:
    """`lock`: nobody else changes it until this transaction ends. SQLite's writers are alone anyway."""
    wanted = select(TICKETS).where(TICKETS.c.ticket_no == ticket_no)
    return (await connection.execute(wanted.with_for_update() if lock else wanted)).one_or_none()


async def _numbers_of(connection: AsyncConnection, call_id: str) -> tuple[str, ...]:
    """Of the call's tickets, in the order they were made."""
    wanted = select(TICKETS.c.ticket_no).where(TICKETS.c.call_id == call_id).order_by(*OLDEST_FIRST)
    return tuple(await connection.scalars(wanted))


async def _transcript(connection: AsyncConnection, call_id: str) -> tuple[TranscriptLine, ...]:
    wanted = select(TRANSCRIPT).where(TRANSCRIPT.c.call_id == call_id).order_by(TRANSCRIPT.c.at, TRANSCRIPT.c.id)
    return tuple(TranscriptLine(row.who, row.text, row.at, row.confidence) for row in await connection.execute(wanted))
