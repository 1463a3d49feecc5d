"""What streams is not finished at every pause: its words so far are enough to judge a sentence by."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from ivr.audio import SILENCE
from ivr.call.ear import PARTIAL_CONFIDENCE, Ear
from ivr.call.ports import Hint
from tests.fakes.speech import FakeRecogniser


def spawn(work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(work, name=name)


async def test_an_engine_that_streams_gives_its_words_so_far_at_a_pause_and_its_result_at_the_end() -> None:
    recogniser = FakeRecogniser(["我要投诉"])
    recogniser.streams, recogniser.partials = True, [(0.04, "我要")]
    ear = Ear(recogniser, spawn)
    ear.start(Hint("appliance"), 0.0)
    ear.frame(SILENCE)
    ear.frame(SILENCE)
    guess = ear.decode_early()
    assert guess is not None
    heard = await guess
    assert (heard.text, heard.confidence) == ("我要", PARTIAL_CONFIDENCE)
    assert recogniser.listenings[0].asked == []
    assert (await ear.words()).text == "我要投诉"
    assert len(recogniser.listenings[0].asked) == 1


async def test_an_engine_that_hears_the_whole_is_asked_at_a_pause() -> None:
    recogniser = FakeRecogniser(["我要投诉"])
    ear = Ear(recogniser, spawn)
    ear.start(Hint("appliance"), 0.0)
    ear.frame(SILENCE)
    guess = ear.decode_early()
    assert guess is not None
    assert (await guess).text == "我要投诉"
    assert (await ear.words()).text == "我要投诉"
    assert len(recogniser.listenings[0].asked) == 1
