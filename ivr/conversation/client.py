"""The dialogue of all calls, in a Rasa server: implements `ivr.call.ports.Conversation` over its REST channel.

Everything said is written to the transcript at once, beside the turn: the caller does not wait for the disk. What Rasa
could not take in is kept all the same: the ticket is settled here, whether or not the dialogue lived to the end.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import aiohttp

from ivr.call.ports import CallerTurn, CallInfo, Ending, Humans, Keyed, Reply, Said, Silent
from ivr.conversation import wire
from ivr.conversation.look_up import Customers, LookUp
from ivr.conversation.servers import Lease, OneServer, Servers
from ivr.errors import DialogueDown, TicketChanged, WireError
from ivr.packs import Pack
from ivr.tickets.attaching import attached
from ivr.tickets.callbacks import call_back
from ivr.tickets.completeness import settle
from ivr.tickets.customer import Customer
from ivr.tickets.judgement.judge import judge
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Handoff, Ticket, TranscriptLine

log = logging.getLogger(__name__)

BEGIN_S = 8.0
"""The first message of a model takes Rasa longer; the caller hears the ringing tone meanwhile."""
LONGEST_BODY = 1_000_000


class World(Protocol):
    """What is needed of a call's world (`ivr.worlds`)."""

    @property
    def store(self) -> TicketStore: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def packs(self) -> Mapping[str, Pack]: ...
    @property
    def taxonomy(self) -> Taxonomy: ...


WorldOf = Callable[[CallInfo], Awaitable[World]]


@dataclass(slots=True)
class _Talk:
    """One call, as far as it went."""

    began: float
    """Monotonic seconds."""
    look_up: LookUp
    """Who calls, as far as the CRM has told."""
    turns: int = 0
    asked: tuple[str, ...] = ()
    ticket_no: str | None = None
    said: list[str] = field(default_factory=list)
    """The caller's own words."""
    lease: Lease | None = None
    """Its Rasa, once it was needed."""
    writing: asyncio.Task[None] | None = None
    """Writes the newest line of the transcript, after those before it."""


