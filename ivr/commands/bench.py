"""`ivr bench`: what the product costs under load."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import aiohttp
import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ivr.call.ports import CallInfo
from ivr.commands import bench_barge_in, bench_latency, bench_transport
from ivr.conversation.client import RasaConversation
from ivr.errors import SettingsError, TicketError
from ivr.packs import load_packs
from ivr.running import own_ports, running_dialogue
from ivr.settings import Settings, load
from ivr.simulate.load import Figure, Load, figure, read_timings
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario, load_scenarios
from ivr.tickets.seed import Seed, seed_of, sow
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy
from ivr.tickets.ticket import TranscriptLine
from ivr.worlds import World, Worlds

app = typer.Typer(no_args_is_help=True, help="在负载下量一量。")
app.command("latency")(bench_latency.command)
app.command("barge-in")(bench_barge_in.command)
app.command("transport")(bench_transport.command)
TIMINGS = "IVR_TIMINGS"
"""Environment variable: where the dialogue server writes what its work took (`dialogue/timings.py`)."""
TARGET_MS = 150.0
"""p95 of a turn, with eight callers who speak every five to eight seconds."""
PHASES = {"nlu": "听懂（NLU）", "action": "动作", "policy": "规则", "turn": "Rasa 里的一轮"}


@dataclass(frozen=True, slots=True)
class Result:
    figures: tuple[Figure, ...]
    """The first is the whole turn."""
    turns: int
    cpu_ms: Mapping[str, float]
    """Program → CPU time of one turn."""
    load: float
    """Tasks that were running on the machine in the last minute, ours included."""
    errors: tuple[str, ...]


class _TimedStore(TicketStore):
    """Keeps what each line of the transcript took."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.database_url, settings.zone)
        self.lines_ms: list[float] = []

    async def add_line(self, call_id: str, line: TranscriptLine) -> None:
        begun = time.perf_counter()
        await super().add_line(call_id, line)
        self.lines_ms.append((time.perf_counter() - begun) * 1000)


@app.callback()
def _group() -> None:
    """在负载下量一量。"""


