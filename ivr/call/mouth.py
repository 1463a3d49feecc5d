"""What the bot says: one prompt at a time, sent piece by piece, stopped at a word."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ivr.audio import FRAME_MS, seconds
from ivr.call.ear import Spawn
from ivr.call.ports import Line, Voice
from ivr.errors import SpeechFailed, TelephonyDown

log = logging.getLogger(__name__)

PATIENCE_S = 3.0
"""A prompt of which the line reports nothing this long after its own length counts as played."""


class Mouth:
    def __init__(
        self,
        line: Line,
        voice: Voice,
        spawn: Spawn,
        failed: Callable[[SpeechFailed], None],
        sounding: Callable[[], None] = lambda: None,
    ) -> None:
        """`sounding` is called when the first sound of a prompt was given to the line."""
        self._line = line
        self._voice = voice
        self._spawn = spawn
        self._failed = failed
        self._sounding = sounding
        self._prompt = 0
        self._frames = 0
        self._sent_s: float | None = None
        self._speaking: asyncio.Task[None] | None = None
        self.silent = True
        """Nothing of the prompt has been sent yet."""

    def say(self, text: str) -> None:
        self._prompt += 1
        self._frames, self._sent_s, self.silent = 0, None, True
        if self._speaking:
            self._speaking.cancel()
        self._speaking = self._spawn(self._speak(text, str(self._prompt)), "speak")

    async def stop(self) -> None:
        self._prompt += 1  # a mark of the old prompt that is still under way means nothing
        self._sent_s = None
        if self._speaking:
            self._speaking.cancel()
        await self._line.flush()

    def finished(self, mark: str) -> bool:
        """Is this the mark at the end of what we say now?"""
        over = mark == str(self._prompt)
        if over:
            self._sent_s = None
        return over

    def overdue(self) -> bool:
        """20 ms passed. True when the prompt must be over though its mark never came."""
        self._frames += 1
        if self._sent_s is None or self._frames * FRAME_MS / 1000 <= self._sent_s + PATIENCE_S:
            return False
        self._sent_s = None
        return True

    async def _speak(self, text: str, mark: str) -> None:
        sent_s = 0.0
        try:
            async for pcm in self._voice.say(text):
                await self._line.play(pcm)
                if self.silent:
                    self.silent = False
                    self._sounding()
                sent_s += seconds(pcm)
            await self._line.mark(mark)
            self._sent_s = sent_s
        except TelephonyDown as error:
            log.info("the line is gone while we spoke: %s", error)
        except SpeechFailed as error:
            self._failed(error)
