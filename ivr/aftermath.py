"""What is written on tickets when the bot's part is over: outcomes of hand-overs, call-backs of closed hours."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Protocol

from ivr.call.ports import CallInfo
from ivr.errors import IvrError
from ivr.settings import Settings
from ivr.telephony.asterisk.admission import Admission
from ivr.telephony.asterisk.handoffs import HandoffOutcome
from ivr.tickets.completeness import settle
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Callback, Handoff, Ticket

log = logging.getLogger(__name__)

CALLBACK_DUE = dt.timedelta(hours=2)
"""By when somebody calls back who found no agent."""
UNREACHED = {
    "no_agent": "转人工时没有坐席接听",
    "abandoned": "排队等人工时挂机",
    "declined": "坐席没有接",
    "failed": "转人工没有成功",
}
"""Outcome of a hand-over after which a call-back is owed, and why."""


class CallWorld(Protocol):
    @property
    def store(self) -> TicketStore: ...
    @property
    def taxonomy(self) -> Taxonomy: ...


class CallWorlds(Protocol):
    async def of(self, call: CallInfo) -> CallWorld: ...


class Calls(Protocol):
    def call(self, call_id: str) -> CallInfo | None: ...


class Aftermath:
    """Its methods are called from telephony's callbacks, so they return at once and write in tasks of their own."""

    def __init__(self, settings: Settings, worlds: CallWorlds, calls: Calls) -> None:
        self._settings = settings
        self._worlds = worlds
        self._calls = calls
        self._writing: set[asyncio.Task[None]] = set()

    def handoff_ended(self, ended: HandoffOutcome) -> None:
        self._spawn(self._note_outcome(ended), f"outcome {ended.call_id}")

    async def adopt_orphans(self) -> None:
        """Tickets of calls that an earlier line process was killed in: the dialplan gave them to humans."""
        world = await self._worlds.of(self._unknown_call(""))
        for ticket in await world.store.find(status="draft"):
            log.warning("ticket %s was left behind by a line process that died", ticket.ticket_no)
            await self._settle(world, ticket.ticket_no)

    def admission_decided(self, decided: Admission) -> None:
        if decided.route == "closed":
            self._spawn(self._note_closed(decided), f"closed {decided.call_id}")

    async def close(self) -> None:
        """What is being written is finished."""
        await asyncio.gather(*self._writing, return_exceptions=True)

    async def _note_outcome(self, ended: HandoffOutcome) -> None:
        if not ended.ticket_no:
            log.warning("call %s: %s without a ticket", ended.call_id, ended.outcome)
            return
        call = self._calls.call(ended.call_id) or self._unknown_call(ended.call_id)
        world = await self._worlds.of(call)
        store = world.store
        await self._settle(world, ended.ticket_no)
        await store.record_handoff(ended.ticket_no, ended.outcome, ended.agent, ended.waited_s)
        why = UNREACHED.get(ended.outcome)
        if why:
            ticket = await store.get(ended.ticket_no)
            number = ticket.value("contact_number") or ticket.caller_number
            callback = Callback(self._settings.now() + CALLBACK_DUE, number, why)
            await store.record_callback(ended.ticket_no, callback)

    async def _note_closed(self, decided: Admission) -> None:
        now = self._settings.now()
        call = CallInfo(decided.call_id, decided.hotline, decided.caller_number, now, simulation=decided.simulation)
        store = (await self._worlds.of(call)).store
        ticket = Ticket(
            status="abandoned",
            hotline=decided.hotline,
            call_id=decided.call_id,
            caller_number=decided.caller_number,
            created_at=now,
            missing=("category",),
            summary="非服务时间来电，未说明事由，请回电。",
            callback=Callback(now + CALLBACK_DUE, decided.caller_number, "非服务时间来电"),
        )
        await store.create(ticket, by="line", why="非服务时间来电")

    async def _settle(self, world: CallWorld, ticket_no: str) -> None:
        """The bot could not do it itself; a ticket that is settled stays as it is."""

        def end(ticket: Ticket) -> Ticket:
            asked = ticket.handoff or Handoff("bot_failure", ticket.hotline, self._settings.now())
            return settle(replace(ticket, handoff=asked), "handed_over", world.taxonomy)

        await world.store.change(ticket_no, end, by="line", why="转人工")

    def _unknown_call(self, call_id: str) -> CallInfo:
        """The line process was started anew while the call was with a human."""
        return CallInfo(call_id, "", None, self._settings.now())

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(self._write(work, name), name=name)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await work
        except IvrError:
            log.exception("%s was not written", name)
