"""What a desk is told when a human is to take over, in the moment in which the telephone rings.

GET /handoffs       Server-Sent Events
GET /handoffs/ws    the same as a WebSocket: one JSON object a message

Both want a token (`Authorization: Bearer …`, or `?token=…` where a browser cannot set headers) and may be narrowed by
`agent=8001` and `hotline=bank`. Who comes later is first told what is under way. The form is in docs/handoff.md.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from ivr.call.ports import CallInfo
from ivr.handoff_event import UNKNOWN, Event, brief_of, head, told
from ivr.telephony.asterisk.handoffs import HandoffOutcome, HandoffStep
from ivr.tickets.store import TicketStore

log = logging.getLogger(__name__)

KINDS = {"queued": "handed_off", "ringing": "ringing", "missed": "missed"}
"""Step of a hand-over → kind of its event."""
BRIEF_S = 0.1
"""The ticket is read while the call joins its queue; a telephone that rings does not wait longer for it."""
LOOK_S = 1.0
"""How often the ticket of a caller who waits is read again: the CRM may have found the customer late."""
LOOKS = 900
BACKLOG = 200
"""Events kept for a desk that reads slowly; older ones are dropped."""
KEEPALIVE_S = 15.0
BEARER = "Bearer "


class World(Protocol):
    @property
    def store(self) -> TicketStore: ...


class Worlds(Protocol):
    async def of(self, call: CallInfo) -> World: ...


@dataclass(slots=True)
class _Open:
    """A hand-over under way."""

    brief: asyncio.Task[Event]
    """What the ticket says."""
    last: Event = field(default_factory=dict)
    """The newest event of it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Desk:
    agent: str | None
    hotline: str | None
    waiting: asyncio.Queue[Event] = field(default_factory=lambda: asyncio.Queue(BACKLOG))

    def wants(self, event: Event) -> bool:
        """A hand-over whose agent is not decided concerns every agent."""
        return (self.agent is None or event["agent"] in (None, self.agent)) and self.hotline in (None, event["hotline"])

    def tell(self, event: Event) -> None:
        if self.waiting.full():
            self.waiting.get_nowait()
            log.warning("a desk reads too slowly; it loses events")
        self.waiting.put_nowait(event)


