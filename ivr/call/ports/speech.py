"""Speech → words, words → speech, and whether a sound is speech."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Hint:
    """What the recogniser may expect: it halves the error (measured)."""

    hotline: str
    asks: tuple[str, ...] = ()
    """What the last question asked for: field ids or `description`, `confirm`, …"""
    terms: tuple[str, ...] = ()
    """Further terms that may occur, most likely first (the CRM's product, a model number)."""


@dataclass(frozen=True, slots=True)
class RepairedTerm:
    """Words that recognition misheard, and the term that was meant."""

    heard: str
    meant: str
    confidence: float
    """0…1."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One recognised utterance. `text` is empty when nothing was understood."""

    text: str
    confidence: float
    """0…1."""
    alternatives: tuple[str, ...] = ()
    """Other hypotheses, best first."""
    loudness_dbov: float | None = None
    """Active speech level, dB under a full-scale square wave; None = not measured."""
    syllables_per_s: float | None = None
    """Syllables a second of speech, longer pauses left out; None = not measured."""
    wasted: int = 0
    """Decodings of this utterance that were begun early and thrown away."""
    wasted_s: float = 0.0
    """What they cost, in seconds of a decoding's time."""
    repairs: tuple[RepairedTerm, ...] = ()
    """Already in `text`; what was recognised is among the alternatives."""


class Listening(Protocol):
    """One utterance being heard."""

    @property
    def streams(self) -> bool:
        """Words come while it is fed, so a result need not be begun early."""

    def feed(self, pcm: bytes) -> None:
        """Sound of the utterance, in order."""

    def partial(self) -> str:
        """Words so far, as far as they are known; they may still change. Costs nothing."""

    async def result(self) -> Heard:
        """What was said so far. May be asked early, thrown away, and asked again after more sound.
        Raises `SpeechFailed`."""


class Recogniser(Protocol):
    def listen(self, hint: Hint) -> Listening: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserWork:
    """What a recogniser has done since it began, for the metrics."""

    waiting: int = 0
    """Decodings under way or queued now."""
    oldest_s: float = 0.0
    """How long the oldest of them has been asked for."""
    done: int = 0
    wasted: int = 0
    """Begun early, and given up or thrown away because speech went on."""
    refused: int = 0
    """Not taken: too many waited."""


@runtime_checkable
class CountsWork(Protocol):
    """A recogniser that can tell what it does."""

    def work(self) -> RecogniserWork: ...


@runtime_checkable
class KeepsUp(Protocol):
    """A recogniser that can fall behind."""

    def keeps_up(self) -> bool:
        """False: new calls had better go to humans, for those under way are heard too late already."""


class Voice(Protocol):
    def say(self, text: str) -> AsyncGenerator[bytes, None]:
        """Sound of a text, piece by piece (a clause each), the first as soon as it is there. Close what is broken off.
        Raises `SpeechFailed`."""

    async def close(self) -> None: ...


class VoiceActivity(Protocol):
    """Is this speech? Stateful, one per call, no clock."""

    def expect(self, pcm: bytes) -> None:
        """A frame that will be fed: told as soon as it is there, so that those of several calls are judged at once.
        Either every frame is expected, or none."""

    def feed(self, pcm: bytes) -> float:
        """One 20 ms frame → probability of speech, 0…1."""
