"""Full-text search over tickets: what is kept for it in the transaction of each change, and how it is asked.

`ticket_search` holds the words of each ticket (`words`); its key is the ticket's place in the order of time. SQLite
finds words by FTS5, which triggers keep; it gives rows in the order of that key. PostgreSQL's GIN index gives them in
none, and where a word is in every third ticket nobody may sort them all: so the newest tickets are looked through as
they are, and when they do not fill the page the index is asked, a month at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, column, func, insert, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.tickets import words
from ivr.tickets.numbers import day_of, first_of, parsed, place
from ivr.tickets.schema import SEARCH, TICKETS
from ivr.tickets.ticket import Ticket, TranscriptLine
from ivr.tickets.words import Question

SPOKEN_BY = ("caller", "agent")
"""Whose words are looked for: the bot says the same in every call, and what it repeats is in the ticket."""
NEWEST = 2_000
"""Tickets that PostgreSQL looks through without its index: 5 to 10 ms."""
MONTHS = 36
"""Asked one by one; what is older, at once."""

FTS = table("ticket_fts", column("rowid"))
INDEXED = "array_to_tsvector(array_remove(string_to_array(ticket_search.words || ticket_search.said, ' '), ''))"
"""Of the GIN index, letter by letter: else PostgreSQL does not use it."""


def of_ticket(ticket: Ticket, created: dt.date) -> str:
    """The words of everything that is looked for but what was said. `created`: the day, business time zone."""
    day = day_of(place(ticket.ticket_no, created))
    number = ticket.ticket_no  # people leave out the letters
    texts = [number, number.removeprefix("GD"), ticket.caller_number or "", ticket.summary]
    for fact in ticket.fields.values():
        texts += [fact.value, fact.said or ""]
    if ticket.customer:
        texts.append(ticket.customer.name or "")
    return f" {words.month(day.year, day.month)}{words.indexed(*texts)}"


async def enter(connection: AsyncConnection, ticket: Ticket, day: dt.date, lines: Sequence[TranscriptLine]) -> None:
    """A new ticket, with what was said so far in its call."""
    said = words.indexed(*(line.text for line in lines if line.who in SPOKEN_BY))
    entry = {"ticket_no": ticket.ticket_no, "words": of_ticket(ticket, day), "said": said}
    at = place(ticket.ticket_no, day)
    if parsed(ticket.ticket_no) is None:  # ours have places of their own
        at = await _free(connection, at)
    await connection.execute(_ENTERED, entry | {"place": at})


async def alter(connection: AsyncConnection, before: Ticket, after: Ticket, day: dt.date) -> None:
    now = of_ticket(after, day)
    if now != of_ticket(before, day):
        await connection.execute(_ALTERED, {"of": after.ticket_no, "now": now})


async def hear(connection: AsyncConnection, call_id: str, who: str, said: str) -> None:
    """Something was said in a call that may have tickets already."""
    more = words.indexed(said)
    if who not in SPOKEN_BY or more == " ":
        return
    await connection.execute(_HEARD, {"of": call_id, "more": more.removeprefix(" ")})


async def found(
    connection: AsyncConnection,
    question: Question,
    criteria: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    sqlite: bool,
) -> list[Row[Any]]:
    """Rows of TICKETS that hold all of the question and meet the criteria, newest first, at most `limit`."""
    if not question.words:
        return []
    ask = _in_sqlite if sqlite else _in_postgresql
    return await ask(connection, question, criteria, limit)


def further(below: str | None) -> list[ColumnElement[bool]]:
    """Criteria of the page after that whose last ticket has this number."""
    if below is None:
        return []
    return [SEARCH.c.place < select(_LAST.c.place).where(_LAST.c.ticket_no == below).scalar_subquery()]


# --- SQLite -------------------------------------------------------------------------


async def _in_sqlite(
    connection: AsyncConnection, question: Question, criteria: Sequence[ColumnElement[bool]], limit: int
) -> list[Row[Any]]:
    match = " AND ".join(f'"{word}"{"*" if beginning else ""}' for word, beginning in question.words)
    wanted = (
        select(TICKETS)
        .select_from(FTS.join(SEARCH, SEARCH.c.place == FTS.c.rowid).join(TICKETS, _SAME_TICKET))
        .where(text("ticket_fts MATCH :match").bindparams(match=match))
        .where(*_stand_together(question, func.instr), *criteria)
        .order_by(FTS.c.rowid.desc())
        .limit(limit)
    )
    return list(await connection.execute(wanted))


# --- PostgreSQL ---------------------------------------------------------------------


async def _in_postgresql(
    connection: AsyncConnection, question: Question, criteria: Sequence[ColumnElement[bool]], limit: int
) -> list[Row[Any]]:
    by_place = select(SEARCH.c.place).order_by(SEARCH.c.place.desc())
    edge = await connection.scalar(by_place.offset(NEWEST - 1).limit(1))
    rows = list(await connection.execute(_looked_through(question, edge, criteria).limit(limit)))
    if edge is None or len(rows) == limit:
        return rows
    oldest = await connection.scalar(select(func.min(SEARCH.c.place)))
    for months, below in _windows(edge, oldest):
        wanted = _by_index(question, months).where(SEARCH.c.place < below, *criteria)
        rows += await connection.execute(wanted.limit(limit - len(rows)))
        if len(rows) == limit:
            break
    return rows


def _looked_through(question: Question, edge: int | None, criteria: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Without the index, down to a place."""
    # A word begins after a space, and a whole one ends with one.
    stand = [f" {word}" if beginning else f" {word} " for word, beginning in question.words]
    return (
        select(TICKETS)
        .join(SEARCH, _SAME_TICKET)
        .where(SEARCH.c.place >= (edge or 0), *(func.strpos(_ALL_WORDS, each) > 0 for each in stand))
        .where(*_stand_together(question, func.strpos), *criteria)
        .order_by(SEARCH.c.place.desc())
    )


