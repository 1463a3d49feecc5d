"""`ivr bench latency`: real SIP calls by recorded callers, measured at the SIP client."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ivr.audio import read_wav, seconds
from ivr.call.ports import Voice
from ivr.commands.bench_line import BenchLine, bench_line, cpu_s, tell
from ivr.errors import SettingsError
from ivr.packs import Pack, load_packs
from ivr.settings import Settings, load
from ivr.simulate import latency_chart
from ivr.simulate.latency import LatencyFigures, Measured, figures_of, measure
from ivr.simulate.line_faults import CONDITIONS, LineFaults
from ivr.simulate.phone_call import Exchange, run_call
from ivr.simulate.recorded_callers import recorded_callers, sentences
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario, load_scenarios
from ivr.simulate.softphone import PhoneEvent
from ivr.simulate.tape import HeardSound, Tape
from ivr.simulate.world import forget_old_records, sown
from ivr.speech.voices import Voices
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy

PATIENCE_S = 1.0
"""A caller who is handed over hangs up after this."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What one run measures with."""

    settings: Settings
    taxonomy: Taxonomy
    packs: Mapping[str, Pack]
    scenarios: Sequence[Scenario]
    line: BenchLine
    callers: Sequence[Voice]
    voices: Voices
    """For the length of fillers: what was said before comes from the line's own store."""

    @property
    def digit_fields(self) -> frozenset[str]:
        return frozenset(name for name, field in self.taxonomy.fields.items() if field.kind == "digits")

    @property
    def records(self) -> Path:
        return self.settings.var / "bench" / "records"


