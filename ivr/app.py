"""The composition root: the only module that picks implementations and wires them. Importing it builds nothing."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from ivr import processes as programs
from ivr.aftermath import Aftermath
from ivr.call import tone
from ivr.call.ports import CallInfo, Conversation, Humans, Line, VoiceActivity
from ivr.conversation.client import RasaConversation
from ivr.conversation.servers import LineServers, at_work
from ivr.customers.directory import Directory
from ivr.customers.guarded import Noted
from ivr.customers.port import Customers
from ivr.customers.seed import SeedCustomers
from ivr.designing.versions import Version, Versions, shown
from ivr.errors import PeerDown, SettingsError, TelephonyDown
from ivr.events import EventStream
from ivr.handoff_feed import HandoffFeed
from ivr.knowledge import CurrentPacks, CurrentPrompts, Knowledge, Shelf
from ivr.packs import Pack, load_packs
from ivr.processes import Processes, Program, Tell, answers, beat, busy_ports, busy_udp_ports
from ivr.publishing import Pairs, free_ports, start_pair
from ivr.settings import Settings, load
from ivr.telephony.asterisk.admission import Admission
from ivr.telephony.asterisk.ami import QueueWatch
from ivr.telephony.asterisk.handoffs import HandoffOutcome, HandoffStep
from ivr.telephony.asterisk.server import Prepared
from ivr.telephony.asterisk.server import prepare as prepare_asterisk
from ivr.tickets.seed import read_seed
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.tokens import Tokens

if TYPE_CHECKING:
    from ivr.line import Engines
    from ivr.speech.recognisers import Recognisers
    from ivr.speech.repair.repairing import Repairing
    from ivr.speech.voices import Voices

log = logging.getLogger(__name__)

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,80}")
"""A simulation's token names files, so it is nothing but a name."""
SIMULATED_WORLDS = 64
"""Simulated calls whose store stays open; of more, the longest unused are closed."""


@dataclass(frozen=True, slots=True)
class World:
    """What a call's dialogue knows and writes to."""

    store: TicketStore
    customers: Customers
    packs: Mapping[str, Pack]
    taxonomy: Taxonomy


@dataclass(frozen=True, slots=True)
class _Open:
    store: TicketStore
    customers_of: Callable[[str], Customers]
    """By hotline."""


class Worlds:
    """The real world, and one apart for each simulated call: its own store, seeded with its own customer.

    `servers`: where each call's version of the hotlines' knowledge is; without them it is that of the settings.
    `noted`: told of every look-up in a CRM."""

    def __init__(
        self,
        settings: Settings,
        servers: LineServers | None = None,
        noted: Noted = lambda name, outcome, took_s: None,
    ) -> None:
        self._settings = settings
        self._servers = servers
        self._directory = Directory(settings, noted)
        self.shelf = Shelf(servers.data_of("") if servers else settings.data)
        self._open: OrderedDict[str | None, _Open] = OrderedDict()
        self._lock = asyncio.Lock()

    async def of(self, call: CallInfo) -> World:
        """Raises `SettingsError` for a simulated call on a line that takes real ones."""
        known = self.shelf.current
        if self._servers:
            known = await self.shelf.of(self._servers.data_of(call.call_id))
        async with self._lock:
            if call.simulation not in self._open:
                self._open[call.simulation] = await self._make(call.simulation)
            self._open.move_to_end(call.simulation)
            await self._close_forgotten()
            world = self._open[call.simulation]
        return World(world.store, world.customers_of(call.hotline), known.packs, known.taxonomy)

    async def _close_forgotten(self) -> None:
        simulated = [token for token in self._open if token is not None]
        for token in simulated[:-SIMULATED_WORLDS]:
            await self._open.pop(token).store.close()

    def now(self, token: str | None) -> dt.datetime:
        """The time in that world: a simulated call takes place at its seed's."""
        return self._settings.now() if token is None else read_seed(simulation_file(self._settings, token, ".json")).now

    async def close(self) -> None:
        for world in self._open.values():
            await world.store.close()
        self._open.clear()
        await self._directory.close()

    async def _make(self, token: str | None) -> _Open:
        settings = self._settings
        if token is None:
            store = TicketStore(settings.database_url, settings.zone)
            customers_of = self._directory.of_hotline
        else:
            file = simulation_file(settings, token, ".json")
            store = TicketStore(f"sqlite+aiosqlite:///{file.with_suffix('.db')}", settings.zone)
            customers_of = partial(_always, SeedCustomers(file))
        await store.open()
        return _Open(store, customers_of)


