import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from ivr.call.mouth import Mouth
from tests.fakes.line import FakeLine
from tests.fakes.speech import tone


class HeedfulVoice:
    """Implements `Voice`: remembers whether its sentence was closed, and holds it, so that no collector closes it."""

    def __init__(self) -> None:
        self.closed = False
        self.sentences: list[AsyncGenerator[bytes, None]] = []

    def say(self, text: str) -> AsyncGenerator[bytes, None]:
        self.sentences.append(self._pieces())
        return self.sentences[-1]

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            yield tone(0.1)
            yield tone(0.1)
        finally:
            self.closed = True

    async def close(self) -> None: ...


class StuckLine(FakeLine):
    """Its buffer is full: nothing more is taken."""

    async def play(self, pcm: bytes) -> None:
        await asyncio.Event().wait()


async def test_a_sentence_that_is_stopped_while_the_line_is_full_is_closed_at_once() -> None:
    voice = HeedfulVoice()
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None], _: str) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(work))
        return tasks[-1]

    mouth = Mouth(StuckLine(), voice, spawn, failed=lambda _: None)
    mouth.say("您好。请讲。")
    await asyncio.sleep(0)
    await mouth.stop()
    with contextlib.suppress(asyncio.CancelledError):
        await tasks[0]
    assert voice.closed
