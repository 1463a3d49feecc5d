"""The deliveries in the database, as workers need them: spread, leased, marked, forgotten.

Any number of workers may ask at once. Who leases a delivery has it until the lease ends: a worker that dies is followed
by another, which sends the same event with the same id. Of one ticket a receiver gets one event at a time, in order.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, and_, delete, exists, insert, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.settings import Webhook
from ivr.tickets.database import Database
from ivr.tickets.outbox import DELIVERIES, EVENTS, RECEIVERS
from ivr.webhooks.wire import Event

AT_ONCE = 200
"""Events or deliveries of one transaction."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that is ours to attempt."""

    id: int
    lease: str
    receiver: str
    event: Event
    attempts: int
    """Before this one."""
    first_due: dt.datetime


class Deliveries:
    """`database` is open; `now` is aware, in the zone in which times are told."""

    def __init__(self, database: Database, *, now: Callable[[], dt.datetime]) -> None:
        self._database = database
        self._now = now

    async def spread(self, receivers: Sequence[Webhook]) -> int:
        """Gives each new event a delivery for each receiver that wants it; how many events there were."""
        new = select(EVENTS.c.seq, EVENTS.c.type, EVENTS.c.hotline, EVENTS.c.ticket_no).where(not_(EVENTS.c.spread))
        if not await self._any(new):
            return 0

        async def do(connection: AsyncConnection) -> int:
            now = self._now()
            gone = set(await connection.scalars(select(RECEIVERS.c.address).where(RECEIVERS.c.gone_at.is_not(None))))
            # Two workers take turns here: of one ticket no later event may get its deliveries before an earlier one.
            wanted = new.order_by(EVENTS.c.seq).limit(AT_ONCE).with_for_update()
            events = (await connection.execute(wanted)).all()
            made = [
                {
                    "event_seq": event.seq,
                    "receiver": receiver.address,
                    "ticket_no": event.ticket_no,
                    "state": "gone" if receiver.address in gone else "pending",
                    "attempts": 0,
                    "due": now,
                    "first_due": now,
                    "ended_at": now if receiver.address in gone else None,
                }
                for event in events
                for receiver in receivers
                if wants(receiver, event.type, event.hotline)
            ]
            if made:
                await connection.execute(insert(DELIVERIES), made)
            done = [event.seq for event in events]
            await connection.execute(update(EVENTS).where(EVENTS.c.seq.in_(done)).values(spread=True))
            return len(done)

        return await self._database.write(do)

    async def lease(self, receiver: str, *, limit: int, seconds: float) -> tuple[Leased, ...]:
        """Deliveries that are due, at most `limit`, for the next `seconds`."""
        if not await self._any(self._due(receiver)):
            return ()
        ticket = str(uuid.uuid4())

        async def do(connection: AsyncConnection) -> tuple[Leased, ...]:
            first = self._due(receiver).order_by(DELIVERIES.c.due, DELIVERIES.c.event_seq).limit(limit)
            ids = list(await connection.scalars(first.with_for_update(skip_locked=True, of=DELIVERIES)))
            until = self._now() + dt.timedelta(seconds=seconds)
            held = update(DELIVERIES).where(DELIVERIES.c.id.in_(ids))
            await connection.execute(held.values(leased_until=until, leased_by=ticket))
            wanted = select(DELIVERIES, *EVENT).join(EVENTS).where(DELIVERIES.c.id.in_(ids)).order_by(DELIVERIES.c.id)
            return tuple(self._leased(row, ticket) for row in await connection.execute(wanted))

        return await self._database.write(do)

    async def delivered(self, done: Leased, status: int) -> None:
        """Taken, whoever holds the lease by now, and whatever became of the receiver since: it is never sent again."""
        values = {"state": "delivered", "last_status": status, "last_error": None, "ended_at": self._now()}
        await self._mark(done, values)

    async def failed(
        self,
        done: Leased,
        *,
        status: int | None,
        error: str,
        due: dt.datetime | None,
        not_before: dt.datetime | None = None,
    ) -> None:
        """To be tried again at `due`, not before `not_before`, whoever hurries; `due` None: given up."""
        values: dict[str, Any] = {"last_status": status, "last_error": error, "not_before": not_before}
        values |= {"state": "dead", "ended_at": self._now()} if due is None else {"due": due}
        await self._mark(done, values, DELIVERIES.c.leased_by == done.lease, DELIVERIES.c.state == "pending")

    async def gone(self, done: Leased) -> None:
        """The receiver wants no more: nothing that waits for it is sent. What is on its way keeps its lease."""
        now = self._now()
        values = {"state": "gone", "last_status": 410, "ended_at": now}

        async def do(connection: AsyncConnection) -> None:
            await _remember_gone(connection, done.receiver, now)
            await connection.execute(_marked(done, values, DELIVERIES.c.state == "pending"))
            waiting = DELIVERIES.c.receiver == done.receiver, DELIVERIES.c.state == "pending"
            await connection.execute(update(DELIVERIES).where(*waiting).values(values))

        await self._database.write(do)

    async def hurry(self, receiver: str) -> None:
        """It answers again: what waits for a later attempt is due now, unless the receiver said when."""
        now = self._now()
        waiting = DELIVERIES.c.receiver == receiver, DELIVERIES.c.state == "pending", DELIVERIES.c.due > now
        free = or_(DELIVERIES.c.not_before.is_(None), DELIVERIES.c.not_before <= now)
        await self._execute(update(DELIVERIES).where(*waiting, free).values(due=now))

    async def tidy(self, receivers: Iterable[str], *, give_up_days: float, keep_days: float) -> int:
        """Gives up what waits for a receiver that the settings have lost; forgets what ended long ago. How many events
        were forgotten."""
        now = self._now()
        lost = DELIVERIES.c.state == "pending", DELIVERIES.c.receiver.not_in(list(receivers))
        too_old = DELIVERIES.c.first_due < now - dt.timedelta(days=give_up_days)
        values = {"state": "dead", "last_error": "设置里已没有这个地址", "ended_at": now}
        await self._execute(update(DELIVERIES).where(*lost, too_old).values(values))
        old = now - dt.timedelta(days=keep_days)
        still = or_(DELIVERIES.c.state == "pending", DELIVERIES.c.ended_at > old)
        needed = exists().where(DELIVERIES.c.event_seq == EVENTS.c.seq, still)
        forgotten = select(EVENTS.c.seq).where(EVENTS.c.spread, EVENTS.c.at < old, not_(needed)).limit(AT_ONCE)
        return await self._execute(delete(EVENTS).where(EVENTS.c.seq.in_(forgotten)))

    def _due(self, receiver: str) -> Select[Any]:
        now, earlier = self._now(), DELIVERIES.alias("earlier")
        before_it = and_(
            earlier.c.receiver == receiver,
            earlier.c.ticket_no == DELIVERIES.c.ticket_no,
            earlier.c.state == "pending",
            earlier.c.event_seq < DELIVERIES.c.event_seq,
        )
        return select(DELIVERIES.c.id).where(
            DELIVERIES.c.receiver == receiver,
            DELIVERIES.c.state == "pending",
            DELIVERIES.c.due <= now,
            or_(DELIVERIES.c.leased_until.is_(None), DELIVERIES.c.leased_until <= now),
            not_(exists().where(before_it)),
        )

    async def _any(self, wanted: Select[Any]) -> bool:
        """Looks without writing: most of the time there is nothing to do."""

        async def ask(connection: AsyncConnection) -> bool:
            return (await connection.execute(wanted.limit(1))).first() is not None

        return await self._database.read(ask)

    async def _mark(self, done: Leased, values: dict[str, Any], *where: ColumnElement[bool]) -> None:
        await self._execute(_marked(done, values, *where))

    async def _execute(self, statement: Any) -> int:
        async def do(connection: AsyncConnection) -> int:
            return int((await connection.execute(statement)).rowcount)

        return await self._database.write(do)

    def _leased(self, row: Any, lease: str) -> Leased:
        at = row.at.astimezone(self._now().tzinfo)
        event = Event(row.event_id, row.type, row.ticket_no, row.hotline, at, row.data)
        return Leased(row.id, lease, row.receiver, event, row.attempts, row.first_due)


EVENT = (EVENTS.c.event_id, EVENTS.c.type, EVENTS.c.hotline, EVENTS.c.at, EVENTS.c.data)
FREE = {"leased_until": None, "leased_by": None}


def wants(receiver: Webhook, event_type: str, hotline: str) -> bool:
    return (not receiver.events or event_type in receiver.events) and (
        not receiver.hotlines or hotline in receiver.hotlines
    )


def _marked(done: Leased, values: dict[str, Any], *where: ColumnElement[bool]) -> Update:
    which = update(DELIVERIES).where(DELIVERIES.c.id == done.id, *where)
    return which.values(values | FREE | {"attempts": done.attempts + 1})


async def _remember_gone(connection: AsyncConnection, address: str, now: dt.datetime) -> None:
    known = await connection.execute(update(RECEIVERS).where(RECEIVERS.c.address == address).values(gone_at=now))
    if not known.rowcount:
        await connection.execute(insert(RECEIVERS).values(address=address, gone_at=now))