@app.command()
def dialogue(
    files: Annotated[list[Path] | None, typer.Argument(help="场景文件或文件夹，默认 tests/scenarios")] = None,
    *,
    calls: Annotated[int, typer.Option(min=1, help="同时几通电话")] = 8,
    seconds: Annotated[float, typer.Option(min=10, help="量多久（秒），不算启动")] = 120.0,
    seed: Annotated[int, typer.Option(help="谁在什么时候说哪一句由它决定")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")] = False,
) -> None:
    """对话的一轮要多久：几通电话同时进行（文字），每位来电人隔 5–8 秒说一句，说场景里的话。

    另起一套 Rasa 和动作服务，用临时的 SQLite 工单库，不碰正在运行的线路和工单。机器要空闲，数才有意义。
    """
    settings = load()
    taxonomy = load_taxonomy(settings.data)
    named = files or [settings.root / "tests" / "scenarios", settings.root / "tests" / "scenarios" / "own"]
    scenarios = load_scenarios(
        [file for name in named for file in (sorted(name.glob("*.yml")) if name.is_dir() else [name])], taxonomy
    )
    if not scenarios:
        raise SettingsError("没有场景可用。")
    packs = load_packs(settings.data)
    sameness = {hotline: Sameness.of(taxonomy, packs.get(hotline)) for hotline in taxonomy.hotlines}
    with tempfile.TemporaryDirectory(dir=settings.var) as folder:
        own = own_ports(replace(settings, database=f"sqlite+aiosqlite:///{folder}/tickets.db"))
        timings = Path(folder) / "timings.jsonl"
        os.environ[TIMINGS] = str(timings)
        world = _World(own, taxonomy, scenarios, sameness, timings)
        result = asyncio.run(_measure(world, calls, seconds, seed))
    if as_json:
        typer.echo(json.dumps(asdict(result), ensure_ascii=False, indent=2))
    else:
        _show(result)
    raise typer.Exit(1 if result.errors else 0)


@dataclass(frozen=True, slots=True)
class _World:
    settings: Settings
    taxonomy: Taxonomy
    scenarios: Sequence[Scenario]
    sameness: Mapping[str, Sameness]
    timings: Path


async def _measure(world: _World, calls: int, seconds: float, seed: int) -> Result:
    settings, store = world.settings, _TimedStore(world.settings)
    await store.open()
    await _sow(world, store)
    worlds = Worlds(settings)

    async def world_of(call: CallInfo) -> World:
        return replace(await worlds.of(call), store=store)

    try:
        async with running_dialogue(settings, typer.echo), aiohttp.ClientSession() as http:
            url = f"http://{settings.host}:{settings.ports.rasa}"
            talk = RasaConversation(http, url, world_of, timeout_s=settings.dialogue.timeout_s)
            run = Load(talk, world.scenarios, world.sameness, settings.zone, calls, seconds, seed)
            before = _cpu_s(settings)
            if world.timings.exists():
                os.truncate(world.timings, 0)  # what warming up took; the server keeps the file open
            await run.run()
            cpu_s = {name: used - before[name] for name, used in _cpu_s(settings).items()}
    finally:
        await worlds.close()
        await store.close()
    turns = len(run.turns_ms)
    figures = [figure("一轮（从话到答复）", run.turns_ms, turns), figure("接通（问候）", run.begins_ms, turns)]
    figures += [*_phases(world.timings, turns), figure("写转写记录", store.lines_ms, turns)]
    cpu_ms = {name: used * 1000 / max(turns, 1) for name, used in cpu_s.items()}
    return Result(tuple(figures), turns, cpu_ms, os.getloadavg()[0], tuple(run.errors))


async def _sow(world: _World, store: TicketStore) -> None:
    """The callers' earlier tickets; one whose number another scenario uses too is left out."""
    for each in world.scenarios:
        known = {
            "id": each.id, "hotline": each.hotline, "date": each.moment.isoformat(), "caller": each.caller,
            "customer": None, "prior_tickets": each.prior_tickets,
        }  # fmt: skip
        with suppress(TicketError):
            await sow(store, msgspec.convert(seed_of(known, world.settings.zone), Seed), world.taxonomy)


def _phases(file: Path, turns: int) -> list[Figure]:
    times: defaultdict[str, list[float]] = defaultdict(list)
    for one in read_timings(file.read_bytes().splitlines() if file.exists() else []):
        times[PHASES.get(one.phase, one.phase)].append(one.ms)
        if one.phase == "action":
            name = "validate_…_form" if one.name.endswith("_form") else one.name
            times[f"  {'action_ask_…' if name.startswith('action_ask_') else name}"].append(one.ms)
    return [
        figure(phase, times[phase], turns) for phase in sorted(times, key=lambda name: (name.startswith(" "), name))
    ]


def _cpu_s(settings: Settings) -> dict[str, float]:
    """CPU seconds that the dialogue's programs have used so far, all their threads."""
    found = {}
    for name in ("rasa", "actions"):
        pid = (settings.var / "run" / f"{name}.pid").read_text().strip()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        found[name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def _show(result: Result) -> None:
    table = Table("毫秒", "次／轮", "一半以内", "95% 以内", "99% 以内", "每轮合计")
    for one in result.figures:
        cells = (one.p50_ms, one.p95_ms, one.p99_ms, one.sum_ms)
        table.add_row(one.phase, f"{one.per_turn:.2f}", *(f"{cell:.0f}" for cell in cells))
    console = Console()
    console.print(table)
    cpu = "，".join(f"{name} {used:.0f}" for name, used in result.cpu_ms.items())
    console.print(f"{result.turns} 轮；每轮的处理器时间（毫秒）：{cpu}；量完时机器的负载 {result.load:.1f}。")
    whole = result.figures[0]
    reached = "达到" if whole.p95_ms <= TARGET_MS else "没有达到"
    console.print(f"一轮 95% 在 {whole.p95_ms:.0f} 毫秒以内，{reached}目标（{TARGET_MS:.0f} 毫秒）。")
    for error in result.errors:
        console.print(f"[red]{error}[/red]")
