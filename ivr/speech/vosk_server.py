"""Implements `Recogniser` with Vosk on other machines, over vosk-server's websocket.

A connection is one utterance. Its sound is kept: where a server refuses, dies or is silent, the next one hears it from
the beginning, and the engine of this machine when none is left or the words are late. Nobody waits longer for that than
`answer_timeout_s`.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Callable, Sequence
from typing import Protocol

from ivr.call.ports import Heard, Hint, Listening, RecogniserWork
from ivr.errors import SpeechFailed
from ivr.settings import RecogniserChoice
from ivr.speech.grammar import UNKNOWN, phrases
from ivr.speech.streaming import Segment, joined, unspaced
from ivr.speech.vosk_server_link import Servers, Stretch, has_failed
from ivr.speech.vosk_server_wire import Answers

log = logging.getLogger(__name__)

Phrases = Callable[[Hint], Sequence[str]]


class Local(Protocol):
    def listen(self, hint: Hint) -> Listening: ...


class ServerListening:
    """Implements `Listening`. Dropped without a result, it takes its connection with it."""

    def __init__(self, servers: Servers, local: Local, hint: Hint, words: Sequence[str]) -> None:
        self._servers = servers
        self._local = local
        self._hint = hint
        self._words = words
        self._sound = bytearray()
        """All of the utterance, for the fallback."""
        self._segments: list[Segment] = []
        """Of the stretches that have their result."""
        self._stretch: Stretch | None = None
        self._task: asyncio.Task[None] | None = None
        self._here: Listening | None = None
        """Once no server is left: this machine."""

    @property
    def streams(self) -> bool:
        return self._here is None or self._here.streams

    def feed(self, pcm: bytes) -> None:
        self._sound += pcm
        if self._here:
            self._here.feed(pcm)
        elif self._task and has_failed(self._task):
            self._hear_here()
        else:
            self._open().feed(pcm)

    def partial(self) -> str:
        if self._here:
            return self._here.partial()
        answers = self._stretch.answers if self._stretch else Answers()
        told = [each.text for each in [*self._segments, *answers.segments]]
        return unspaced(" ".join([*told, answers.partial]).replace(UNKNOWN, ""))

    async def result(self) -> Heard:
        """Shielded: who gives up waiting may ask again."""
        if self._stretch and self._task and not self._here:
            self._stretch.end()
            try:
                async with asyncio.timeout(self._servers.choice.answer_timeout_s):
                    await asyncio.shield(self._task)
            except TimeoutError:
                self._late()
            except SpeechFailed as error:
                log.info("%s", error)
                self._hear_here()
        if self._here:
            return await self._here.result()
        answered = self._stretch.answers.segments if self._stretch else []
        return joined([*self._segments, *answered])

    def _open(self) -> Stretch:
        """The stretch that sound goes to. After a result it is another one, which begins with the sound of the last
        where its words are not there yet."""
        last = self._stretch
        if last and not last.ended:
            return last
        self._stretch = stretch = Stretch()
        if last and self._task:
            if self._task.done():
                self._segments += last.answers.segments
            else:
                self._task.cancel()
                stretch.feed(bytes(last.sound))
        self._task = self._servers.begin(stretch, self._words)
        weakref.finalize(self, _give_up, asyncio.get_running_loop(), self._task).atexit = False
        return stretch

    def _late(self) -> None:
        if self._stretch and self._stretch.address:
            self._servers.failed(self._stretch.address, "")
        self._hear_here()

    def _hear_here(self) -> None:
        if self._task:
            self._task.cancel()
        self._here = self._local.listen(self._hint)
        self._here.feed(bytes(self._sound))


def _give_up(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(task.cancel)


class VoskServerRecogniser:
    def __init__(self, choice: RecogniserChoice, local: Local, expected: Phrases = phrases) -> None:
        """`choice` as `checked`; `local` hears when no server does, and is somebody else's to close."""
        self._choice = choice
        self._local = local
        self._expected = expected
        self.servers = Servers(choice)

    def listen(self, hint: Hint) -> ServerListening:
        said = self._expected(hint) if self._choice.phrase_list else ()
        return ServerListening(self.servers, self._local, hint, (*said, UNKNOWN) if said else ())

    def work(self) -> RecogniserWork:
        busy = sum(each.busy for each in self.servers.addresses.all)
        return RecogniserWork(waiting=busy, done=self.servers.done)

    async def warm_up(self) -> None:
        """The servers that are away are known before the first call."""
        for address, why in zip(self.servers.addresses.all, await self.servers.probe_all(), strict=True):
            if why:
                self.servers.failed(address, why)

    async def close(self) -> None:
        await self.servers.close()
