"""Speech over a prompt: hold the prompt at the first sound, stop it when it is the caller's, go on when it was not.

Counts seconds of sound, has no clock. One `BargeIn` serves a call; each prompt begins it anew.
"""

from __future__ import annotations

import enum

from ivr.audio import FRAME_MS
from ivr.call.echo import EchoGuard, Source
from ivr.settings import Turns

FOREVER_MS = 1 << 60
GLITCH_MS = 100
"""A gap this short does not break a stretch of speech (stop consonants, a lost packet)."""
FIRST_SOUND_MS = 60
"""Sound this long holds the prompt."""
LATELY_MS = 120
"""Who still speaks at the end of a hold, this long and where no echo can be, has the floor: a quiet caller."""


class Verdict(enum.Enum):
    HOLD = "hold"
    GO_ON = "go on"
    STOP = "stop"


class BargeIn:
    def __init__(self, turns: Turns) -> None:
        self.guard = EchoGuard(turns.echo_db)
        self._protected_ms = 0
        self._stop_ms = round(1000 * turns.barge_in_s)
        self._resume_ms = round(1000 * turns.resume_s)
        self._hold_ms = round(1000 * turns.hold_s)
        self._begin_ms = round(1000 * turns.protected_s)
        self._prompt_ms = 0
        self._held_ms: int | None = None
        self.began_ms = 0
        """How long ago the speech that stopped the prompt began."""
        self._sound_ms = self._caller_ms = self._lately_ms = self._quiet_ms = self._since_ms = 0

    @property
    def holding(self) -> bool:
        """The prompt is held."""
        return self._held_ms is not None

    def prompt_started(self, *, protected: bool, after_s: float = 0.0) -> None:
        """`protected`: no speech stops it. `after_s`: something else plays until it really begins."""
        self._protected_ms = FOREVER_MS if protected else self._begin_ms + round(1000 * after_s)
        self._prompt_ms = 0
        self._held_ms = None
        self._forget_sound()

    def unprotect(self) -> None:
        """What had to be heard was heard: speech stops the rest of the prompt."""
        self._protected_ms = min(self._protected_ms, max(self._prompt_ms, self._begin_ms))

    def frame(self, speech: bool, source: Source) -> Verdict | None:
        """20 ms of the caller's side while the bot speaks."""
        if self._held_ms is None:
            self._prompt_ms += FRAME_MS
            if self._prompt_ms <= self._protected_ms:
                if self._prompt_ms == self._begin_ms:
                    self.guard.learn()
                return None
        else:
            self._held_ms += FRAME_MS
        self._count(speech and source is not Source.ECHO, caller=source is Source.CALLER)
        return self._held() if self.holding else self._speaking()

    def _count(self, sound: bool, *, caller: bool) -> None:
        self._since_ms += FRAME_MS if sound or self._sound_ms else 0
        if sound:
            self._sound_ms += FRAME_MS
            self._caller_ms += FRAME_MS if caller else 0
            self._lately_ms = self._lately_ms + FRAME_MS if caller else 0
            self._quiet_ms = 0
            return
        self._lately_ms = 0
        self._quiet_ms += FRAME_MS
        if self._quiet_ms > GLITCH_MS and not self.holding:
            self._forget_sound()

    def _speaking(self) -> Verdict | None:
        if self._sound_ms < FIRST_SOUND_MS:
            return None
        self._held_ms = 0
        return Verdict.HOLD

    def _held(self) -> Verdict | None:
        at_last = (self._held_ms or 0) >= self._hold_ms and self._lately_ms >= LATELY_MS
        if self._caller_ms >= self._stop_ms or at_last:
            self.guard.forget_block()
            self.began_ms = self._since_ms
            return Verdict.STOP
        if self._quiet_ms >= self._resume_ms or (self._held_ms or 0) >= self._hold_ms:
            self.guard.learn()
            self._held_ms = None
            self._forget_sound()
            return Verdict.GO_ON
        return None

    def _forget_sound(self) -> None:
        self._sound_ms = self._caller_ms = self._lately_ms = self._quiet_ms = self._since_ms = 0
