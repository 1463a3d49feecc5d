"""`ivr bench barge-in`: real SIP calls in which the caller speaks into the bot's sentences, measured at the client."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ivr.audio import read_wav, write_wav
from ivr.call.ports import Voice
from ivr.commands.bench_latency import conditions_of
from ivr.commands.bench_line import BenchLine, bench_line, tell
from ivr.settings import Settings, load
from ivr.simulate.barge_in import COUGH, HUM, SPEECH, BargeInFigures, cough, figures_of, trimmed
from ivr.simulate.barging_caller import BargingCaller, Sounds
from ivr.simulate.latency import Spread
from ivr.simulate.line_faults import CONDITIONS, CONDITIONS_ZH
from ivr.simulate.recorded_callers import PEOPLE, recorded_callers, sentences
from ivr.simulate.scenario import Scenario, load_scenarios
from ivr.simulate.tape import HeardSound, Tape
from ivr.simulate.world import forget_old_records, sown
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy

COUGHS = 6
HUMS = ("嗯。", "嗯嗯。")


def command(
    *,
    conditions: Annotated[
        str, typer.Option(help=f"线路条件，用逗号分开：{'、'.join(CONDITIONS)}")
    ] = "clean,echo20,echo12",
    seconds: Annotated[float, typer.Option(min=5, help="每种条件打多久电话（秒）")] = 120.0,
    seed: Annotated[int, typer.Option(help="什么时候打断、说什么由它决定")] = 1,
    report: Annotated[Path | None, typer.Option(help="把结果（JSON）写进这个文件")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")] = False,
) -> None:
    """打断：来电人在机器人说话的中间开口、咳嗽、嗯一声，打真实的 SIP 电话，在来电人一侧按能量量声音。

    线路若没有在运行，就为这次测量启动。机器要空闲，数才有意义。
    """
    settings = load()
    taxonomy = load_taxonomy(settings.data)
    (scenario, *_) = load_scenarios([settings.root / "data" / "bench.yml"], taxonomy)
    found = asyncio.run(_run(settings, taxonomy, scenario, conditions_of(conditions), seconds, seed))
    results = {"load": os.getloadavg()[0], "cells": [asdict(one) for one in found]}
    if as_json:
        typer.echo(json.dumps(results, ensure_ascii=False, indent=2))
    else:
        show(Console(), found)
    if report:
        report.write_text(json.dumps(results, ensure_ascii=False, indent=2), "utf-8")


async def _run(
    settings: Settings, taxonomy: Taxonomy, scenario: Scenario, conditions: Sequence[str], seconds: float, seed: int
) -> list[BargeInFigures]:
    texts = [*sentences([scenario]), *HUMS]
    voices = await recorded_callers(settings, texts, tell)
    folder = settings.var / "bench" / "interruptions"
    folder.mkdir(parents=True, exist_ok=True)
    sounds = await record(folder, voices, sentences([scenario]))
    async with bench_line(settings) as line:
        return [await run_cell(line, taxonomy, scenario, sounds, each, seconds, seed) for each in conditions]


async def record(folder: Path, voices: Sequence[Voice], texts: Sequence[str]) -> Sounds:
    """The sounds that interrupt, as files, beginning with their first sample."""
    files: dict[str, list[Path]] = {SPEECH: [], HUM: [], COUGH: []}
    for name, voice in zip(PEOPLE, voices, strict=False):
        for kind, spoken in ((SPEECH, texts), (HUM, HUMS)):
            for number, text in enumerate(spoken):
                pcm = trimmed(b"".join([piece async for piece in voice.say(text)]))
                files[kind].append(_written(folder / f"{kind}-{name}-{number}.wav", pcm))
    files[COUGH] = [_written(folder / f"cough-{number}.wav", trimmed(cough(number))) for number in range(COUGHS)]
    return Sounds(files)


def _written(file: Path, pcm: bytes) -> Path:
    write_wav(file, pcm)
    return file


async def run_cell(
    line: BenchLine,
    taxonomy: Taxonomy,
    scenario: Scenario,
    sounds: Sounds,
    condition: str,
    seconds: float,
    seed: int,
) -> BargeInFigures:
    """Call after call for `seconds`."""
    chance, until = random.Random(f"{seed}-{condition}"), time.monotonic() + seconds  # noqa: S311  (no secret)
    records = line.settings.var / "bench" / "records"
    forget_old_records(records)
    target = f"sip:{taxonomy.hotlines[scenario.hotline].number}@{line.target}"
    calls: list[tuple[Tape, HeardSound]] = []
    tell(f"{condition}：约 {seconds:.0f} 秒……")
    while not calls or time.monotonic() < until:
        async with sown(scenario, line.settings, taxonomy) as world:
            events = line.events.of(world.token)
            folder = records / world.token
            caller = BargingCaller(events, sounds, chance, folder, CONDITIONS[condition])
            try:
                await caller.talk(target, world.token, until)
            finally:
                line.events.forget(world.token)
        pcm = await asyncio.to_thread(read_wav, folder / "heard.wav")
        calls.append((caller.tape, HeardSound(pcm)))
    return figures_of(condition, calls)


# --- shown ------------------------------------------------------------------------------


def show(console: Console, measured: Sequence[BargeInFigures]) -> None:
    table = Table(title="打断（毫秒，在 SIP 客户端量）", title_justify="left")
    table.add_column("")
    for one in measured:
        table.add_column(CONDITIONS_ZH.get(one.condition, one.condition))
    for name, cell in ROWS.items():
        table.add_row(name, *(cell(one) for one in measured))
    console.print(table)


def _spread(spread: Spread) -> str:
    return f"{spread.p50:.0f} / {spread.p95:.0f} / {spread.p99:.0f}（{spread.count}）" if spread.count else "–"


def _false_stops(one: BargeInFigures) -> str:
    rate = 100 * one.false_stops / one.bot_min if one.bot_min else 0.0
    return f"{rate:.1f}（{one.false_stops} 次 / {one.bot_min:.1f} 分）"


ROWS: dict[str, Callable[[BargeInFigures], str]] = {
    "电话": lambda one: str(one.calls),
    "开口到机器人静音 p50 / p95 / p99": lambda one: _spread(one.silence),
    "说话打断 / 没有停下": lambda one: f"{one.spoken} / {one.missed}",
    "一句话被截成几轮": lambda one: str(one.split),
    "咳嗽、嗯 / 停了一下 / 停下不说": lambda one: f"{one.noises} / {one.held} / {one.noise_stops}",
    "咳完到接着说 p50 / p95 / p99": lambda one: _spread(one.go_on),
    "误停，每 100 分钟机器人的声音": _false_stops,
    "犹豫（停了一下，半秒内接着说）": lambda one: str(one.hesitations),
}
