"""Is this sound the caller, or the bot's own voice coming back? By loudness against what the bot plays, no clock.

An echo is as much quieter than the bot as the line makes it (its return loss: 20 dB is usual, 12 dB is poor), and it
ends when the bot holds its tongue. So sound counts as the caller's when it is clearly louder than the echo would be,
or when the bot has been silent for longer than an echo takes.
"""

from __future__ import annotations

import enum
from collections import deque

from ivr.audio import FRAME_MS

DELAY_MS = 240
"""An echo comes back within this, counted from what the mouth believes to be playing."""
SYLLABLE_FRAMES = 4
"""A syllable's quiet frames count as its loud ones."""
PERHAPS_DB = 2.0
"""So much over the expected echo may be the caller."""
SURELY_DB = 6.0
"""So much over it is."""
LEAST_DBOV = -50.0
"""Quieter sound is nobody's speech into a telephone."""
FAR_DB, NEAR_DB = -30.0, -10.0
"""Limits of what is learned: below the former nothing is heard of the bot, above the latter no call can be held."""
STEP_DB = 6.0
"""What one episode may teach: a cough is not an echo, and looks like one."""
FORGET_DB = 0.01
"""Learned echo fades by this with each frame of the bot's that brings none: 0.5 dB a second."""


class Source(enum.Enum):
    ECHO = "echo"
    """As loud as the bot's own voice comes back, or no speech at all."""
    PERHAPS = "perhaps"
    CALLER = "caller"


class EchoGuard:
    """What one call's line gives back of the bot."""

    def __init__(self, expected_db: float) -> None:
        self.echo_db = expected_db
        """Loudness of the echo below what the bot plays."""
        self._played: deque[float | None] = deque(maxlen=DELAY_MS // FRAME_MS)
        self._heard: deque[float] = deque(maxlen=SYLLABLE_FRAMES)
        self._loudest_db: float | None = None
        """Of the episode under way, against what was played."""

    @property
    def possible(self) -> bool:
        """The bot spoke a moment ago, or does."""
        return any(each is not None for each in self._played)

    def frame(self, speech: bool, level_dbov: float | None, playing_dbov: float | None) -> Source:
        """20 ms: speech? how loud is the caller's side, what does the bot play (None: unmeasured, nothing)?"""
        self._played.append(playing_dbov)
        if level_dbov is None:
            return Source.CALLER
        self._heard.append(level_dbov)
        level = max(self._heard)
        played = max((each for each in self._played if each is not None), default=None)
        if played is None:
            return Source.CALLER if level >= LEAST_DBOV else Source.ECHO
        over = level - played
        if not speech or over < self.echo_db - 3:
            self.echo_db = max(FAR_DB, self.echo_db - FORGET_DB)
            return Source.ECHO
        self._loudest_db = max(over, FAR_DB if self._loudest_db is None else self._loudest_db)
        if over > self.echo_db + SURELY_DB:
            return Source.CALLER
        return Source.PERHAPS if over > self.echo_db + PERHAPS_DB else Source.ECHO

    def learn(self) -> None:
        """What was heard lately over the bot's voice was not the caller."""
        if self._loudest_db is not None and self._loudest_db > self.echo_db:
            self.echo_db = min(self._loudest_db, self.echo_db + STEP_DB, NEAR_DB)
        self._loudest_db = None

    def forget_episode(self) -> None:
        """It was the caller: it teaches nothing."""
        self._loudest_db = None
