"""One utterance after the other: its sound, guesses at its words while it may go on, and its words when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ivr.call.ear import Ear, Spawn
from ivr.call.ports import Heard, Hint, Recogniser
from ivr.call.turn import UtteranceEnded

LEAST_CONFIDENCE = 0.35
"""Words less sure than this do not shorten or lengthen a turn."""


@dataclass(frozen=True, slots=True)
class Guessed:
    """The words of an utterance that may not be over."""

    decoding: asyncio.Task[Heard]

    @property
    def text(self) -> str:
        heard = self.decoding.result()
        return heard.text if heard.confidence >= LEAST_CONFIDENCE else ""


@dataclass(frozen=True, slots=True)
class Recognised:
    utterance: int
    heard: Heard
    ended: UtteranceEnded


class Hearing:
    """`tell` hears of guesses and of words."""

    def __init__(self, recogniser: Recogniser, spawn: Spawn, tell: Callable[[Guessed | Recognised], None]) -> None:
        self._ear = Ear(recogniser, spawn)
        self._spawn = spawn
        self._tell = tell
        self._guessing: asyncio.Task[Heard] | None = None
        self._recognising: asyncio.Task[None] | None = None
        self._utterance = 0

    @property
    def open(self) -> bool:
        """An utterance was begun and its words are not taken yet."""
        return self._ear.open

    @property
    def awaited(self) -> bool:
        """The words of an utterance are awaited: the caller may still go on with it."""
        return self._recognising is not None

    def frame(self, pcm: bytes) -> None:
        self._ear.frame(pcm)

    def start(self, hint: Hint, preroll_s: float) -> None:
        """The caller speaks. Who goes on before anything was made of the utterance goes on with it."""
        self._utterance += 1
        self._guessing = None
        if self._recognising:
            self._recognising.cancel()
            self._recognising = None
            self._ear.go_on()
        else:
            self._ear.start(hint, preroll_s)

    def guess(self) -> None:
        """It may be over: recognise what there is."""
        self._guessing = decoding = self._ear.decode_early()
        if decoding:
            decoding.add_done_callback(lambda done: None if done.cancelled() else self._tell(Guessed(done)))

    def go_on(self) -> None:
        """It was not."""
        self._guessing = None
        self._ear.go_on()

    def ended(self, ended: UtteranceEnded) -> None:
        self._recognising = self._spawn(self._recognise(self._utterance, ended), "recognise")

    def is_news(self, what: Guessed | Recognised) -> bool:
        """It is of the utterance as it is now."""
        if isinstance(what, Guessed):
            return what.decoding is self._guessing
        return what.utterance == self._utterance

    async def words(self) -> Heard:
        return await self._ear.words()

    def drop(self) -> None:
        """The utterance is of no interest any more."""
        self._recognising = None
        self._ear.drop()

    async def _recognise(self, utterance: int, ended: UtteranceEnded) -> None:
        self._tell(Recognised(utterance, await self._ear.words(), ended))
