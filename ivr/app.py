"""The composition root: the only module that picks implementations and wires them. Importing it builds nothing."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import re
import socket
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp

from ivr import processes as programs
from ivr.aftermath import Aftermath
from ivr.call.ports import CallInfo
from ivr.conversation.client import RasaConversation
from ivr.customers.file import FileCustomers
from ivr.customers.patient import Patient
from ivr.customers.port import Customers
from ivr.customers.seed import SeedCustomers
from ivr.errors import PeerDown, SettingsError, TelephonyDown
from ivr.events import EventStream
from ivr.packs import Pack, load_packs, load_prompts
from ivr.processes import Processes, Program, Tell, answers, beat, busy_ports, busy_udp_ports
from ivr.settings import Settings, load
from ivr.telephony.asterisk.ami import QueueWatch
from ivr.telephony.asterisk.server import Prepared
from ivr.telephony.asterisk.server import prepare as prepare_asterisk
from ivr.tickets.seed import read_seed
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy

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


class Worlds:
    """The real world, and one apart for each simulated call: its own store, seeded with its own customer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._packs = load_packs(settings.root / "data")
        self._taxonomy = load_taxonomy(settings.root / "data")
        self._open: OrderedDict[str | None, World] = OrderedDict()
        self._lock = asyncio.Lock()

    async def of(self, call: CallInfo) -> World:
        """Raises `SettingsError` for a simulated call on a line that takes real ones."""
        async with self._lock:
            if call.simulation not in self._open:
                self._open[call.simulation] = await self._make(call.simulation)
            self._open.move_to_end(call.simulation)
            await self._close_forgotten()
            return self._open[call.simulation]

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

    async def _make(self, token: str | None) -> World:
        settings = self._settings
        if token is None:
            store = TicketStore(settings.database_url, settings.zone)
            customers: Customers = Patient(FileCustomers(settings.root / "data" / "customers.yml"))
        else:
            file = simulation_file(settings, token, ".json")
            store = TicketStore(f"sqlite+aiosqlite:///{file.with_suffix('.db')}", settings.zone)
            customers = SeedCustomers(file)
        await store.open()
        return World(store, customers, self._packs, self._taxonomy)


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
    """Rasa and its action server, for as long as the block lasts; what already runs at their ports is used as it is."""
    async with Processes(settings, tell) as processes:
        await _start_dialogue(processes, settings)
        yield


@contextlib.asynccontextmanager
async def running_line(settings: Settings, tell: Tell) -> AsyncIterator[Processes]:
    """The whole line. Raises `SettingsError`, `NotPrepared` or `PeerDown` when it cannot start."""
    packs = load_packs(settings.root / "data")
    asterisk = prepare_asterisk(settings, packs)
    check_ports_free(settings)
    tell(f"Asterisk {asterisk.asterisk.version}，对话服务 Rasa，动作服务，线路进程：正在启动（约一分钟）……")
    async with Processes(settings, tell) as processes:
        starting = [
            asyncio.create_task(_start_dialogue(processes, settings)),
            asyncio.create_task(_start_telephony(processes, settings, asterisk)),
        ]
        try:
            await asyncio.gather(*starting)
        finally:
            for task in starting:
                task.cancel()
            # A half that is still starting a program must be through before the programs are stopped.
            await asyncio.gather(*starting, return_exceptions=True)
        yield processes


async def _start_dialogue(processes: Processes, settings: Settings) -> None:
    ports = settings.ports
    if await answers(f"http://{settings.host}:{ports.rasa}/status"):
        return
    await processes.start(programs.actions(settings))
    await processes.start(programs.rasa(settings))


async def _start_telephony(processes: Processes, settings: Settings, asterisk: Prepared) -> None:
    await processes.start(programs.line(settings))
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
    # Asterisk says it has booted although SIP got no port.
    busy += busy_udp_ports(settings.telephony.sip_host, {"sip": ports.sip})
    if busy:
        raise PeerDown("；".join(busy))


