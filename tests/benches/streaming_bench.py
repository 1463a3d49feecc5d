"""Answer gap of a streaming recogniser, at the SIP client: Vosk's Korean model, an echo for a dialogue, real calls.

    python tests/benches/streaming_bench.py [--calls 1 --calls 4] [--turns 40] [--open]

Asterisk, door, turn-taking, voice activity and voice are the product's; nobody thinks, so the gap is what hearing,
turn-taking and the line need. Callers are espeak-ng's voice. Questions expect one of the sentences, or anything
(`--open`). Prints p50, p95 and the phases of each number of calls at a time; `--turns` is per call.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ivr.settings import Settings
from ivr.simulate.latency import Answer
from tests.e2e.echo_line import EchoCalls, asterisk, echo_line, korean, spoken
from tests.fakes.korean import SENTENCES, Echo

PAUSE_S = 0.3
"""Between the end of the echo and the next sentence."""


async def one_call(calls: EchoCalls, files: dict[str, Path], turns: int) -> Sequence[Answer]:
    async with calls.caller() as caller:
        await caller.event("played")
        for number in range(turns):
            await asyncio.sleep(PAUSE_S)
            await caller.say(files[SENTENCES[number % len(SENTENCES)]])
            await caller.event("played")
        return (await caller.measured()).answers


async def run(settings: Settings, counts: Sequence[int], turns: int, asks: tuple[str, ...], folder: Path) -> None:
    files = await spoken(settings, SENTENCES, folder)
    for count in counts:
        calls = EchoCalls(settings, folder / str(count))
        async with echo_line(settings, Echo(asks), calls.report_of):
            found = await asyncio.gather(*(one_call(calls, files, turns) for _ in range(count)))
        show(count, [answer for answers in found for answer in answers])


def show(count: int, answers: Sequence[Answer]) -> None:
    gaps = [answer.gap_ms for answer in answers if answer.gap_ms is not None]
    p50, p95 = np.percentile(gaps, [50, 95])
    phases = sorted({name for answer in answers for name in answer.phases_ms})
    middle = {name: int(np.median([a.phases_ms[name] for a in answers if name in a.phases_ms])) for name in phases}
    cut = sum(answer.cut_off for answer in answers)
    print(f"{count} 通，{len(gaps)} 轮：应答间隔 p50 {p50:.0f}、p95 {p95:.0f} 毫秒；截断 {cut}；各段 p50 {middle}")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--calls", type=int, action="append")
    arguments.add_argument("--turns", type=int, default=40)
    arguments.add_argument("--open", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        settings = korean(Path(name))
        asks = ("description",) if given.open else ("phrase",)
        with asterisk(settings):
            asyncio.run(run(settings, given.calls or [1, 4], given.turns, asks, Path(name)))


if __name__ == "__main__":
    main()
