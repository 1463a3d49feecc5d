"""A whole line, or its dialogue alone, as programs that run for as long as a block lasts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from ivr import programs
from ivr.conversation.servers import at_work
from ivr.designing.versions import Version, Versions, shown
from ivr.errors import PeerDown
from ivr.network_ports import answers, busy_ports, busy_udp_ports, free_ports
from ivr.packs import load_packs
from ivr.processes import Processes, Tell
from ivr.programs import Program
from ivr.publishing import Pairs, start_pair
from ivr.settings import Settings, load
from ivr.telephony.asterisk.server import Prepared
from ivr.telephony.asterisk.server import prepare as prepare_asterisk


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


async def _start_gateway(processes: Processes, settings: Settings, tell: Tell) -> None:
    """Calls are taken whether or not other systems can be told of them."""
    try:
        await processes.start(programs.gateway(settings))
    except PeerDown as error:
        tell(f"{error} 电话照常接；通知先存着，不会丢。")


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
