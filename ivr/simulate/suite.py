"""Many scenarios, several at a time, results in the order of the files."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from ivr.errors import IvrError
from ivr.simulate.checks import Check
from ivr.simulate.report import CallResult
from ivr.simulate.scenario import Scenario

log = logging.getLogger(__name__)

Play = Callable[[Scenario], Awaitable[CallResult]]
Done = Callable[[CallResult], None]


async def play_all(scenarios: Sequence[Scenario], play: Play, *, jobs: int, done: Done) -> list[CallResult]:
    """`jobs`: how many at a time. `done` is told each result as it comes. A call that breaks is a failed scenario,
    not the end of the others."""
    free = asyncio.Semaphore(max(1, jobs))

    async def one(scenario: Scenario) -> CallResult:
        async with free:
            result = await _play(scenario, play)
        done(result)
        return result

    async with asyncio.TaskGroup() as tasks:
        playing = [tasks.create_task(one(scenario), name=f"scenario {scenario.id}") for scenario in scenarios]
    return [task.result() for task in playing]


async def _play(scenario: Scenario, play: Play) -> CallResult:
    began = time.monotonic()
    try:
        return await play(scenario)
    except IvrError as error:
        why = str(error)
    except Exception as error:
        log.exception("scenario %s broke", scenario.id)
        why = f"模拟程序出错：{error!r}（详情见日志）"
    failed = Check("conversation", passed=False, expected=None, got=why)
    return CallResult(scenario=scenario, checks=(failed,), took_s=time.monotonic() - began)
