"""Where actions get the store, the customers and the packs of the call they are in."""

from __future__ import annotations

import datetime as dt
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from ivr.call.ports import CallInfo, Humans
from ivr.conversation.evidence import load_evidence
from ivr.conversation.handing_over import Prospect, priority, prospect
from ivr.conversation.notes import Notes, of_slot
from ivr.conversation.situation import Setting
from ivr.conversation.wire import call_of, customer_of, humans_of
from ivr.packs import load_packs
from ivr.settings import Settings, load
from ivr.tickets.customer import Customer
from ivr.tickets.ticket import Ticket
from ivr.worlds import World, Worlds

log = logging.getLogger(__name__)

PARSE_S = 1.0
EARLIER = 30
"""So many earlier tickets of the caller are looked at."""
CALLS = 200
"""Of so many calls, the newest, the caller's earlier tickets are kept."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One call, as an action meets it."""

    call: CallInfo
    world: World
    setting: Setting
    notes: Notes
    ticket: Ticket
    """A draft without a number as long as nothing is known."""
    now: dt.datetime
    """Aware; a simulated call takes place at its seed's time."""
    humans: Mapping[str, Humans]
    """By queue, of those that are known."""

    @property
    def hours(self) -> bool:
        """The hotline is open."""
        return self.setting.pack.open_hours.contains(self.now)

    @property
    def vip(self) -> bool:
        return bool(self.setting.customer and self.setting.customer.vip)

    def queue(self, ticket: Ticket, reason: str) -> str:
        """Where a hand-over goes; one that Asterisk does not know yet (just published) gives way to the hotline's."""
        pack = self.setting.pack
        tier = "vip" if self.vip else "normal"
        wanted = pack.queue_for(category=ticket.category, urgency=ticket.urgency, tier=tier, reason=reason)
        return pack.own_queue if self.humans and wanted not in self.humans else wanted

    def prospect(self, ticket: Ticket, reason: str) -> Prospect:
        humans = self.humans.get(self.queue(ticket, reason))
        return prospect(humans, priority(ticket, vip=self.vip), hours=self.hours)

    async def ticket_of(self, notes: Notes) -> Ticket:
        """The ticket of one complaint of the call."""
        return await self.world.store.get(notes.ticket_no) if notes.ticket_no else _draft(self.call)


class Stage:
    """Opened once a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worlds = Worlds(settings)
        data = settings.data
        # All at once: reading one of them takes as long as several turns, and other callers would wait.
        self._evidence = {hotline: load_evidence(data, hotline) for hotline in load_packs(data)}
        self._earlier: OrderedDict[str, tuple[Ticket, ...]] = OrderedDict()
        """Call → its caller's earlier tickets: those made before it began stay the same while it lasts."""
        self._http: aiohttp.ClientSession | None = None

    async def scene(self, tracker: Any) -> Scene:
        """Raises `WireError` for a message that did not come from our client."""
        metadata = tracker.latest_message.get("metadata") or {}
        call, customer = call_of(metadata), customer_of(metadata)
        world = await self._worlds.of(call)
        notes = of_slot(tracker.get_slot("notes"))
        ticket = await world.store.get(notes.ticket_no) if notes.ticket_no else _draft(call)
        setting = await self._setting(call, world, customer)
        now = call.started_at if call.simulation else self._settings.now()
        return Scene(call, world, setting, notes, ticket, now, humans_of(metadata))

    async def intents(self, text: str) -> dict[str, float]:
        """NLU's intents of a part of a sentence and their confidence; nothing when it does not answer in time."""
        url = f"http://{self._settings.host}:{self._settings.ports.rasa}/model/parse"
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PARSE_S))
        try:
            async with self._http.post(url, json={"text": text}) as response:
                response.raise_for_status()
                parsed = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("NLU did not take a sentence of %d characters: %s", len(text), error)
            return {}
        return {each["name"]: float(each["confidence"]) for each in parsed.get("intent_ranking") or ()}

    async def _setting(self, call: CallInfo, world: World, customer: Customer | None) -> Setting:
        return Setting(
            pack=world.packs[call.hotline],
            taxonomy=world.taxonomy,
            evidence=self._evidence[call.hotline],
            today=call.started_at.date(),
            customer=customer,
            earlier=await self._earlier_of(call, world),
            least_certainty=self._settings.speech.least_confidence,
        )

    async def _earlier_of(self, call: CallInfo, world: World) -> tuple[Ticket, ...]:
        if not call.caller_number:
            return ()
        if call.call_id not in self._earlier:
            found = await world.store.of_caller(call.caller_number, before=call.started_at, limit=EARLIER)
            self._earlier[call.call_id] = tuple(ticket for ticket in found if ticket.hotline == call.hotline)
            while len(self._earlier) > CALLS:
                self._earlier.popitem(last=False)
        return self._earlier[call.call_id]

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
        await self._worlds.close()


def _draft(call: CallInfo) -> Ticket:
    return Ticket(
        hotline=call.hotline, call_id=call.call_id, caller_number=call.caller_number, created_at=call.started_at
    )


_stage: Stage | None = None


def stage() -> Stage:
    """The process's stage, built at its first use."""
    global _stage
    if _stage is None:
        _stage = Stage(load())
    return _stage