def _by_index(question: Question, months: str) -> Select[Any]:
    query = " & ".join(f"'{word}'{':*' if beginning else ''}" for word, beginning in question.words)
    match = f"{INDEXED} @@ CAST(CAST(:query AS text) AS tsquery)"
    return (
        select(TICKETS)
        .join(SEARCH, _SAME_TICKET)
        .where(text(match).bindparams(query=f"{query} & {months}" if months else query))
        .where(*_stand_together(question, func.strpos))
        # An expression: else all tickets may be walked through in order, in the hope of many hits.
        .order_by((SEARCH.c.place + 0).desc())
    )


def _windows(edge: int, oldest: int) -> Iterator[tuple[str, int]]:
    """What the index is asked for, and below which place: month by month, then everything before."""
    first, last = _count(day_of(oldest)), _count(day_of(edge))
    below = edge
    for number in range(last, max(first - 1, last - MONTHS), -1):
        year, month = number // 12, number % 12 + 1
        yield f"'{words.month(year, month)}'", below
        below = min(edge, first_of(dt.date(year, month, 1)))
    if first <= last - MONTHS:
        yield "", below


def _count(day: dt.date) -> int:
    """Of months."""
    return day.year * 12 + day.month - 1


# --- parts --------------------------------------------------------------------------


def _stand_together(question: Question, where: Any) -> Iterator[ColumnElement[bool]]:
    return (where(_ALL_WORDS, phrase) > 0 for phrase in question.phrases)


_LAST = SEARCH.alias("last")
_ALL_WORDS = SEARCH.c.words + SEARCH.c.said
_ENTERED = insert(SEARCH)
_ALTERED = update(SEARCH).where(SEARCH.c.ticket_no == bindparam("of")).values(words=bindparam("now"))
_OF_CALL = select(TICKETS.c.ticket_no).where(TICKETS.c.call_id == bindparam("of"))
_HEARD = update(SEARCH).where(SEARCH.c.ticket_no.in_(_OF_CALL)).values(said=SEARCH.c.said + bindparam("more"))
_SAME_TICKET = TICKETS.c.ticket_no == SEARCH.c.ticket_no


async def _free(connection: AsyncConnection, at: int) -> int:
    """The place, or the next that no ticket has: two numbers of another system may want the same."""
    while await connection.scalar(select(func.count()).where(SEARCH.c.place == at)):
        at += 1
    return at