class HandoffFeed:
    """`step` and `ended` are told by telephony and return at once. `on_event` is told every event, too, and must not
    block. Webhooks hear of a ring from the outbox (`ivr.aftermath`)."""

    def __init__(
        self,
        worlds: Worlds,
        *,
        allows: Callable[[str], Awaitable[bool]],
        now: Callable[[], dt.datetime],
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> None:
        """`allows`: is this token good?"""
        self._worlds = worlds
        self._allows = allows
        self._now = now
        self._on_event = on_event
        self._open: dict[str, _Open] = {}
        self._desks: set[_Desk] = set()
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def routes(self) -> tuple[web.RouteDef, ...]:
        return web.get("/handoffs", self._stream), web.get("/handoffs/ws", self._socket)

    # --- what happens ---

    def step(self, step: HandoffStep) -> None:
        rang = self._now()
        under_way = self._open.get(step.call_id)
        if under_way is None or step.kind == "queued":
            brief = asyncio.create_task(self._brief(step), name=f"brief {step.call_id}")
            under_way = self._open[step.call_id] = _Open(brief)
            self._spawn(self._watch(step, under_way), f"watch {step.call_id}")
        self._spawn(self._tell_step(step, under_way, rang), f"{step.kind} {step.call_id}")

    def ended(self, ended: HandoffOutcome) -> None:
        under_way = self._open.pop(ended.call_id, None)
        what = {"outcome": ended.outcome, "agent": ended.agent}
        known = under_way.last if under_way else {}
        event = {**head("handoff_ended", ended, self._now()), **UNKNOWN, **told(known), **what}
        self._publish(event)

    async def close(self) -> None:
        for task in (*self._telling, *(each.brief for each in self._open.values())):
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def _tell_step(self, step: HandoffStep, under_way: _Open, at: dt.datetime) -> None:
        await asyncio.wait([under_way.brief], timeout=None if step.kind == "queued" else BRIEF_S)
        brief = under_way.brief.result() if under_way.brief.done() else UNKNOWN
        if self._open.get(step.call_id) is not under_way:
            return  # over meanwhile
        known = {name: value for name, value in brief.items() if value is not None}
        event = {**head(KINDS[step.kind], step, at), **UNKNOWN, "caller_number": step.caller, **known}
        if step.kind != "queued" or not under_way.last:  # the ticket took longer than the first ring
            under_way.last = event
            self._publish(event)

    async def _watch(self, step: HandoffStep, under_way: _Open) -> None:
        """What changes on the ticket while the caller waits is told, and what rings later tells it."""
        for _ in range(LOOKS):
            await asyncio.sleep(LOOK_S)
            if self._open.get(step.call_id) is not under_way:
                return
            if not under_way.brief.done():
                continue
            brief = asyncio.create_task(self._brief(step), name=f"brief {step.call_id}")
            await asyncio.wait([brief])
            if not brief.result() or brief.result() == under_way.brief.result():
                continue
            under_way.brief = brief
            if under_way.last and self._open.get(step.call_id) is under_way:
                at = self._now().isoformat(timespec="milliseconds")
                under_way.last = {**under_way.last, **brief.result(), "kind": "updated", "at": at}
                self._publish(under_way.last)

    async def _brief(self, step: HandoffStep) -> Event:
        """Of the ticket; what cannot be read stays unknown, for the telephone rings all the same."""
        try:
            call = CallInfo(step.call_id, step.hotline or "", None, self._now(), simulation=step.simulation)
            store = (await self._worlds.of(call)).store
            of_call = await store.of_call(step.call_id)
            if step.ticket_no and step.ticket_no not in {each.ticket_no for each in of_call}:
                return brief_of(await store.get(step.ticket_no), ())
            ticket = next((each for each in of_call if each.ticket_no == step.ticket_no), None) or of_call[-1]
            return brief_of(ticket, tuple(each.ticket_no for each in of_call if each is not ticket))
        except Exception:  # the boundary of one call
            log.exception("call %s: the desk is not told what the ticket says", step.call_id)
            return {}

    def _publish(self, event: Event) -> None:
        self._on_event(event)
        for desk in self._desks:
            if desk.wants(event):
                desk.tell(event)

    def _spawn(self, work: Any, name: str) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work, name=name)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    # --- who listens ---

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        await self._admit(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        await response.write(b": connected\n\n")
        try:
            async for event in self._listen(request):
                await response.write(f"data: {_line(event)}\n\n".encode() if event else b": still here\n\n")
        except ConnectionError:
            pass
        return response

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        await self._admit(request)
        socket = web.WebSocketResponse(heartbeat=KEEPALIVE_S, timeout=1.0)
        await socket.prepare(request)
        sending = asyncio.create_task(self._send(request, socket), name="desk")
        try:
            async for message in socket:  # nothing is expected; a closed socket ends this
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return socket

    async def _send(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        async for event in self._listen(request):
            if event:
                await socket.send_str(_line(event))

    async def _listen(self, request: web.Request) -> AsyncIterator[Event | None]:
        """Events for this desk; None when nothing has happened for a while."""
        desk = _Desk(request.query.get("agent"), request.query.get("hotline"))
        for under_way in self._open.values():
            if under_way.last and desk.wants(under_way.last):
                desk.tell(under_way.last)
        self._desks.add(desk)
        try:
            while True:
                try:
                    yield await asyncio.wait_for(desk.waiting.get(), KEEPALIVE_S)
                except TimeoutError:
                    yield None
        finally:
            self._desks.discard(desk)

    async def _admit(self, request: web.Request) -> None:
        shown = request.headers.get("Authorization", "")
        token = shown.removeprefix(BEARER) if shown.startswith(BEARER) else request.query.get("token", "")
        if not token or not await self._allows(token):
            raise web.HTTPUnauthorized(
                text="要出示令牌：Authorization: Bearer ivr_…，或 ?token=ivr_…（见 docs/handoff.md）。",
                headers={"WWW-Authenticate": "Bearer"},
            )


def _line(event: Event) -> str:
    return json.dumps(event, ensure_ascii=False)
