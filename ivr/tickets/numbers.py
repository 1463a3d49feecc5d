"""Numbers of tickets: GDyyyymmdd-NNNNNN, counted from 1 on each business day, and their place in the order of time."""

from __future__ import annotations

import datetime as dt
import re
import zlib

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.tickets.schema import DAYS

OURS = re.compile(r"GD(\d{8})-(\d{6,7})")
A_DAY = 100_000_000
"""Places of one day; the second half is for numbers of other systems."""
_COUNTED_UP = update(DAYS).where(DAYS.c.day == bindparam("of")).values(last=DAYS.c.last + 1).returning(DAYS.c.last)


def spelled(day: dt.date, count: int) -> str:
    return f"GD{day:%Y%m%d}-{count:06d}"


def parsed(ticket_no: str) -> tuple[dt.date, int] | None:
    """Day and count; None for another system's number."""
    match = OURS.fullmatch(ticket_no)
    try:
        return (dt.date.fromisoformat(match[1]), int(match[2])) if match else None
    except ValueError:
        return None


def place(ticket_no: str, created: dt.date) -> int:
    """Where a ticket stands in the order of time: by day, then by number. Another system's number gets a place on the
    day it was made that depends on nothing else."""
    day, count = parsed(ticket_no) or (created, A_DAY // 2 + zlib.crc32(ticket_no.encode()) % (A_DAY // 2))
    return day.toordinal() * A_DAY + count


def first_of(day: dt.date) -> int:
    """The first place of a day."""
    return day.toordinal() * A_DAY


def day_of(place: int) -> dt.date:
    return dt.date.fromordinal(place // A_DAY)


async def next_number(connection: AsyncConnection, day: dt.date) -> int:
    number = await connection.scalar(_COUNTED_UP, {"of": day})
    if number is None:
        try:
            async with connection.begin_nested():
                await connection.execute(insert(DAYS).values(day=day, last=1))
        except IntegrityError:  # another writer began the day
            number = await connection.scalar(_COUNTED_UP, {"of": day})
        else:
            number = 1
    return int(number or 1)


async def keep_free(connection: AsyncConnection, ticket_no: str) -> None:
    """Numbers allotted later must not meet one that came from outside."""
    known = parsed(ticket_no)
    if known is None:
        return
    day, taken = known
    last = await connection.scalar(select(func.max(DAYS.c.last)).where(DAYS.c.day == day))
    if last is None:
        await connection.execute(insert(DAYS).values(day=day, last=taken))
    elif last < taken:
        await connection.execute(update(DAYS).where(DAYS.c.day == day).values(last=taken))
