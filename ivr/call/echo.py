"""Is this sound the caller, or the bot's own voice coming back? By loudness against what the bot plays, no clock.

An echo is as much quieter than the bot as the line makes it (its return loss: 20 dB is usual, 12 dB is poor), and it
ends when the bot holds its tongue. So sound counts as the caller's when it is clearly louder than the echo would be,
or when the bot has been silent for longer than an echo takes.
"""

from __future__ import annotations

import enum
from collections import deque

from ivr.audio import FRAME_MS

DELAY_MS = 300
"""An echo comes back within this, counted from what the mouth believes to be playing: line, jitter buffers, the way
through the far telephone and back."""
SYLLABLE_FRAMES = 3
"""A syllable's quiet frames count as its loud ones."""
PERHAPS_DB = 2.0
"""So much over the expected echo may be the caller."""
SURELY_DB = 6.0
"""So much over it is."""
LEAST_DBOV = -50.0
"""Quieter sound is nobody's speech into a telephone, though voice activity holds on to what was."""
OVER_NOISE_DB = 6.0
"""So much over the line's own noise speech is at least."""
NOISE_SHARE = 0.02
"""Weight of a frame in the estimate of the noise: it follows within a second."""
FAR_DB, NEAR_DB = -30.0, -10.0
"""Limits of what is learned: below the former nothing is heard of the bot, above the latter no call can be held."""
STEP_DB = 6.0
"""What one episode may teach: a cough is not an echo, and looks like one."""
TAIL_MS = 600
"""For this long after the bot's last sound what is heard may be its end: late, or held on to by voice activity."""
BLOCK_MS = 4000
"""So much sound of the bot shows how loud its echo is now."""
FADE_DB = 1.5
"""What is expected falls by this at most with each block that is quieter."""


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
        self._since_played_ms = TAIL_MS
        self._noise_dbov = 2 * LEAST_DBOV
        self._block_ms = 0
        self._loudest_db = FAR_DB
        """Of the block under way, against what was played."""

    @property
    def possible(self) -> bool:
        """The bot speaks, or did a moment ago."""
        return self._since_played_ms < TAIL_MS

    def frame(self, speech: bool, level_dbov: float | None, playing_dbov: float | None) -> Source:
        """20 ms: speech? how loud is the caller's side, what does the bot play (None: unmeasured, nothing)?"""
        playing_dbov = None if playing_dbov is None or playing_dbov < LEAST_DBOV else playing_dbov
        self._played.append(playing_dbov)
        self._since_played_ms = self._since_played_ms + FRAME_MS if playing_dbov is None else 0
        if level_dbov is None:
            return Source.CALLER
        self._count_block(playing_dbov is not None)
        self._heard.append(level_dbov)
        level = max(self._heard)
        if not speech and not self.possible:
            self._noise_dbov += NOISE_SHARE * (max(level, 2 * LEAST_DBOV) - self._noise_dbov)
        if level < max(LEAST_DBOV, self._noise_dbov + OVER_NOISE_DB):
            return Source.ECHO
        played = max((each for each in self._played if each is not None), default=None)
        if played is None:
            return Source.CALLER
        over = level - played
        if speech:
            self._loudest_db = max(over, self._loudest_db)
        if not speech or over <= self.echo_db + PERHAPS_DB:
            return Source.ECHO
        return Source.CALLER if over > self.echo_db + SURELY_DB else Source.PERHAPS

    def learn(self) -> None:
        """What was heard lately over the bot's voice was not the caller."""
        self._expect(min(self._loudest_db, self.echo_db + STEP_DB) if self._loudest_db > self.echo_db else self.echo_db)

    def forget_block(self) -> None:
        """It was the caller: it teaches nothing."""
        self._block_ms, self._loudest_db = 0, FAR_DB

    def _count_block(self, playing: bool) -> None:
        self._block_ms += FRAME_MS if playing else 0
        if self._block_ms >= BLOCK_MS:
            # Sound that did not even hold the prompt was no caller.
            self._expect(min(max(self._loudest_db, self.echo_db - FADE_DB), self.echo_db + PERHAPS_DB))

    def _expect(self, echo_db: float) -> None:
        self.echo_db = min(NEAR_DB, max(FAR_DB, echo_db))
        self.forget_block()
