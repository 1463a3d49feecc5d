"""The composition root: the only module that picks implementations and wires them. Importing it builds nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import aiohttp

from ivr.aftermath import Aftermath
from ivr.call.ports import CallInfo, Humans, Line
from ivr.conversation.client import RasaConversation
from ivr.conversation.servers import LineServers
from ivr.customers.port import Customers
from ivr.engines import load_speech, make_ahead
from ivr.errors import TelephonyDown
from ivr.events import EventStream
from ivr.handoff_feed import HandoffFeed
from ivr.heartbeat import beat
from ivr.knowledge import CurrentPacks, CurrentPrompts
from ivr.settings import Settings
from ivr.telephony.asterisk.admission import Admission
from ivr.telephony.asterisk.ami import QueueWatch
from ivr.telephony.asterisk.handoffs import HandoffOutcome, HandoffStep
from ivr.tickets.tokens import Tokens
from ivr.worlds import Worlds

log = logging.getLogger(__name__)


# --- one call without a telephone -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes calls beside the line process, with engines of its own."""

    take: Callable[[Line], Awaitable[None]]
    worlds: Worlds


@contextlib.asynccontextmanager
async def own_desk(settings: Settings, on_event: Callable[[Mapping[str, Any]], None]) -> AsyncIterator[Desk]:
    """For a dialogue that runs (`ivr.running`). `on_event` is told what the event stream of a line tells."""
    from ivr.line import CallDesk

    servers = LineServers(settings)
    worlds = Worlds(settings, servers)
    packs, prompts = CurrentPacks(worlds.shelf), CurrentPrompts(worlds.shelf)
    async with aiohttp.ClientSession() as http:
        conversation = RasaConversation(http, servers, worlds.of, timeout_s=settings.dialogue.timeout_s)
        speech = load_speech(settings, packs)
        try:
            await speech.warm_up()
            events = EventStream(settings.host, settings.ports.events, on_event=on_event)  # not started: no port
            taxonomy, engines = worlds.shelf.current.taxonomy, speech.engines(conversation, servers)
            words = worlds.shelf.current.turn_words
            desk = CallDesk(settings, packs, taxonomy, prompts, lambda: words, engines, events)
            yield Desk(desk.take, worlds)
        finally:
            await conversation.close()
            await asyncio.gather(speech.close(), worlds.close())


# --- the line process -----------------------------------------------------------------


async def serve_line(settings: Settings) -> None:
    """Take calls until cancelled."""
    from ivr.line import CallDesk, DialogueHealth
    from ivr.metrics import LineMetrics
    from ivr.telephony.asterisk.doors import DOORS
    from ivr.telephony.asterisk.fastagi import AdmissionServer

    servers = LineServers(settings)
    metrics = LineMetrics()
    worlds, health = Worlds(settings, servers, metrics.looked_up), DialogueHealth(settings)
    packs, prompts = CurrentPacks(worlds.shelf), CurrentPrompts(worlds.shelf)
    taxonomy = worlds.shelf.current.taxonomy
    feed = HandoffFeed(worlds, allows=partial(_may_read, worlds, settings), now=settings.now)
    events = EventStream(
        settings.host, settings.ports.events, on_event=metrics.take, metrics=metrics.page, routes=feed.routes
    )
    http = aiohttp.ClientSession()

    def humans(call: CallInfo) -> dict[str, Humans]:
        """As AMI has told them; nothing while it is away."""
        known = {name: queues.humans(name) for name in packs[call.hotline].queue_names}
        return {name: each for name, each in known.items() if each}

    conversation = RasaConversation(http, servers, worlds.of, timeout_s=settings.dialogue.timeout_s, humans=humans)
    speech = load_speech(settings, packs)
    recogniser, engines = speech.recogniser, speech.engines(conversation, servers)
    desk = CallDesk(
        settings,
        packs,
        taxonomy,
        prompts,
        lambda: worlds.shelf.current.turn_words,
        engines,
        events,
        on_recorded=lambda call: aftermath.recorded(call),
    )
    aftermath = Aftermath(settings, worlds, desk, on_settled=lambda call_id: queues.settled(call_id))
    door = DOORS[settings.telephony.media](settings, desk.take, now=worlds.now)
    metrics.watch_dialogue(lambda: health.good)
    metrics.watch_recogniser(recogniser.work)

    def fit_for_calls() -> bool:
        return health.good and recogniser.keeps_up()

    def admitted(decided: Admission) -> None:
        metrics.admitted(decided.route)
        aftermath.admission_decided(decided)

    def handed_over(ended: HandoffOutcome) -> None:
        metrics.handed_over(ended.outcome)
        feed.ended(ended)
        aftermath.handoff_ended(ended)

    admission = AdmissionServer(
        settings, lambda: packs, bot_healthy=fit_for_calls, on_decided=admitted, routes=door.routes
    )

    def step(under_way: HandoffStep) -> None:
        feed.step(under_way)
        aftermath.handoff_step(under_way)

    queues = QueueWatch(settings, handed_over, on_step=step)
    metrics.watch_queues(lambda: queues.connected)

    async def stop() -> None:
        await asyncio.gather(events.stop(), door.stop(), queues.stop())
        await feed.close()
        await admission.stop()  # not before the door: the dialplan asks here what becomes of the calls it had
        await aftermath.close()
        await conversation.close()
        await asyncio.gather(speech.close(), worlds.close(), http.close())

    try:
        async with asyncio.TaskGroup() as tasks:
            try:
                await speech.warm_up()
                tasks.create_task(beat(), name="heartbeat")  # until all is stopped: the last calls may take their time
                tasks.create_task(health.watch(), name="dialogue health")
                tasks.create_task(worlds.shelf.follow(lambda: servers.data_of("")), name="knowledge")
                await aftermath.adopt_orphans()
                await door.start()
                await admission.start()
                await events.start()
                tasks.create_task(_connect_queues(queues), name="ami")
                ahead = make_ahead(speech.voices, settings, worlds.shelf, lambda: health.good and not desk.busy)
                tasks.create_task(ahead, name="voices ahead")
                await asyncio.Event().wait()
            finally:
                await stop()
    except ExceptionGroup as group:
        first = group.exceptions[0]
        raise first from first.__cause__  # what went wrong first: a person reads one sentence


async def _may_read(worlds: Worlds, settings: Settings, token: str) -> bool:
    """Is it a token of the HTTP API that may read?"""
    store = (await worlds.of(CallInfo("", "", None, settings.now()))).store
    known, _ = await Tokens(store.database).check(token)
    return known is not None and known.may("read")


async def _connect_queues(queues: QueueWatch) -> None:
    """Asterisk starts after us: AMI is tried until it is there. Until then what is free stays unknown."""
    while True:
        try:
            await queues.start()
        except TelephonyDown as error:
            log.info("AMI: %s", error)
            await asyncio.sleep(1.0)
        else:
            return


# --- the gateway ----------------------------------------------------------------------


async def serve_gateway(settings: Settings) -> None:
    """The HTTP API and the webhooks, until cancelled."""
    from ivr import gateway
    from ivr.api.office import Records

    worlds, nobody = Worlds(settings, LineServers(settings)), CallInfo("", "", None, settings.now())

    async def records() -> Records:
        world = await worlds.of(nobody)
        return Records(world.store, customers, world.taxonomy)

    async def customers(hotline: str) -> Customers:
        return (await worlds.of(replace(nobody, hotline=hotline))).customers

    try:
        await gateway.serve(settings, records)
    finally:
        await worlds.close()
