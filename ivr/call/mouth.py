"""What the bot says: one prompt at a time, sent piece by piece, held and stopped at a word, gone on with."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from ivr.audio import FRAME_MS
from ivr.call.ear import Spawn
from ivr.call.playback import Playback
from ivr.call.ports import Line, Voice
from ivr.errors import SpeechFailed, TelephonyDown

log = logging.getLogger(__name__)

PATIENCE_S = 3.0
"""A prompt of which the line reports nothing this long after its own length counts as played."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a prompt was stopped."""

    text: str
    """All of it."""
    heard: str
    """As much as the caller heard, about."""
    heard_s: float
    piece: int
    """The piece that was being heard, from 0."""
    last: bool
    """It was the last one."""


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
        self._playback = Playback()
        self._prompt = 0
        self._text = ""
        self._skipped = 0
        self._pieces = 0
        """Sent of this prompt, skipped ones included."""
        self._sent = False
        """All of the prompt was sent, its mark too, and the line did not report it yet."""
        self._overdue_frames = 0
        self._speaking: asyncio.Task[None] | None = None
        self.silent = True
        """Nothing of the prompt has been sent yet."""

    @property
    def playing_dbov(self) -> float | None:
        """Loudness of what the caller hears now; None = nothing."""
        return self._playback.playing_dbov

    @property
    def heard(self) -> str:
        """As much of the prompt as the caller has heard, about."""
        return self._playback.share_of(self._text, whole=self._sent and not self._skipped)

    @property
    def left_s(self) -> float:
        """Seconds of sound that were sent and not heard yet."""
        return self._playback.left_s

    def say(self, text: str, *, from_piece: int = 0) -> None:
        """After what still plays. `from_piece`: what comes before it was heard already."""
        self._begin(text, from_piece)
        self._speaking = self._spawn(self._speak(text, from_piece), "speak")

    def fill(self, text: str) -> None:
        """Something short before the prompt; nobody is told when it sounds or has been played."""
        self._begin(text, 0)
        self._speaking = self._spawn(self._send(text, 0), "fill")

    def _begin(self, text: str, from_piece: int) -> None:
        self._prompt += 1
        self._text, self._skipped, self._pieces = text, from_piece, from_piece
        self._sent, self._overdue_frames, self.silent = False, 0, True
        self._playback.begin()
        if self._speaking:
            self._speaking.cancel()

    async def hold(self) -> None:
        self._playback.held = True
        await self._line.pause()

    async def go_on(self) -> None:
        """After `hold`."""
        self._playback.held = False
        await self._line.resume()

    async def stop(self) -> Cut:
        """Silence, at once."""
        self._prompt += 1  # a mark of the old prompt that is still under way means nothing
        cut = self._cut()
        self._sent = False
        if self._speaking:
            self._speaking.cancel()
        self._playback.flush()
        await self._line.flush()
        return cut

    def finished(self, mark: str) -> bool:
        """Is this the mark at the end of what we say now?"""
        over = mark == str(self._prompt)
        if over:
            self._sent = False
        return over

    def overdue(self) -> bool:
        """20 ms passed. True when the prompt must be over though its mark never came."""
        self._playback.frame()
        waiting = self._sent and not self._playback.held and not self._playback.left_s
        self._overdue_frames = self._overdue_frames + 1 if waiting else 0
        if self._overdue_frames * FRAME_MS / 1000 <= PATIENCE_S:
            return False
        self._sent = False
        return True

    def _cut(self) -> Cut:
        piece = self._skipped + self._playback.piece
        last = self._sent and piece >= self._pieces - 1
        return Cut(self._text, self.heard, round(self._playback.heard_s, 2), piece, last)

    async def _speak(self, text: str, from_piece: int) -> None:
        mark = str(self._prompt)
        if await self._send(text, from_piece, self._sounding):
            with contextlib.suppress(TelephonyDown):
                await self._line.mark(mark)
                self._sent = True

    async def _send(self, text: str, from_piece: int, sounding: Callable[[], None] = lambda: None) -> bool:
        """Is all of it on its way?"""
        number = 0
        try:
            async with contextlib.aclosing(self._voice.say(text)) as said:  # stopped here, it makes nothing more there
                async for pcm in said:
                    number += 1
                    if number <= from_piece:
                        continue
                    await self._line.play(pcm)
                    self._playback.queued(pcm)
                    self._pieces = number
                    if self.silent:
                        self.silent = False
                        sounding()
        except TelephonyDown as error:
            log.info("the line is gone while we spoke: %s", error)
            return False
        except SpeechFailed as error:
            self._failed(error)
            return False
        return True
