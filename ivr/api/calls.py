"""Operations on calls and customers."""

from __future__ import annotations

import re

from aiohttp import web

from ivr.api.office import Office
from ivr.api.problem import Problem
from ivr.api.routes import Asked, Reply
from ivr.tickets.ticket import Ticket, customer_json, to_json


class Calls:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def get(self, asked: Asked) -> Reply:
        call_id = asked.path["call_id"]
        tickets = await self._tickets(call_id)
        lines = await (await self._office.records()).store.transcript(call_id)
        if not tickets and not lines:
            raise _no_call(call_id)
        said = [{"who": line.who, "text": line.text, "at": line.at, "confidence": line.confidence} for line in lines]
        recording = any(ticket.recording for ticket in tickets)
        forms = [to_json(ticket) | {"transcript": []} for ticket in tickets]
        return Reply({"call_id": call_id, "tickets": forms, "transcript": said, "recording": recording})

    async def recording(self, asked: Asked) -> web.StreamResponse:
        """The file that a ticket names, in the recordings' folder and nowhere else."""
        call_id = asked.path["call_id"]
        for ticket in await self._tickets(call_id):
            name = ticket.recording or ""
            file = self._office.recordings / name
            if name and "/" not in name and name not in {".", ".."} and file.is_file():
                _check_range(asked.range, file.stat().st_size)
                return web.FileResponse(file, headers={"Content-Type": "audio/wav"})
        raise Problem(404, "no_recording", f"通话 {call_id} 没有录音，或录音已经删除。")

    async def _tickets(self, call_id: str) -> tuple[Ticket, ...]:
        return await (await self._office.records()).store.of_call(call_id)


class CustomerDesk:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def get(self, asked: Asked) -> Reply:
        number = asked.path["number"]
        customers = await (await self._office.records()).customers(asked.query.hotline or "")
        customer = await customers.of(number)
        if customer is None:
            raise Problem(404, "no_customer", f"没有号码 {number} 的客户资料，或客户系统现在没有答复。")
        return Reply(customer_json(customer))


def _check_range(wanted: str | None, size: int) -> None:
    """Raises `Problem` for a part that there is not; what is no range is the server's to judge."""
    first = re.fullmatch(r"bytes=(\d{1,18})-\d*", wanted or "")
    if first and int(first[1]) >= size:
        headers = {"Content-Range": f"bytes */{size}"}
        raise Problem(416, "range", f"录音只有 {size} 字节，没有要的那一段。", headers)


def _no_call(call_id: str) -> Problem:
    return Problem(404, "no_call", f"没有编号为 {call_id} 的通话。")
