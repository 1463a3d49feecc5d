"""What the benches with real calls share: the line (the one that runs, or one of their own) and its metrics."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from ivr.commands.telephones import sip_address
from ivr.errors import SettingsError
from ivr.network_ports import answers
from ivr.running import running_line, running_line_simulates
from ivr.settings import Settings
from ivr.simulate.line_events import LineEvents

RUNS_ALREADY = "正在运行的线路接真实来电，不接受模拟来电：请先停掉它，或改用 ivr up --simulation 启动。"


@dataclass(frozen=True, slots=True)
class BenchLine:
    settings: Settings
    events: LineEvents

    @property
    def target(self) -> str:
        """host:port of its SIP."""
        return f"{sip_address(self.settings)}:{self.settings.ports.sip}"

    async def counters(self) -> dict[str, float]:
        """The line's metrics without labels, by name."""
        url = f"http://{self.settings.host}:{self.settings.ports.events}/metrics"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            page = await answer.text()
        families = text_string_to_metric_families(page)
        return {s.name: s.value for family in families for s in family.samples if not s.labels}


PROGRAMS = {"line": "线路", "asterisk": "Asterisk", "rasa": "Rasa", "actions": "动作"}
"""What a line consists of: beginning of the name of its process id's file → what a person reads."""


def cpu_s(settings: Settings) -> dict[str, float]:
    """CPU seconds that each program has used so far, all its threads; a program that is not there is left out."""
    used: dict[str, float] = {}
    for file in (settings.var / "run").glob("*.pid"):
        name = next((name for name in PROGRAMS if file.stem.startswith(name)), "")
        with contextlib.suppress(OSError, ValueError):
            fields = Path(f"/proc/{int(file.read_text())}/stat").read_text().rpartition(")")[2].split()
            ticks = int(fields[11]) + int(fields[12])
            used[PROGRAMS.get(name, name)] = used.get(PROGRAMS.get(name, name), 0.0) + ticks / os.sysconf("SC_CLK_TCK")
    used.pop("", None)
    return used


def tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


@asynccontextmanager
async def bench_line(settings: Settings) -> AsyncIterator[BenchLine]:
    """The line that runs with these settings if it takes simulated calls, else one for as long as the block lasts.
    Raises `SettingsError`, `NotPrepared` or `PeerDown`."""
    settings = replace(settings, simulation=True)
    url = f"http://{settings.host}:{settings.ports.events}"
    if await answers(f"{url}/health"):
        if not running_line_simulates(settings):
            raise SettingsError(RUNS_ALREADY)
        async with LineEvents(f"{url}/events") as events:
            yield BenchLine(settings, events)
        return
    nobody = replace(settings, telephony=replace(settings.telephony, queue_timeout_s=1))
    async with running_line(nobody, tell), LineEvents(f"{url}/events") as events:
        yield BenchLine(nobody, events)
