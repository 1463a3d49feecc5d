"""Operations on tickets."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from aiohttp import web
from msgspec import UNSET

from ivr.api import forms
from ivr.api.office import Office
from ivr.api.paging import bounded, cursor, etag, place, tags
from ivr.api.problem import Problem
from ivr.api.routes import EXPORTS, Asked, Reply
from ivr.errors import StepRefused, TicketChanged
from ivr.tickets.correction import Correction, corrected
from ivr.tickets.export import SHEETS, Sheet
from ivr.tickets.lifecycle import moved
from ivr.tickets.reading import Change
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Ticket, to_json

PAGE = 200
"""Tickets of an export that are written at once."""


class Tickets:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def list_(self, asked: Asked) -> Reply:
        wanted: forms.TicketFilter = asked.query
        store = (await self._office.records()).store
        if wanted.q is not None:
            return await self._search(store, wanted, wanted.q)
        found = await store.find(
            **_filters(wanted),
            caller_number=wanted.caller_number,
            below=place(wanted.cursor) if wanted.cursor else None,
            limit=wanted.limit + 1,
        )
        return _page(found, wanted.limit)

    async def _search(self, store: TicketStore, wanted: forms.TicketFilter, text: str) -> Reply:
        if wanted.caller_number:
            raise Problem(422, "query", "q 不能和 caller_number 一起用：号码直接写在 q 里。")
        below = place(wanted.cursor)[1] if wanted.cursor else None
        return _page(await store.search(text, **_filters(wanted), below=below, limit=wanted.limit + 1), wanted.limit)

    async def export(self, asked: Asked) -> web.StreamResponse:
        """Written whole before the first byte is sent, so that a failure is told as one; memory does not grow."""
        wanted: forms.ExportFilter = asked.query
        records = await self._office.records()
        out = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
        try:
            sheet = SHEETS[f".{wanted.format}"](out, records.taxonomy)
            criteria = _filters(wanted) | {"caller_number": wanted.caller_number}
            found = records.store.each(whole=wanted.format == "json", **criteria)
            async for page in batched(found, PAGE):
                await asyncio.to_thread(_write, sheet, page)
            await asyncio.to_thread(sheet.end)
            out.seek(0)
        except BaseException:
            out.close()
            raise
        name = f"tickets-{self._office.now():%Y%m%d-%H%M}.{wanted.format}"
        headers = {"Content-Type": EXPORTS[wanted.format], "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=out, headers=headers)

    async def get(self, asked: Asked) -> Reply:
        ticket = await (await self._office.records()).store.get(asked.path["ticket_no"])
        tag = etag(ticket)
        if asked.if_none_match is not None and {tag, "*"} & set(tags(asked.if_none_match)):
            return Reply(None, {"ETag": tag}, status=304)
        return Reply(to_json(ticket), {"ETag": tag})

    async def history(self, asked: Asked) -> Reply:
        store, number = (await self._office.records()).store, asked.path["ticket_no"]
        await store.get(number)
        return Reply({"items": [_change(change) for change in await store.history(number)]})

    async def transcript(self, asked: Asked) -> Reply:
        ticket = await (await self._office.records()).store.get(asked.path["ticket_no"])
        return Reply({"items": to_json(ticket)["transcript"]})

    async def step(self, asked: Asked) -> Reply:
        form: forms.StepForm = asked.body
        if form.step == "correct":
            raise Problem(409, "step_refused", "更正要说明改什么：用 PATCH /v1/tickets/{ticket_no}。")

        def go(ticket: Ticket) -> Ticket:
            if ticket.status == "draft":
                raise StepRefused(f"工单 {ticket.ticket_no} 的通话还没有结束，请挂机后再处理。")
            return moved(ticket, form.step)

        return await self._change(asked, go, form.why)

    async def correct(self, asked: Asked) -> Reply:
        form: forms.CorrectionForm = asked.body
        category = None if form.category is UNSET else form.category
        summary = None if form.summary is UNSET else form.summary
        correction = Correction(form.fields, category, summary)
        taxonomy = (await self._office.records()).taxonomy
        return await self._change(asked, lambda ticket: corrected(ticket, correction, taxonomy), form.why)

    async def callbacks(self, asked: Asked) -> Reply:
        wanted: forms.CallbackFilter = asked.query
        until = bounded(wanted.until) if wanted.until else self._office.now()
        found = await (await self._office.records()).store.callbacks_due(until, limit=wanted.limit)
        return Reply({"items": [to_json(ticket) for ticket in found]})

    async def called_back(self, asked: Asked) -> Reply:
        form: forms.Done = asked.body
        store, number = (await self._office.records()).store, asked.path["ticket_no"]
        await store.finish_callback(number, by=asked.by, why=form.why)
        ticket = await store.get(number)
        return Reply(to_json(ticket), {"ETag": etag(ticket)})

    async def _change(self, asked: Asked, alter: Callable[[Ticket], Ticket], why: str) -> Reply:
        """Only when the ticket is still as it was read: compared in the transaction that changes it."""
        store, known = (await self._office.records()).store, tags(asked.if_match or "")

        def checked(ticket: Ticket) -> Ticket:
            if not {etag(ticket), "*"} & set(known):
                raise TicketChanged(f"工单 {ticket.ticket_no} 在读出之后已被别处改过：请重新读取，用新的 ETag 再改。")
            return alter(ticket)

        ticket = await store.change(asked.path["ticket_no"], checked, by=asked.by, why=why)
        return Reply(to_json(ticket), {"ETag": etag(ticket)})


def _change(change: Change) -> dict[str, object]:
    at = change.at.astimezone(change.at.tzinfo or dt.UTC)
    return {"at": at.isoformat(), "who": change.who, "why": change.why, "changed": dict(change.changed)}


def _page(found: Sequence[Ticket], limit: int) -> Reply:
    """`found`: one more than `limit` where there is a next page."""
    page = found[:limit]
    more = len(found) > len(page)
    return Reply({"items": [to_json(ticket) for ticket in page], "next": cursor(page[-1]) if more else None})


def _write(sheet: Sheet, tickets: Sequence[Ticket]) -> None:
    for ticket in tickets:
        sheet.add(ticket)


async def batched(tickets: AsyncIterator[Ticket], size: int) -> AsyncIterator[list[Ticket]]:
    batch: list[Ticket] = []
    async for ticket in tickets:
        batch.append(ticket)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _filters(wanted: forms.TicketFilter | forms.ExportFilter) -> dict[str, Any]:
    """What both ways of finding tickets understand."""
    return {
        "hotline": wanted.hotline,
        "category": wanted.category,
        "status": wanted.status,
        "stage": wanted.stage,
        "urgency": wanted.urgency,
        "since": bounded(wanted.since) if wanted.since else None,
        "until": bounded(wanted.until) if wanted.until else None,
    }
