"""What turns one clause into sound: the embedded voice, the online one, espeak-ng. Replies: `ivr.speech.speaker`."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from ivr.speech.clauses import Clause


class Urgency(IntEnum):
    """Who waits for a clause; the most urgent is spoken first."""

    NOW = 0
    """A caller hears nothing until it is there."""
    NEXT = 1
    """The clause before it is still playing."""
    AHEAD = 2
    """Nobody yet: it is made for the store."""


class Engine(Protocol):
    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text would sound different: part of the store's key."""

    @property
    def language(self) -> str:
        """Language code: zh, en, ko."""

    @property
    def online(self) -> bool:
        """It may be slow or away: nobody waits long for it."""

    async def warm_up(self) -> None: ...

    async def speak(self, clause: Clause, urgency: Urgency = Urgency.NOW) -> bytes:
        """PCM of the line, levelled, its pause behind it. Raises `SpeechFailed`."""

    async def close(self) -> None: ...