async def own_ports_beside_a_real_line(settings: Settings, tell: Tell) -> Settings:
    """For simulated calls in text. A line that takes real calls refuses them: beside it the dialogue runs once more."""
    running = await answers(f"http://{settings.host}:{settings.ports.rasa}/status")
    if not running or running_line_simulates(settings):
        return settings
    tell("正在运行的线路接真实来电，不受打扰：为模拟另起一套对话服务。")
    rasa, actions = _free_ports(settings.host)
    return replace(settings, ports=replace(settings.ports, rasa=rasa, actions=actions))


def running_line_simulates(settings: Settings) -> bool:
    """Does what runs at these ports accept simulated calls?"""
    file = settings.var / "run" / "settings.json"
    if not file.exists():
        return False
    theirs = load(file)
    return theirs.simulation and theirs.ports.rasa == settings.ports.rasa


def _free_ports(host: str) -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind((host, 0))
        other.bind((host, 0))
        return one.getsockname()[1], other.getsockname()[1]


# --- the line process -----------------------------------------------------------------


async def serve_line(settings: Settings) -> None:
    """Take calls until cancelled. Heavy engines are loaded here and nowhere else."""
    from ivr.line import CallDesk, DialogueHealth, Engines
    from ivr.speech.cache import CachedVoice
    from ivr.speech.vad import SileroVads
    from ivr.speech.whisper import WhisperRecogniser
    from ivr.speech.zhtts_voice import ZhVoice
    from ivr.telephony.asterisk.door import AsteriskDoor
    from ivr.telephony.asterisk.fastagi import AdmissionServer

    data = settings.root / "data"
    packs, taxonomy = load_packs(data), load_taxonomy(data)
    worlds, health = Worlds(settings), DialogueHealth(settings)
    events = EventStream(settings.host, settings.ports.events)
    recogniser, voice = WhisperRecogniser(settings, packs), ZhVoice(settings)
    http = aiohttp.ClientSession()
    conversation = conversation_of(settings, http, worlds)
    engines = Engines(
        activity=SileroVads(settings),
        recogniser=recogniser,
        voice=CachedVoice(voice, settings.var / "voice", settings.speech.cache_mb),
        conversation=conversation,
    )
    desk = CallDesk(
        settings,
        packs,
        taxonomy,
        load_prompts(data),
        engines,
        events,
        on_recorded=lambda call: aftermath.recorded(call),
    )
    aftermath = Aftermath(settings, worlds, desk)
    door = AsteriskDoor(settings, desk.take, now=worlds.now)
    admission = AdmissionServer(
        settings, lambda: packs, bot_healthy=lambda: health.good, on_decided=aftermath.admission_decided
    )
    queues = QueueWatch(settings, aftermath.handoff_ended)

    async def stop() -> None:
        await asyncio.gather(events.stop(), admission.stop(), door.stop(), queues.stop())
        await aftermath.close()
        await asyncio.gather(engines.recogniser.close(), engines.voice.close(), worlds.close(), http.close())

    try:
        async with asyncio.TaskGroup() as tasks:
            try:
                await asyncio.gather(recogniser.warm_up(), voice.warm_up())
                tasks.create_task(beat(), name="heartbeat")  # until all is stopped: the last calls may take their time
                tasks.create_task(health.watch(), name="dialogue health")
                await aftermath.adopt_orphans()
                await door.start()
                await admission.start()
                await events.start()
                tasks.create_task(_connect_queues(queues), name="ami")
                await asyncio.Event().wait()
            finally:
                await stop()
    except ExceptionGroup as group:
        first = group.exceptions[0]
        raise first from first.__cause__  # what went wrong first: a person reads one sentence


def conversation_of(settings: Settings, http: aiohttp.ClientSession, worlds: Worlds) -> RasaConversation:
    url = f"http://{settings.host}:{settings.ports.rasa}"
    return RasaConversation(http, url, worlds.of, timeout_s=settings.dialogue.timeout_s)


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
