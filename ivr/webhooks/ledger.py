"""The deliveries as people need them: counted, looked at, sent again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.tickets.database import Database
from ivr.tickets.outbox import DELIVERIES, EVENTS, RECEIVERS
from ivr.webhooks.deliveries import EVENT


@dataclass(frozen=True, slots=True)
class Standing:
    """A delivery as a person looks at it."""

    event_id: str
    type: str
    ticket_no: str
    receiver: str
    state: str
    attempts: int
    at: dt.datetime
    """When it happened."""
    due: dt.datetime
    """Of the next attempt."""
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """Of one receiver."""

    pending: int = 0
    dead: int = 0
    oldest: dt.datetime | None = None
    """Of those pending."""
    gone: bool = False


class Ledger:
    """`database` is open; `now` is aware, in the zone in which times are told."""

    def __init__(self, database: Database, *, now: Callable[[], dt.datetime]) -> None:
        self._database = database
        self._now = now

    async def standing(self, states: Sequence[str], *, limit: int) -> tuple[Standing, ...]:
        wanted = (
            select(DELIVERIES, *EVENT)
            .join(EVENTS)
            .where(DELIVERIES.c.state.in_(list(states)))
            .order_by(DELIVERIES.c.event_seq)
            .limit(limit)
        )

        async def ask(connection: AsyncConnection) -> tuple[Standing, ...]:
            return tuple(self._standing(row) for row in await connection.execute(wanted))

        return await self._database.read(ask)

    async def counts(self) -> dict[str, Count]:
        """By receiver, also of those that the settings have lost."""
        kinds = (
            select(
                DELIVERIES.c.receiver, DELIVERIES.c.state, func.count().label("n"), func.min(EVENTS.c.at).label("at")
            )
            .join(EVENTS)
            .where(DELIVERIES.c.state.in_(["pending", "dead"]))
            .group_by(DELIVERIES.c.receiver, DELIVERIES.c.state)
        )

        async def ask(connection: AsyncConnection) -> dict[str, Count]:
            gone = set(await connection.scalars(select(RECEIVERS.c.address).where(RECEIVERS.c.gone_at.is_not(None))))
            by_kind = {(row.receiver, row.state): row for row in await connection.execute(kinds)}
            found = {}
            for address in {receiver for receiver, _ in by_kind} | gone:
                pending, dead = by_kind.get((address, "pending")), by_kind.get((address, "dead"))
                oldest = pending.at if pending else None
                found[address] = Count(pending.n if pending else 0, dead.n if dead else 0, oldest, address in gone)
            return found

        return await self._database.read(ask)

    async def send_again(self, *, event_id: str | None = None, receiver: str | None = None) -> int:
        """One event, whatever became of it; or all that a receiver did not take. A receiver that wanted no more is
        asked again. What is on its way keeps its lease, so that it is not sent twice. How many deliveries are due."""
        chosen: list[ColumnElement[bool]] = []
        if event_id is not None:
            chosen.append(DELIVERIES.c.event_seq.in_(select(EVENTS.c.seq).where(EVENTS.c.event_id == event_id)))
        else:
            chosen.append(DELIVERIES.c.state != "delivered")
        if receiver is not None:
            chosen.append(DELIVERIES.c.receiver == receiver)
        now = self._now()
        anew = {"state": "pending", "attempts": 0, "due": now, "first_due": now, "ended_at": None, "not_before": None}

        async def do(connection: AsyncConnection) -> int:
            addresses = select(DELIVERIES.c.receiver).where(*chosen)
            back = RECEIVERS.c.address == receiver if receiver else RECEIVERS.c.address.in_(addresses)
            await connection.execute(delete(RECEIVERS).where(back))
            return (await connection.execute(update(DELIVERIES).where(*chosen).values(anew))).rowcount

        return await self._database.write(do)

    def _standing(self, row: Any) -> Standing:
        zone = self._now().tzinfo
        return Standing(
            row.event_id, row.type, row.ticket_no, row.receiver, row.state, row.attempts,
            row.at.astimezone(zone), row.due.astimezone(zone), row.last_error,
        )  # fmt: skip