class RasaConversation:
    """`servers`: which Rasa a call gets; an address without a path is always that one. `timeout_s`: it must have
    answered a turn by then. `humans`: those of the call's queues, by queue; told at once, without those not known."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        servers: Servers | str,
        world_of: WorldOf,
        *,
        timeout_s: float = 4.0,
        humans: Callable[[CallInfo], Mapping[str, Humans]] = lambda _: {},
    ) -> None:
        self._http = http
        self._servers = OneServer(servers) if isinstance(servers, str) else servers
        self._world_of = world_of
        self._timeout_s = timeout_s
        self._humans = humans
        self._talks: dict[str, _Talk] = {}
        self._late: set[asyncio.Task[None]] = set()
        """Calls that ended before the CRM had answered."""

    async def begin(self, call: CallInfo) -> Reply:
        self._talks[call.call_id] = self._new_talk(call)
        return await self._turn(call, None, max(BEGIN_S, self._timeout_s))

    async def reply(self, call: CallInfo, turn: CallerTurn) -> Reply:
        talk = self._talk(call)
        talk.turns += 1
        self._note_caller(call, talk, turn)
        return await self._turn(call, turn, self._timeout_s)

    async def end(self, call: CallInfo, how: Ending, reason: str | None = None) -> str | None:
        talk = self._talks.pop(call.call_id, None) or self._new_talk(call)
        try:
            if talk.writing is not None:
                await asyncio.wait([talk.writing])
            return await self._settle(call, talk, how, reason)
        except Exception:  # the boundary of one call: the caller is served whatever the store does
            log.exception("call %s: its ticket could not be settled (%s)", call.call_id, how)
            return talk.ticket_no
        finally:
            if talk.lease:
                talk.lease.release()
            if not talk.look_up.over:
                self._await_customer(call, talk)

    async def close(self) -> None:
        """No customer is waited for any more."""
        waiting = [*self._late, *(asyncio.create_task(talk.look_up.stop()) for talk in self._talks.values())]
        for task in self._late:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    # --- parts -------------------------------------------------------------------

    def _talk(self, call: CallInfo) -> _Talk:
        if call.call_id not in self._talks:
            self._talks[call.call_id] = self._new_talk(call)
        return self._talks[call.call_id]

    def _new_talk(self, call: CallInfo) -> _Talk:
        async def customers_of() -> Customers:
            return (await self._world_of(call)).customers

        return _Talk(time.monotonic(), LookUp(customers_of, call.caller_number, call.call_id))

    async def _turn(self, call: CallInfo, turn: CallerTurn | None, timeout_s: float) -> Reply:
        talk = self._talk(call)
        customer = talk.look_up.now if turn is None else await talk.look_up.known()
        humans = self._humans(call)
        body = wire.request(call, turn, number=talk.turns, asked=talk.asked, customer=customer, humans=humans)
        try:
            talk.lease = talk.lease or self._servers.take(call.call_id)
            answer = wire.reply(await self._post(talk.lease.url, body, timeout_s))
        except WireError as error:
            raise DialogueDown(f"对话服务的回答不对：{error}") from error
        talk.asked = answer.asks
        talk.ticket_no = answer.ticket_no or talk.ticket_no
        self._note(call, talk, TranscriptLine("bot", answer.text, self._at(talk)))
        return answer if answer.ticket_no else replace(answer, ticket_no=talk.ticket_no)

    async def _post(self, rasa: str, body: Mapping[str, object], timeout_s: float) -> bytes:
        url = f"{rasa}/webhooks/rest/webhook"
        try:
            async with asyncio.timeout(timeout_s), self._http.post(url, json=body) as response:
                content = await response.content.read(LONGEST_BODY)
                if response.status != 200:
                    raise DialogueDown(f"对话服务回答了 {response.status}：{content[:200]!r}")
                return content
        except TimeoutError:
            raise DialogueDown(f"对话服务 {timeout_s:g} 秒没有回答：请看 var/log/rasa.log。") from None
        except aiohttp.ClientError as error:
            raise DialogueDown(f"连不上对话服务 {url}：{error}") from error

    def _note_caller(self, call: CallInfo, talk: _Talk, turn: CallerTurn) -> None:
        match turn:
            case Said(heard):
                talk.said.append(heard.text)
                self._note(call, talk, TranscriptLine("caller", heard.text, self._at(talk), heard.confidence))
            case Keyed(digits):
                talk.said.append(f"按键 {digits}")
                self._note(call, talk, TranscriptLine("caller", f"（按键）{digits}", self._at(talk)))
            case Silent():
                pass

    def _note(self, call: CallInfo, talk: _Talk, line: TranscriptLine) -> None:
        talk.writing = asyncio.create_task(
            self._write(call, line, after=talk.writing), name=f"transcript {call.call_id}"
        )

    async def _write(self, call: CallInfo, line: TranscriptLine, after: asyncio.Task[None] | None) -> None:
        """A transcript that cannot be written must not end the call."""
        try:
            if after is not None:
                await asyncio.wait([after])
            await (await self._world_of(call)).store.add_line(call.call_id, line)
        except Exception:  # nobody waits for it but the end of the call
            log.exception("call %s: a line of the transcript was lost", call.call_id)

    def _at(self, talk: _Talk) -> float:
        return round(time.monotonic() - talk.began, 2)

    async def _settle(self, call: CallInfo, talk: _Talk, how: Ending, reason: str | None) -> str | None:
        world = await self._world_of(call)
        tickets = await world.store.of_call(call.call_id)
        if not tickets:
            if how != "handed_over" and not any(words.strip() for words in talk.said):
                return None  # whoever goes to a human gets a ticket in any case: a call-back may have to be noted on it
            tickets = (
                await world.store.create(_of_words(call, talk, world), why="对话服务没有建工单，保存来电人的原话"),
            )
        at = call.started_at + dt.timedelta(seconds=round(self._at(talk)))
        for ticket in tickets:
            await self._settle_one(world, ticket, how, reason, call, talk, at)
            if how == "caller_hung_up" and ticket.handoff and ticket.handoff.outcome is None:
                await self._never_queued(world, ticket, at, call)
        return tickets[0].ticket_no

    def _await_customer(self, call: CallInfo, talk: _Talk) -> None:
        task = asyncio.create_task(self._attach_late(call, talk), name=f"late customer {call.call_id}")
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _attach_late(self, call: CallInfo, talk: _Talk) -> None:
        """The human who has the call by now still learns whom they speak with."""
        customer = await talk.look_up.at_last()
        if customer is None:
            return

        def attach(current: Ticket) -> Ticket:
            return _with_customer(current, customer, world, call, talk)

        try:
            world = await self._world_of(call)
            for ticket in await world.store.of_call(call.call_id):
                await world.store.change(ticket.ticket_no, attach, by="crm", why="客户资料后到")
        except Exception:  # the boundary of one call that is over
            log.exception("call %s: its customer came late and was not attached", call.call_id)

    async def _never_queued(self, world: World, ticket: Ticket, at: dt.datetime, call: CallInfo) -> None:
        """The caller hung up while the hand-over was announced: no queue will tell what became of it."""
        await world.store.record_handoff(ticket.ticket_no, "abandoned", None, None)
        due = call_back(ticket, "转人工时挂机", at=at, hours=world.packs[call.hotline].open_hours)
        await world.store.record_callback(ticket.ticket_no, due)

    async def _settle_one(
        self,
        world: World,
        ticket: Ticket,
        how: Ending,
        reason: str | None,
        call: CallInfo,
        talk: _Talk,
        at: dt.datetime,
    ) -> None:
        pack, customer = world.packs[call.hotline], talk.look_up.now

        def end(current: Ticket) -> Ticket:
            current = _with_customer(current, customer, world, call, talk)
            if how == "handed_over":
                asked = current.handoff or Handoff(reason or "bot_failure", pack.own_queue, at)
                current = replace(current, handoff=replace(asked, requested_at=at))
            return settle(current, how, world.taxonomy, at=at, hours=pack.open_hours)

        for _ in range(3):
            try:
                await world.store.change(ticket.ticket_no, end, by="bot", why="通话结束")
            except TicketChanged:
                continue
            return
        log.error("ticket %s was changed elsewhere again and again; not settled", ticket.ticket_no)


def _with_customer(ticket: Ticket, customer: Customer | None, world: World, call: CallInfo, talk: _Talk) -> Ticket:
    if customer is None:
        return ticket
    return attached(ticket, customer, said=talk.said, pack=world.packs[call.hotline], taxonomy=world.taxonomy)


def _of_words(call: CallInfo, talk: _Talk, world: World) -> Ticket:
    """A ticket that holds nothing but what was said."""
    ticket = Ticket(
        hotline=call.hotline, call_id=call.call_id, caller_number=call.caller_number, created_at=call.started_at
    )
    ticket = judge(
        ticket, said=talk.said, customer=None, prior=None, pack=world.packs[call.hotline], taxonomy=world.taxonomy
    )
    words = " / ".join(talk.said)[:300]
    return replace(ticket, summary=f"来电人原话：{words}" if words else "来电人还没有说明事由。")
