"""Speech without models: voice activity by loudness, words from a script, a tone for a voice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable

import numpy as np

from ivr.audio import RATE, loudness_dbov, seconds, to_pcm, to_samples
from ivr.call.ports import Heard, Hint
from ivr.errors import SpeechFailed
from ivr.speech.clauses import Clause
from ivr.speech.engine import Urgency


class FakeVad:
    """Implements `VoiceActivity`: a frame louder than `floor_dbov` is speech."""

    def __init__(self, floor_dbov: float = -45.0) -> None:
        self.floor_dbov = floor_dbov

    def expect(self, pcm: bytes) -> None: ...

    def feed(self, pcm: bytes) -> float:
        return 0.95 if loudness_dbov(to_samples(pcm)) > self.floor_dbov else 0.02


class FakeListening:
    def __init__(self, recogniser: FakeRecogniser, hint: Hint) -> None:
        self.hint = hint
        self.pcm = bytearray()
        self.asked: list[float] = []
        """Seconds of sound at each `result()`."""
        self._recogniser = recogniser
        self._index: int | None = None

    @property
    def streams(self) -> bool:
        return self._recogniser.streams

    def feed(self, pcm: bytes) -> None:
        self.pcm += pcm

    def partial(self) -> str:
        """What was spelled out for this length of sound, in order of `FakeRecogniser.partials`."""
        heard = [text for at_s, text in self._recogniser.partials if at_s <= seconds(bytes(self.pcm))]
        return heard[-1] if heard else ""

    async def result(self) -> Heard:
        """The next of the script; an early result asked again is the same one."""
        self.asked.append(seconds(bytes(self.pcm)))
        if self._recogniser.delay_s:
            await asyncio.sleep(self._recogniser.delay_s)
        if self._index is None:
            self._index = self._recogniser.take()
        return self._recogniser.said(self._index)


class FakeRecogniser:
    """Implements `Recogniser`: utterances are heard as `script` says, in order; then as nothing. An entry that is an
    exception is raised."""

    def __init__(self, script: Iterable[Heard | str | Exception] = (), delay_s: float = 0.0) -> None:
        self.script = list(script)
        self.delay_s = delay_s
        self.partials: list[tuple[float, str]] = []
        """Seconds of sound → words so far, of every utterance."""
        self.streams = False
        self.listenings: list[FakeListening] = []
        self.closed = False
        self._next = 0

    def listen(self, hint: Hint) -> FakeListening:
        listening = FakeListening(self, hint)
        self.listenings.append(listening)
        return listening

    @property
    def hints(self) -> list[Hint]:
        return [listening.hint for listening in self.listenings]

    def take(self) -> int:
        self._next += 1
        return self._next - 1

    def said(self, index: int) -> Heard:
        entry = self.script[index] if index < len(self.script) else ""
        if isinstance(entry, Exception):
            raise entry
        return entry if isinstance(entry, Heard) else Heard(text=entry, confidence=0.9 if entry else 0.0)

    async def close(self) -> None:
        self.closed = True


class FakeVoice:
    """Implements `Voice`: a clause is a tone of `s_per_char` a character, so that lengths are known."""

    def __init__(self, s_per_char: float = 0.1, fails_on: str = "") -> None:
        self.s_per_char = s_per_char
        self.fails_on = fails_on
        """A text with these characters raises `SpeechFailed`."""
        self.said: list[str] = []
        self.closed = False

    async def say(self, text: str) -> AsyncGenerator[bytes, None]:
        if self.fails_on and self.fails_on in text:
            raise SpeechFailed(f"合成“{text}”失败。")
        self.said.append(text)
        for clause in clauses(text):
            yield tone(len(clause) * self.s_per_char)

    async def close(self) -> None:
        self.closed = True


class FakeEngine:
    """Implements `Engine`: a clause is a tone of its own pitch; `gate` closed holds every clause back."""

    def __init__(self, name: str = "fake", *, online: bool = False, fails: bool = False, language: str = "zh") -> None:
        self.fingerprint = name
        self.online = online
        self.language = language
        self.fails = fails
        self.said: list[str] = []
        self.asked: list[str] = []
        self.urgencies: list[Urgency] = []
        self.closed = False
        self.slow_on = ""
        """This clause never comes."""
        self.gate = asyncio.Event()
        self.gate.set()

    def sound(self, text: str) -> bytes:
        return tone(len(text) * 0.1, hertz=200 + sum(self.fingerprint.encode()) % 500)

    async def warm_up(self) -> None: ...

    async def speak(self, clause: Clause, urgency: Urgency = Urgency.NOW) -> bytes:
        self.asked.append(clause.text)
        self.urgencies.append(urgency)
        await self.gate.wait()
        if clause.text == self.slow_on:
            await asyncio.Event().wait()
        if self.fails:
            raise SpeechFailed(f"合成“{clause.text}”失败。")
        self.said.append(clause.text)
        return self.sound(clause.text)

    async def close(self) -> None:
        self.closed = True


def clauses(text: str) -> list[str]:
    for mark in "。？！，；":
        text = text.replace(mark, mark + "\n")
    return [clause for clause in text.split("\n") if clause]


def tone(length_s: float, hertz: float = 440.0, level: float = 0.3) -> bytes:
    """A sine as PCM of the line: loud enough for `FakeVad`."""
    return to_pcm(level * np.sin(2 * np.pi * hertz * np.arange(round(length_s * RATE)) / RATE))
