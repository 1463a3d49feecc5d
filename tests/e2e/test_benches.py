"""The benches on real calls: their numbers are plausible. How good they are is measured on a quiet machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.commands import bench_barge_in, bench_latency, bench_transport
from ivr.commands.bench_line import BenchLine, tell
from ivr.packs import load_packs
from ivr.simulate.line_events import LineEvents
from ivr.simulate.recorded_callers import recorded_callers, sentences
from ivr.simulate.scenario import Scenario, load_scenarios
from ivr.speech.voices import Voices
from ivr.tickets.taxonomy import load_taxonomy
from tests.e2e.caller import everything_up
from tests.e2e.conftest import PROJECT, RunningLine

pytestmark = pytest.mark.line

TAXONOMY = load_taxonomy(PROJECT / "data")


def scenario() -> Scenario:
    """A caller with few words who soon hangs up."""
    (demo,) = load_scenarios([PROJECT / "data" / "demo.yml"], TAXONOMY, ["demo"])
    answers = {what: demo.says.answers[what][:1] for what in ("description", "product", "problem")}
    return replace(demo, says=replace(demo.says, answers=answers, hangs_up_after=2))


@asynccontextmanager
async def bench_line(line: RunningLine) -> AsyncIterator[BenchLine]:
    await everything_up(line)
    async with LineEvents(f"http://127.0.0.1:{line.settings.ports.events}/events") as events:
        yield BenchLine(line.settings, events)


async def test_answer_gaps_are_measured_at_the_telephone(line: RunningLine) -> None:
    callers = await recorded_callers(line.settings, sentences([scenario()]), tell, people=("李先生",))
    async with bench_line(line) as its:
        voices = Voices(line.settings)
        packs = load_packs(PROJECT / "data")
        bench = bench_latency.Bench(line.settings, TAXONOMY, packs, [scenario()], its, callers, voices)
        found = await bench_latency.run_cell(bench, "noise", 1, 1.0)
        await voices.close()
    assert found.calls == 1
    assert found.turns == 2
    assert 0 < found.greeting.p50 < 2000
    assert 200 < found.gaps["all"].p50 < 5000
    assert 0 < found.phases["recognition"].p50 < found.gaps["all"].p99
    assert found.bot_min > 0.05
    assert found.wasted_share is not None


async def test_interruptions_are_measured_at_the_telephone(line: RunningLine, tmp_path: Path) -> None:
    texts = [scenario().says.opening]
    voices = await recorded_callers(line.settings, [*texts, *bench_barge_in.HUMS], tell, people=("李先生",))
    sounds = await bench_barge_in.record(tmp_path, voices, texts)
    async with bench_line(line) as its:
        found = await bench_barge_in.run_cell(its, TAXONOMY, scenario(), sounds, "clean", 14.0, seed=3)
    assert found.calls == 1
    assert found.missed <= found.spoken
    assert found.bot_min > 0.03
    assert all(0 <= value < 2000 for value in (found.silence.p50, found.go_on.p50))


async def test_frames_of_several_calls_arrive(line: RunningLine) -> None:
    found = await bench_transport.run(line.settings, 8, 2.0)
    assert found.lost == 0
    assert found.lateness.frames > 8 * 40
    assert 0 < found.cpu_percent_a_call < 50
    assert {"reply", "speaking"} <= set(found.events)