def _always(customers: Customers, hotline: str) -> Customers:
    return customers


def simulation_file(settings: Settings, token: str, suffix: str) -> Path:
    """Where a simulated call's seed (.json) and store (.db) are."""
    if not settings.simulation:
        raise SettingsError("这条线路不接受模拟来电：请在 ivr.toml 里设 simulation = true，真实线路上不要设。")
    if not TOKEN.fullmatch(token):
        raise SettingsError(f"模拟来电的标识 {token!r} 不对：只能是字母、数字、- 和 _。")
    return settings.var / "simulation" / f"{token}{suffix}"


# --- the programs of a line ---------------------------------------------------------


@contextlib.asynccontextmanager
async def running_dialogue(settings: Settings, tell: Tell) -> AsyncIterator[None]:
    """Rasa and its action server, for as long as the block lasts; what already runs for the line is used as it is."""
    async with Processes(settings, tell) as processes:
        working = at_work(settings)
        if not await answers(f"http://{working.host}:{working.ports.rasa}/status"):
            await start_pair(processes, settings)
        yield


@contextlib.asynccontextmanager
async def running_line(settings: Settings, tell: Tell) -> AsyncIterator[Processes]:
    """The whole line. Raises `SettingsError`, `NotPrepared` or `PeerDown` when it cannot start."""
    settings, version = published(settings, tell)
    packs = load_packs(settings.data)
    asterisk = None if settings.telephony.pbx.host else prepare_asterisk(settings, packs)
    check_ports_free(settings)
    telephony = f"Asterisk {asterisk.asterisk.version}" if asterisk else f"电话来自 {settings.telephony.pbx.host}"
    tell(f"{telephony}，对话服务 Rasa，动作服务，线路进程：正在启动（约一分钟）……")
    async with Processes(settings, tell) as processes, Pairs(settings, processes, tell) as pairs:
        starting = [
            asyncio.create_task(pairs.start(version)),
            asyncio.create_task(_start_telephony(processes, settings, asterisk)),
            asyncio.create_task(_start_gateway(processes, settings, tell)),
        ]
        try:
            await asyncio.gather(*starting)
        finally:
            for task in starting:
                task.cancel()
            # A half that is still starting a program must be through before the programs are stopped.
            await asyncio.gather(*starting, return_exceptions=True)
        yield processes


def published(settings: Settings, tell: Tell) -> tuple[Settings, Version | None]:
    """The settings with the content of the published version, if there is one; a person is told which."""
    versions = Versions(settings)
    version = versions.current()
    if version is None:
        return settings, None
    tell(f"对话：{shown(version)}。")
    return replace(settings, content=str(versions.place(version.number))), version


async def _start_telephony(processes: Processes, settings: Settings, asterisk: Prepared | None) -> None:
    await processes.start(programs.line(settings))
    if asterisk is None:
        return
    await processes.start(
        Program(
            name="asterisk",
            what="Asterisk",
            argv=asterisk.start,
            cwd=settings.var,
            ready=lambda: asyncio.to_thread(asterisk.ready),
            ready_within_s=40,
        )
    )


def check_ports_free(settings: Settings) -> None:
    """Raises `PeerDown` naming each port that somebody else holds, SIP's (UDP) too."""
    ports = settings.ports
    ours = {
        name: getattr(ports, name) for name in ("asterisk_http", "ami", "bot", "fastagi", "rasa", "actions", "events")
    }
    busy = busy_ports(settings.host, ours)
    busy += busy_ports(settings.api_host, {"api": ports.api})
    # Asterisk says it has booted although SIP got no port.
    busy += busy_udp_ports(settings.telephony.sip_host, {"sip": ports.sip})
    if busy:
        raise PeerDown("；".join(busy))


async def own_ports_beside_a_real_line(settings: Settings, tell: Tell) -> Settings:
    """For simulated calls in text. A line that takes real calls refuses them: beside it the dialogue runs once more."""
    running = await answers(f"http://{settings.host}:{at_work(settings).ports.rasa}/status")
    if not running or running_line_simulates(settings):
        return settings
    tell("正在运行的线路接真实来电，不受打扰：为模拟另起一套对话服务。")
    return own_ports(settings)


