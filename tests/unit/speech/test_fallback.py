import asyncio
from pathlib import Path

import pytest

from ivr.errors import SpeechFailed
from ivr.speech.breaker import MISSES, Breaker
from ivr.speech.cache import SharedStore, SpokenStore
from ivr.speech.clauses import Clause
from ivr.speech.fallback import Fallback, Ranked
from tests.fakes.speech import FakeEngine

PATIENCE_S = 0.02
HELLO = Clause("您好。", 0.3)


def fallback(folder: Path, *engines: FakeEngine, patience_s: float = PATIENCE_S) -> Fallback:
    store = SharedStore(SpokenStore(folder, limit_mb=10))
    return Fallback([Ranked(engine, Breaker()) for engine in engines], store, patience_s)


async def settled() -> None:
    """What was left at work comes to its end (the store writes in a thread)."""
    async with asyncio.timeout(2):
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0.001)


async def test_the_first_engine_speaks(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True), FakeEngine("local")
    made = await fallback(tmp_path, online, local, patience_s=5).speak(HELLO)
    assert (made.pcm, made.rank) == (online.sound("您好。"), 0)
    assert local.asked == []


async def test_a_late_engine_is_not_waited_for_and_its_sound_serves_the_next_time(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True), FakeEngine("local")
    online.gate.clear()
    voices = fallback(tmp_path, online, local)
    made = await voices.speak(HELLO)
    assert (made.pcm, made.rank) == (local.sound("您好。"), 1)
    online.gate.set()
    await settled()
    assert (await voices.speak(HELLO)).pcm == online.sound("您好。")
    assert online.asked == ["您好。"]


async def test_an_engine_that_fails_is_not_waited_for_at_all(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True, fails=True), FakeEngine("local")
    made = await asyncio.wait_for(fallback(tmp_path, online, local, patience_s=60).speak(HELLO), 1)
    assert made.rank == 1


async def test_what_is_away_costs_no_more_than_a_few_waits(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True), FakeEngine("local")
    online.gate.clear()
    voices = fallback(tmp_path, online, local)
    for text in "甲乙丙丁戊己":
        assert (await voices.speak(Clause(text, 0))).rank == 1
    assert len(online.asked) == MISSES
    await voices.close()


async def test_what_the_caller_still_hears_is_time_to_wait(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True), FakeEngine("local")
    online.gate.clear()
    speaking = asyncio.create_task(fallback(tmp_path, online, local).speak(HELLO, spare_s=60))
    await asyncio.sleep(3 * PATIENCE_S)
    online.gate.set()
    assert (await speaking).rank == 0


async def test_a_slow_engine_of_this_machine_is_waited_for(tmp_path: Path) -> None:
    local, robot = FakeEngine("local"), FakeEngine("robot")
    local.gate.clear()
    speaking = asyncio.create_task(fallback(tmp_path, local, robot).speak(HELLO))
    await asyncio.sleep(3 * PATIENCE_S)
    local.gate.set()
    assert (await speaking).rank == 0
    assert robot.asked == []


async def test_what_one_cannot_say_the_next_one_says(tmp_path: Path) -> None:
    local, robot = FakeEngine("local", fails=True), FakeEngine("robot")
    assert (await fallback(tmp_path, local, robot).speak(HELLO)).pcm == robot.sound("您好。")


async def test_when_nobody_can_say_it_that_is_told(tmp_path: Path) -> None:
    for engines in ([FakeEngine("a", fails=True)], [FakeEngine("a", online=True, fails=True)]):
        with pytest.raises(SpeechFailed, match="您好"):
            await fallback(tmp_path, *engines).speak(HELLO)


async def test_two_callers_who_wait_for_the_same_words_ask_once(tmp_path: Path) -> None:
    online = FakeEngine("online", online=True)
    voices = fallback(tmp_path, online, FakeEngine("local"), patience_s=5)
    both = await asyncio.gather(voices.speak(HELLO), voices.speak(HELLO))
    assert both[0].pcm == both[1].pcm
    assert online.asked == ["您好。"]


async def test_a_rank_leaves_out_the_engines_before_it(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True), FakeEngine("local")
    assert (await fallback(tmp_path, online, local).speak(HELLO, rank=1)).rank == 1
    assert online.asked == []


async def test_renders_for_the_online_engine_and_the_one_behind_it(tmp_path: Path) -> None:
    online, local, robot = FakeEngine("online", online=True), FakeEngine("local"), FakeEngine("robot")
    voices = fallback(tmp_path, online, local, robot)
    for _ in range(2):
        await voices.render(HELLO)
    assert online.said == local.said == ["您好。"]
    assert robot.said == []


async def test_rendering_asks_an_engine_that_is_away_only_a_few_times(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True, fails=True), FakeEngine("local")
    voices = fallback(tmp_path, online, local)
    for text in "甲乙丙丁戊":
        await voices.render(Clause(text, 0))
    assert len(online.asked) == MISSES
    assert local.said == list("甲乙丙丁戊")


async def test_closing_gives_up_what_is_still_awaited(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True), FakeEngine("local")
    online.gate.clear()
    voices = fallback(tmp_path, online, local)
    await voices.speak(HELLO)
    await voices.close()
    assert len(asyncio.all_tasks()) == 1


async def test_the_last_engine_is_waited_for_though_it_is_online(tmp_path: Path) -> None:
    online = FakeEngine("online", online=True)
    online.gate.clear()
    speaking = asyncio.create_task(fallback(tmp_path, online).speak(HELLO))
    await asyncio.sleep(3 * PATIENCE_S)
    online.gate.set()
    assert (await speaking).pcm == online.sound("您好。")
