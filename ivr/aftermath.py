"""What is written on tickets when the bot's part is over: outcomes of hand-overs, call-backs, recordings.

A call that the bot never spoke with (closed hours, no line process, no dialogue) gets a bare ticket here.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

from ivr.call.ports import CallInfo
from ivr.customers.port import Customers
from ivr.errors import IvrError
from ivr.packs import Pack
from ivr.settings import Settings
from ivr.telephony.asterisk.admission import Admission
from ivr.telephony.asterisk.handoffs import HandoffOutcome, HandoffStep
from ivr.telephony.numbers import caller_number
from ivr.tickets.attaching import attached
from ivr.tickets.callbacks import call_back
from ivr.tickets.completeness import settle
from ivr.tickets.store import TicketStore
from ivr.tickets.takeover import with_contact
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Callback, Handoff, Status, Ticket

log = logging.getLogger(__name__)

ATTEMPTS = 3
PAUSE_S = 2.0
"""Between attempts to write to a store that others hold."""
ORPHANS_AT_ONCE = 50
UNREACHED = {
    "no_agent": "转人工时没有坐席接听",
    "abandoned": "排队等人工时挂机",
    "declined": "坐席没有接",
    "failed": "转人工没有成功",
}
"""Outcome of a hand-over after which a call-back is owed, and why."""
CHOSEN = "来电人等人工时选择回电"


class CallWorld(Protocol):
    @property
    def store(self) -> TicketStore: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def taxonomy(self) -> Taxonomy: ...
    @property
    def packs(self) -> Mapping[str, Pack]: ...


class CallWorlds(Protocol):
    async def of(self, call: CallInfo) -> CallWorld: ...


class Calls(Protocol):
    def call(self, call_id: str) -> CallInfo | None: ...


class Aftermath:
    """Its methods are called from telephony's callbacks, so they return at once and write in tasks of their own."""

    def __init__(
        self,
        settings: Settings,
        worlds: CallWorlds,
        calls: Calls,
        *,
        on_settled: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`on_settled` is told the call whose hand-over has its outcome on the ticket."""
        self._on_settled = on_settled
        self._settings = settings
        self._worlds = worlds
        self._calls = calls
        self._writing: set[asyncio.Task[None]] = set()

    def handoff_ended(self, ended: HandoffOutcome) -> None:
        async def note() -> None:
            await self._note_outcome(ended)
            self._on_settled(ended.call_id)

        self._spawn(note, f"outcome {ended.call_id}")

    def handoff_step(self, step: HandoffStep) -> None:
        if step.kind == "ringing":
            self._spawn(partial(self._note_ring, step), f"ring {step.call_id}")

    def admission_decided(self, decided: Admission) -> None:
        if decided.route == "closed":
            self._spawn(partial(self._note_closed, decided), f"closed {decided.call_id}")

    def recorded(self, call: CallInfo) -> None:
        """The bot's part of a recorded call is over; its tickets are made."""
        self._spawn(partial(self._note_recording, call), f"recording {call.call_id}")

    async def adopt_orphans(self) -> None:
        """Tickets of calls that an earlier line process was killed in: the dialplan gave them to humans. Never raises:
        calls are taken whether or not this succeeds."""
        await self._write(self._adopt, "orphans")

    async def close(self) -> None:
        """What is being written is finished, and what that leads to."""
        while self._writing:
            await asyncio.gather(*self._writing, return_exceptions=True)

    async def _adopt(self) -> None:
        world = await self._worlds.of(self._unknown_call(""))
        stuck = 0  # they stay drafts, ahead of those that are still to be settled
        while found := await world.store.find(status="draft", limit=ORPHANS_AT_ONCE, offset=stuck):
            for ticket in found:
                log.warning("ticket %s was left behind by a line process that died", ticket.ticket_no)
                try:
                    await self._settle(world, ticket.ticket_no)
                    await self._link_recording(world.store, ticket.call_id)
                except Exception as error:  # one bad ticket must not keep the others
                    if _passes(error):
                        raise
                    log.exception("ticket %s was not settled", ticket.ticket_no)
                    stuck += 1

    async def _note_outcome(self, ended: HandoffOutcome) -> None:
        call = self._calls.call(ended.call_id) or self._call_of(ended)
        world = await self._worlds.of(call)
        store = world.store
        ticket_no = ended.ticket_no or await self._ticket_of(world, call, ended)
        if ticket_no is None:
            log.warning("call %s: %s without a ticket, and no hotline is known", ended.call_id, ended.outcome)
            return
        handoff = (await store.get(ticket_no)).handoff
        if handoff and handoff.outcome:  # told again by Asterisk: a call-back that was made meanwhile is not owed again
            return
        of_call = [each.ticket_no for each in await store.of_call(call.call_id)]
        numbers = [*(number for number in of_call if number != ticket_no), ticket_no]
        for number in numbers:  # the human has all complaints of the call before them
            await self._settle(world, number)
        await self._link_recording(store, call.call_id)
        if why := CHOSEN if ended.wants_call_back else UNREACHED.get(ended.outcome):
            ticket = await store.get(ticket_no)
            await store.record_callback(ticket_no, self._call_back(world, ticket, why))
        for number in numbers:  # the ticket itself last: with its outcome all is written
            await store.record_handoff(number, ended.outcome, ended.agent, ended.waited_s)

    async def _note_ring(self, step: HandoffStep) -> None:
        """Webhooks are told of tickets: a call without one is only on the desk's stream."""
        store = (await self._worlds.of(self._calls.call(step.call_id) or self._call_of(step))).store
        made = () if step.ticket_no else await store.of_call(step.call_id)
        ticket_no = step.ticket_no or (made[-1].ticket_no if made else None)
        if ticket_no:
            await store.note_ring(
                ticket_no, agent=step.agent or "", queue=step.queue, reason=step.reason, waited_s=step.waited_s
            )

    async def _ticket_of(self, world: CallWorld, call: CallInfo, ended: HandoffOutcome) -> str | None:
        """The ticket of a call that was handed over without one: the bot's last, or a bare one. None: no hotline."""
        if made := await world.store.of_call(call.call_id):
            return made[-1].ticket_no
        hotline = call.hotline or _hotline_of(ended.queue, world.packs)
        if hotline is None:
            return None
        now = self._settings.now()
        asked = now - dt.timedelta(seconds=ended.waited_s)
        ticket = _bare(replace(call, hotline=hotline), asked, "incomplete", "来电人直接转到人工，未说明事由。")
        ticket = replace(ticket, handoff=Handoff(ended.reason or "bot_failure", ended.queue, asked))
        made_now = await world.store.create(ticket, by="line", why="转人工")
        self._spawn(partial(self._attach_customer, world, made_now), f"customer {call.call_id}")
        return made_now.ticket_no

    async def _note_closed(self, decided: Admission) -> None:
        now = self._settings.now()
        call = CallInfo(decided.call_id, decided.hotline, decided.caller_number, now, simulation=decided.simulation)
        world = await self._worlds.of(call)
        ticket = _bare(call, now, "abandoned", "非服务时间来电，未说明事由，请回电。")
        ticket = replace(ticket, callback=self._call_back(world, ticket, "非服务时间来电"))
        made = await world.store.create(ticket, by="line", why="非服务时间来电")
        self._spawn(partial(self._attach_customer, world, made), f"customer {call.call_id}")

    async def _attach_customer(self, world: CallWorld, ticket: Ticket) -> None:
        """Whom the bot never spoke with is looked up here."""
        number, pack = ticket.caller_number, world.packs.get(ticket.hotline)
        customer = await world.customers.of(number) if number and pack else None
        if customer is None or pack is None:
            return
        attach = partial(attached, customer=customer, said=(), pack=pack, taxonomy=world.taxonomy)
        await world.store.change(ticket.ticket_no, attach, by="crm", why="客户资料")

    async def _note_recording(self, call: CallInfo) -> None:
        await self._link_recording((await self._worlds.of(call)).store, call.call_id)

    async def _link_recording(self, store: TicketStore, call_id: str) -> None:
        """Where there is one: a call that ended before the notice was heard has none. The file tells, for a line
        process that was killed left no word of it."""
        name = f"{call_id}.wav"
        if not (self._settings.var / "recordings" / name).exists():
            return
        for ticket in await store.of_call(call_id):
            if ticket.recording != name:
                await store.record_recording(ticket.ticket_no, name)

    async def _settle(self, world: CallWorld, ticket_no: str) -> None:
        """The bot could not do it itself; a ticket that is settled stays as it is."""

        def end(ticket: Ticket) -> Ticket:
            asked = ticket.handoff or Handoff("bot_failure", ticket.hotline, self._settings.now())
            return settle(replace(ticket, handoff=asked), "handed_over", world.taxonomy)

        await world.store.change(ticket_no, end, by="line", why="转人工")

    def _call_back(self, world: CallWorld, ticket: Ticket, why: str) -> Callback:
        pack = world.packs.get(ticket.hotline)
        return call_back(ticket, why, at=self._settings.now(), hours=pack.open_hours if pack else None)

    def _call_of(self, ended: HandoffOutcome | HandoffStep) -> CallInfo:
        """The call never came to this line process, or was with a human while the process was started anew."""
        caller = caller_number(ended.caller or "", withheld=False, region=self._settings.region)
        return replace(
            self._unknown_call(ended.call_id),
            hotline=ended.hotline or "",
            caller_number=caller,
            simulation=ended.simulation,
        )

    def _unknown_call(self, call_id: str) -> CallInfo:
        return CallInfo(call_id, "", None, self._settings.now())

    def _spawn(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        task = asyncio.create_task(self._write(work, name), name=name)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """`work` may run several times: what it has written it finds again."""
        for left in reversed(range(ATTEMPTS)):
            try:
                await work()
            except Exception as error:  # the boundary of one call: nobody else hears of it
                if not (left and _passes(error)):
                    log.exception("%s was not written", name)
                    return
                log.warning("%s is not written yet: %s", name, error)
                await asyncio.sleep(PAUSE_S)
            else:
                return


def _passes(error: Exception) -> bool:
    return isinstance(error, IvrError) and error.retry


def _bare(call: CallInfo, at: dt.datetime, status: Status, summary: str) -> Ticket:
    """The ticket of a caller with whom the bot did not speak."""
    ticket = Ticket(
        status=status,
        hotline=call.hotline,
        call_id=call.call_id,
        caller_number=call.caller_number,
        created_at=at,
        missing=("category",),
        summary=summary,
    )
    return with_contact(ticket, None)


def _hotline_of(queue: str, packs: Mapping[str, Pack]) -> str | None:
    """Whose humans these are; of several hotlines that share them the first."""
    if queue in packs:
        return queue
    return next((pack.hotline for pack in packs.values() if queue in pack.queue_names), None)