def own_ports(settings: Settings) -> Settings:
    """The dialogue at ports that nobody uses, beside whatever runs."""
    rasa, actions = free_ports(settings.host)
    return replace(settings, ports=replace(settings.ports, rasa=rasa, actions=actions))


def running_line_simulates(settings: Settings) -> bool:
    """Does what runs at these ports accept simulated calls?"""
    file = settings.var / "run" / "settings.json"
    if not file.exists():
        return False
    theirs = load(file)
    return theirs.simulation and theirs.ports.rasa == settings.ports.rasa


# --- hearing and speaking -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Speech:
    """The heavy engines of a process that takes calls."""

    recogniser: Recognisers
    repairing: Repairing
    voices: Voices
    activity: Callable[[], VoiceActivity]

    def engines(self, conversation: Conversation, servers: LineServers) -> Engines:
        from ivr.line import Engines
        from ivr.speech.revised import RevisedRecogniser

        return Engines(
            activity=self.activity,
            recogniser=RevisedRecogniser(self.recogniser, self.repairing.revise),
            voice_of=lambda call: self.voices.of(call.hotline, servers.data_of(call.call_id)),
            conversation=conversation,
        )

    async def warm_up(self) -> None:
        others = (asyncio.to_thread(warm) for warm in (tone.warm_up, self.repairing.warm_up))
        await asyncio.gather(self.recogniser.warm_up(), self.voices.warm_up(), *others)

    async def close(self) -> None:
        await asyncio.gather(self.recogniser.close(), self.voices.close())


def _speech(settings: Settings, packs: Mapping[str, Pack]) -> _Speech:
    """Heavy engines are imported here and nowhere else."""
    from ivr.speech.recognisers import Recognisers
    from ivr.speech.repair.repairing import Repairing
    from ivr.speech.repair.sounds import load_sounds
    from ivr.speech.repair.words import usual_words
    from ivr.speech.vad import SileroVads
    from ivr.speech.voices import Voices

    data = settings.root / "data"
    repairing = Repairing(packs, load_sounds(data), partial(usual_words, data))
    return _Speech(Recognisers(settings, packs), repairing, Voices(settings, packs), SileroVads(settings))


# --- one call without a telephone -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes calls beside the line process, with engines of its own."""

    take: Callable[[Line], Awaitable[None]]
    worlds: Worlds


@contextlib.asynccontextmanager
async def own_desk(settings: Settings, on_event: Callable[[Mapping[str, Any]], None]) -> AsyncIterator[Desk]:
    """For a dialogue that runs (`running_dialogue`). `on_event` is told what the event stream of a line tells."""
    from ivr.line import CallDesk

    servers = LineServers(settings)
    worlds = Worlds(settings, servers)
    packs, prompts = CurrentPacks(worlds.shelf), CurrentPrompts(worlds.shelf)
    async with aiohttp.ClientSession() as http:
        conversation = RasaConversation(http, servers, worlds.of, timeout_s=settings.dialogue.timeout_s)
        speech = _speech(settings, packs)
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
    """Take calls until cancelled. Heavy engines are loaded here and nowhere else."""
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
    speech = _speech(settings, packs)
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
                ahead = _make_ahead(speech.voices, settings, worlds.shelf, lambda: health.good and not desk.busy)
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


async def _start_gateway(processes: Processes, settings: Settings, tell: Tell) -> None:
    """Calls are taken whether or not other systems can be told of them."""
    try:
        await processes.start(programs.gateway(settings))
    except PeerDown as error:
        tell(f"{error} 电话照常接；通知先存着，不会丢。")


async def _make_ahead(voices: Voices, settings: Settings, shelf: Shelf, idle: Callable[[], bool]) -> None:
    """Fixed clauses for the store while nobody calls: a convenience, so its failure is no reason not to take calls."""
    try:
        texts = await asyncio.to_thread(_fixed_clauses, settings, shelf.current)
        await voices.make_ahead(texts, idle)
    except Exception:
        log.exception("no sentences are made ahead of calls")


def _fixed_clauses(settings: Settings, known: Knowledge) -> list[str]:
    from ivr.speech.fixed import fixed_clauses

    dialogue = Path(settings.content or settings.root) / "dialogue"
    fillers = {f"filler {number}": text for number, text in enumerate(known.turn_words.fillers)}
    return fixed_clauses(dialogue, {**fillers, **known.prompts}, known.packs.values())


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
