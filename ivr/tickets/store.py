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
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.errors import StepRefused, TicketChanged, TicketError, TicketUnknown
from ivr.tickets import numbers, outbox, retention, rows, search
from ivr.tickets.lifecycle import check_followed
from ivr.tickets.reading import UNKNOWN, TicketReader, columns_of, numbers_of, row_of, transcript_of
from ivr.tickets.schema import CHANGES, TICKETS, TRANSCRIPT
from ivr.tickets.ticket import Callback, Handoff, Outcome, Ticket, TranscriptLine

# Values go beside a statement, not into it, and it is made once: SQLAlchemy then knows it for a fifth of the time.
_RECORDED = update(TICKETS).where(TICKETS.c.ticket_no == bindparam("known_no"))
_UPDATED = _RECORDED.where(TICKETS.c.version == bindparam("known_version"))
_MADE, _SAID, _NOTED = insert(TICKETS), insert(TRANSCRIPT), insert(CHANGES)
_CHANGED = "工单 {} 在读出之后已被别处保存，请重新读取再改。"


class TicketStore(TicketReader):
    """Reads and writes. Times and errors are those of `TicketReader`."""

    async def create(self, ticket: Ticket, *, by: str = "bot", why: str = "通话中记下第一条事实") -> Ticket:
        """Writes a new ticket and allots its number: GDyyyymmdd-NNNNNN, counted from 1 on each day of `created_at`."""
        if ticket.ticket_no:
            raise TicketError(f"工单 {ticket.ticket_no} 已经有编号，不能再新建。")

        async def do(connection: AsyncConnection) -> Ticket:
            day = self._day(ticket)
            known = await transcript_of(connection, ticket.call_id), await numbers_of(connection, ticket.call_id)
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
            known = await row_of(connection, ticket.ticket_no)
            if known and known.call_id == ticket.call_id:
                return await self._whole(connection, ticket.ticket_no)
            if known:
                raise TicketError(f"编号 {ticket.ticket_no} 已被另一通电话的工单占用。")
            await numbers.keep_free(connection, ticket.ticket_no)
            lines = await transcript_of(connection, ticket.call_id)
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
            await row_of(connection, ticket_no, lock=True)
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
            # Locked, so that what is being written on the ticket is told before the ring.
            ticket = rows.ticket_of(columns_of(await _locked(connection, ticket_no)), self._zone)
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
            await connection.execute(_SAID, entry)
            await search.hear(connection, call_id, line.who, line.text)

        await self._database.write(do)

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

    def _day(self, ticket: Ticket) -> dt.date:
        """The business day on which it was made."""
        return ticket.created_at.astimezone(self._zone).date()

    async def _insert(
        self, connection: AsyncConnection, ticket: Ticket, said: Sequence[TranscriptLine], by: str, why: str
    ) -> dict[str, Any]:
        """The row, as it is now stored. `said`: so far in its call."""
        values: dict[str, Any] = dict.fromkeys(TICKETS.c.keys()) | rows.row_of(ticket)
        if ticket.handoff:
            values |= rows.request_of(ticket.handoff) | rows.outcome_of(ticket.handoff)
        if ticket.callback:
            values |= rows.callback_of(ticket.callback)
        await connection.execute(_MADE, values)
        await search.enter(connection, ticket, self._day(ticket), said)
        await self._note(connection, None, ticket, by, why)
        return values

    async def _update(self, connection: AsyncConnection, ticket: Ticket, by: str, why: str) -> Ticket:
        row = await row_of(connection, ticket.ticket_no, lock=True)
        if row is None:
            raise TicketUnknown(UNKNOWN.format(ticket.ticket_no))
        before = rows.ticket_of(columns_of(row), self._zone)
        if before.version != ticket.version:
            raise TicketChanged(_CHANGED.format(ticket.ticket_no))
        check_followed(before, ticket)
        values = rows.row_of(ticket)
        # The line's columns: kept as they are, whatever was read before.
        values["recording"] = ticket.recording or before.recording
        values |= rows.request_of(ticket.handoff) if ticket.handoff else {}
        values |= rows.callback_of(ticket.callback) if ticket.callback else {}
        after = rows.ticket_of(columns_of(row) | values, self._zone)
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
        row = await _locked(connection, ticket_no)
        before = rows.ticket_of(columns_of(row), self._zone)
        new = values(before) | ({"version": before.version + 1} if anew else {})
        after = rows.ticket_of(columns_of(row) | new, self._zone)
        await connection.execute(_RECORDED, new | {"known_no": ticket_no})
        await self._note(connection, before, after, by, why)
        await self._tell(connection, before, after, by, why)

    async def _note(self, connection: AsyncConnection, before: Ticket | None, after: Ticket, by: str, why: str) -> None:
        changed = rows.changed(before, after)
        if changed:
            entry = {"ticket_no": after.ticket_no, "at": self._now(), "who": by, "why": why, "changed": changed}
            await connection.execute(_NOTED, entry)

    async def _tell(self, connection: AsyncConnection, before: Ticket | None, after: Ticket, by: str, why: str) -> None:
        await outbox.note(connection, before, after, at=self._now(), by=by, why=why)


async def _locked(connection: AsyncConnection, ticket_no: str) -> Row[Any]:
    row = await row_of(connection, ticket_no, lock=True)
    if row is None:
        raise TicketUnknown(UNKNOWN.format(ticket_no))
    return row