def command(
    files: Annotated[list[Path] | None, typer.Argument(help="场景文件，默认 data/bench.yml")] = None,
    *,
    calls: Annotated[list[int] | None, typer.Option("--calls", min=1, help="同时几通；可以写几次，默认 1 和 4")] = None,
    conditions: Annotated[
        str, typer.Option(help=f"线路条件，用逗号分开：{'、'.join(CONDITIONS)}；除第一个外只用最少的并发量")
    ] = ",".join(CONDITIONS),
    seconds: Annotated[float, typer.Option(min=5, help="每种条件量多久（秒）；开始了的电话会打完")] = 60.0,
    image: Annotated[Path | None, typer.Option(help="画进这个 .svg 或 .png 文件")] = None,
    report: Annotated[Path | None, typer.Option(help="把结果（JSON）写进这个文件")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")] = False,
) -> None:
    """应答间隔、问候、误停、截断：录好的来电人打真实的 SIP 电话，在来电人一侧按能量量声音。

    线路若没有在运行，就为这次测量启动。机器要空闲，数才有意义。
    """
    settings = load()
    taxonomy = load_taxonomy(settings.data)
    scenarios = load_scenarios(files or [settings.root / "data" / "bench.yml"], taxonomy)
    if not scenarios:
        raise SettingsError("没有场景可用。")
    cells = list(_cells(conditions_of(conditions), sorted(set(calls or (1, 4)))))
    found = asyncio.run(_run(settings, taxonomy, scenarios, cells, seconds))
    results = {"load": os.getloadavg()[0], "cells": [_to_json(one) for one in found]}
    if as_json:
        typer.echo(json.dumps(results, ensure_ascii=False, indent=2))
    else:
        latency_chart.show(Console(), found)
    if report:
        report.write_text(json.dumps(results, ensure_ascii=False, indent=2), "utf-8")
    if image:
        latency_chart.draw(found, image)


def conditions_of(listed: str) -> list[str]:
    """Names of `CONDITIONS`, from an option. Raises `SettingsError`."""
    named = [name.strip() for name in listed.split(",") if name.strip()]
    if unknown := [name for name in named if name not in CONDITIONS]:
        raise SettingsError(f"没有叫 {'、'.join(unknown)} 的线路条件；有的是 {'、'.join(CONDITIONS)}。")
    return named


def _cells(conditions: Sequence[str], calls: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Every number of calls under the first condition, the least under the others."""
    for number, condition in enumerate(conditions):
        for at_once in calls if number == 0 else calls[:1]:
            yield condition, at_once


def _to_json(figures: LatencyFigures) -> dict[str, Any]:
    return asdict(figures) | {"false_stops_per_100_min": figures.false_stops_per_100_min}


async def _run(
    settings: Settings,
    taxonomy: Taxonomy,
    scenarios: Sequence[Scenario],
    cells: Sequence[tuple[str, int]],
    seconds: float,
) -> list[LatencyFigures]:
    callers = await recorded_callers(settings, sentences(scenarios), tell)
    async with bench_line(settings) as line:
        voices = Voices(settings)
        bench = Bench(line.settings, taxonomy, load_packs(settings.data), scenarios, line, callers, voices)
        forget_old_records(bench.records)
        try:
            return [await run_cell(bench, condition, at_once, seconds) for condition, at_once in cells]
        finally:
            await voices.close()


async def run_cell(bench: Bench, condition: str, at_once: int, seconds: float) -> LatencyFigures:
    """`at_once` callers, each calling again and again for `seconds`, under one condition."""
    before, used, began = await bench.line.counters(), cpu_s(bench.settings), time.monotonic()
    until = began + seconds
    tell(f"{condition}，{at_once} 通：约 {seconds:.0f} 秒……")
    chains = (_chain(bench, place, CONDITIONS[condition], until) for place in range(at_once))
    measured = list(itertools.chain.from_iterable(await asyncio.gather(*chains)))
    took_s = time.monotonic() - began
    cpu = {name: 100 * (now - used.get(name, now)) / took_s / at_once for name, now in cpu_s(bench.settings).items()}
    return figures_of(condition, at_once, measured, _wasted(before, await bench.line.counters()), cpu)


def _wasted(before: Mapping[str, float], after: Mapping[str, float]) -> float | None:
    """Share of the decodings that were thrown away."""
    names = ("ivr_recognitions_total", "ivr_recognitions_wasted_total")
    if any(name not in after for name in names):
        return None  # an engine that does not count its work
    used, wasted = (after[name] - before.get(name, 0.0) for name in names)
    return wasted / (used + wasted) if used + wasted else 0.0


async def _chain(bench: Bench, place: int, faults: LineFaults, until: float) -> list[Measured]:
    found: list[Measured] = []
    for number in itertools.count(place):
        if found and time.monotonic() > until:
            return found
        scenario = bench.scenarios[number % len(bench.scenarios)]
        voice = bench.callers[(place + number // len(bench.scenarios)) % len(bench.callers)]
        found.append(await _call(bench, scenario, voice, faults))
    return found


async def _call(bench: Bench, scenario: Scenario, voice: Voice, faults: LineFaults) -> Measured:
    tape = Tape()

    def note(event: object) -> None:
        now = time.monotonic()
        if isinstance(event, PhoneEvent):
            tape.phone_event(now, event.kind, event.at, event.values)
        else:
            tape.line_event(now, event.kind, event.values)  # type: ignore[attr-defined]

    exchange = Exchange(
        target=bench.line.target, events=bench.line.events, voice=voice, records=bench.records,
        wait_for_human_s=PATIENCE_S, faults=faults, tape=note,
    )  # fmt: skip
    number = bench.taxonomy.hotlines[scenario.hotline].number
    sameness = Sameness.of(bench.taxonomy, bench.packs.get(scenario.hotline))
    async with sown(scenario, bench.settings, bench.taxonomy) as world:
        result = await run_call(scenario, world, exchange, sameness, dialled=number)
    folder = Path(str(result.extra["records"]))
    pcm = await asyncio.to_thread(read_wav, folder / "heard.wav")
    speaker = await bench.voices.of(scenario.hotline, bench.settings.data)
    lengths = {text: await _length_s(speaker, text) for text in _fillers(tape)}
    return measure(tape, HeardSound(pcm), bench.digit_fields, lambda values: lengths[str(values.get("text", ""))])


def _fillers(tape: Tape) -> set[str]:
    return {str(event.values.get("text", "")) for event in tape.line if event.kind == "filler"}


async def _length_s(voice: Voice, text: str) -> float:
    return sum([seconds(piece) async for piece in voice.say(text)]) if text else 0.0
