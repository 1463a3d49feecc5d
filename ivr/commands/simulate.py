"""`ivr simulate`: scenario files against the product, in text or as real calls."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr.commands.telephones import telephones
from ivr.errors import SettingsError
from ivr.network_ports import answers
from ivr.packs import Pack, load_packs
from ivr.running import own_ports_beside_a_real_line, running_dialogue, running_line, running_line_simulates
from ivr.settings import Settings, load, save
from ivr.simulate import review_curve
from ivr.simulate.chat import ChatCall
from ivr.simulate.display import progress, show_totals
from ivr.simulate.phone_call import run_call
from ivr.simulate.report import CallResult, write_report
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario, load_scenarios
from ivr.simulate.suite import Play, play_all
from ivr.simulate.totals import totals_of
from ivr.simulate.world import sown
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy


class Mode(StrEnum):
    TEXT = "text"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Job:
    """What one run of the command plays, and with what it judges."""

    settings: Settings
    taxonomy: Taxonomy
    packs: dict[str, Pack]
    scenarios: Sequence[Scenario]

    def sameness(self, scenario: Scenario) -> Sameness:
        return Sameness.of(self.taxonomy, self.packs.get(scenario.hotline))


def command(
    files: Annotated[list[Path], typer.Argument(help="场景文件或它们的文件夹，格式见 docs/contract/scenario.md")],
    *,
    mode: Annotated[Mode, typer.Option(help="text：文字直接进对话；call：打真实的电话")] = Mode.TEXT,
    jobs: Annotated[int, typer.Option(min=0, help="同时进行几个场景；0：文字 2 个，电话 1 个")] = 0,
    only: Annotated[str, typer.Option(help="只跑这些场景，id 用逗号分开")] = "",
    report: Annotated[Path | None, typer.Option(help="把报告（JSON）写进这个文件")] = None,
    curve: Annotated[
        Path | None, typer.Option(help="复核阈值的曲线：在终端列出，并画进这个 .svg 文件（浏览器可看）")
    ] = None,
) -> None:
    """让剧本里的来电人和机器人对话，检查得到的工单；全部通过时退出码为 0。

    text 模式驱动 `ivr chat --jsonl`；call 模式向线路打真实的 SIP 电话（G.711 A-law），用普通话声音说话，
    在来电人一侧测量应答间隔。需要的服务若没有在运行，就为这次模拟启动，结束后停止。
    """
    settings = replace(load(), simulation=True)
    taxonomy = load_taxonomy(settings.root / "data")
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    scenarios = load_scenarios(_files(files), taxonomy, wanted)
    if not scenarios:
        raise SettingsError(f"{'、'.join(map(str, files))} 里没有场景。")
    job = Job(settings, taxonomy, load_packs(settings.root / "data"), scenarios)
    try:
        results = asyncio.run(_run(job, mode, jobs))
    except asyncio.CancelledError:
        raise typer.Exit(143) from None  # SIGTERM, after everything was stopped
    totals = totals_of(results, taxonomy)
    show_totals(Console(), totals, results)
    if curve:
        drawn = review_curve.curves(results)
        review_curve.show(Console(), drawn)
        review_curve.draw(drawn, curve)
    if report:
        write_report(report, mode.value, results, totals.to_json())
    raise typer.Exit(0 if all(result.passed for result in results) else 1)


def _files(named: list[Path]) -> list[Path]:
    return [file for name in named for file in (sorted(name.glob("*.yml")) if name.is_dir() else [name])]


async def _run(job: Job, mode: Mode, jobs: int) -> list[CallResult]:
    playing = asyncio.current_task()
    if playing is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    prepared = _text(job) if mode is Mode.TEXT else _calls(job)
    async with prepared as play:
        with progress(Console(), len(job.scenarios)) as done:
            return await play_all(job.scenarios, play, jobs=jobs or (2 if mode is Mode.TEXT else 1), done=done)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


# --- text ---------------------------------------------------------------------------


@asynccontextmanager
async def _text(job: Job) -> AsyncIterator[Play]:
    """The dialogue runs once for all scenarios; `ivr chat` finds it at the ports of the settings it is given."""
    settings = await own_ports_beside_a_real_line(job.settings, _tell)
    file = settings.var / "run" / f"simulate-{os.getpid()}.json"
    save(settings, file)

    try:
        async with running_dialogue(settings, _tell):
            yield in_text(job, file)
    finally:
        file.unlink(missing_ok=True)


def in_text(job: Job, file: Path) -> Play:
    """Plays by `ivr chat --jsonl` with the settings in that file."""

    async def play(scenario: Scenario) -> CallResult:
        command = (sys.executable, "-m", "ivr", "chat", "--jsonl")
        chosen = ("--seed", str(scenario.file.resolve()), "--only", scenario.id)
        return await ChatCall(scenario, job.sameness(scenario), (*command, *chosen), {"IVR_SETTINGS": str(file)}).play()

    return play


# --- calls --------------------------------------------------------------------------


@asynccontextmanager
async def _calls(job: Job) -> AsyncIterator[Play]:
    """Calls to the line that runs, else to one that is started for the time."""
    settings = job.settings
    async with AsyncExitStack() as stack:
        if not await answers(f"http://{settings.host}:{settings.ports.events}/health"):
            await stack.enter_async_context(running_line(settings, _tell))
        elif not running_line_simulates(settings):
            raise SettingsError(
                "正在运行的线路接真实来电，不接受模拟来电：请先停掉它，或改用 ivr up --simulation 启动。"
            )
        exchange = await stack.enter_async_context(telephones(settings))

        async def play(scenario: Scenario) -> CallResult:
            number = job.taxonomy.hotlines[scenario.hotline].number
            async with sown(scenario, settings, job.taxonomy) as world:
                return await run_call(scenario, world, exchange, job.sameness(scenario), dialled=number)

        yield play
