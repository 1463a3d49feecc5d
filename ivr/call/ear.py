"""What the caller says, from the first syllable to the words: one utterance at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from ivr.audio import FRAME_MS
from ivr.call.ports import Heard, Hint, Listening, Recogniser
from ivr.call.tone import tone_of
from ivr.errors import SpeechFailed

log = logging.getLogger(__name__)

PREROLL_FRAMES = 40
"""Sound kept from before an utterance was noticed (0.8 s), so that its first syllable is recognised too."""
PREROLL_S = PREROLL_FRAMES * FRAME_MS / 1000
MARGIN_S = 0.2
"""Sound taken before the first frame that voice activity called speech."""
PARTIAL_CONFIDENCE = 0.5
"""Of words that may still change: enough to judge whether a sentence is finished by, no more."""
NOTHING = Heard(text="", confidence=0.0)

Spawn = Callable[[Coroutine[Any, Any, Any], str], asyncio.Task[Any]]
"""Starts a task that the call owns."""


class Ear:
    def __init__(self, recogniser: Recogniser, spawn: Spawn) -> None:
        self._recogniser = recogniser
        self._spawn = spawn
        self._recent: deque[bytes] = deque(maxlen=PREROLL_FRAMES)
        self._listening: Listening | None = None
        self._sound = bytearray()
        """Of the utterance, from before its first syllable on."""
        self._early: asyncio.Task[Heard] | None = None

    @property
    def open(self) -> bool:
        """An utterance was begun and its words are not taken yet."""
        return self._listening is not None

    def frame(self, pcm: bytes) -> None:
        if self._listening:
            self._listening.feed(pcm)
            self._sound += pcm
        self._recent.append(pcm)

    def start(self, hint: Hint, preroll_s: float) -> None:
        """An utterance that began `preroll_s` ago."""
        self._listening = self._recogniser.listen(hint)
        self._sound = bytearray()
        wanted = round((preroll_s + MARGIN_S) * 1000 / FRAME_MS)
        for pcm in list(self._recent)[-wanted:]:
            self._listening.feed(pcm)
            self._sound += pcm

    def decode_early(self) -> asyncio.Task[Heard] | None:
        """The utterance has probably ended: begin to recognise it. None when there is none. What streams has its words
        already; asked for a result, it would close its segment at every pause."""
        if self._listening and self._listening.streams:
            return self._spawn(self._so_far(), "partial words")
        self._early = self._spawn(self._decode(self._listening), "early decode") if self._listening else None
        return self._early

    async def _so_far(self) -> Heard:
        words = self.partial()
        return Heard(words, PARTIAL_CONFIDENCE if words else 0.0)

    def go_on(self) -> None:
        """It had not ended."""
        if self._early:
            self._early.cancel()
            self._early = None

    def partial(self) -> str:
        """Words of the utterance so far; '' while none are known."""
        return self._listening.partial() if self._listening else ""

    def drop(self) -> None:
        """The utterance is of no interest any more."""
        self.go_on()
        self._listening = None

    async def words(self) -> Heard:
        """What was said and how; the early result where there is one. Recognition that fails has heard nothing."""
        if self._early:
            return self._with_tone(await self._early)
        return self._with_tone(await self._decode(self._listening)) if self._listening else NOTHING

    def _with_tone(self, heard: Heard) -> Heard:
        if not heard.text:
            return heard
        tone = tone_of(bytes(self._sound), heard.text)
        return replace(heard, loudness_dbov=tone.loudness_dbov, syllables_per_s=tone.syllables_per_s)

    async def _decode(self, listening: Listening) -> Heard:
        try:
            return await listening.result()
        except SpeechFailed as error:
            log.warning("%s", error)
            return NOTHING
