"""Mouth and ear of a telephone on one clock: what is said, what is heard, and when speech in either began and ended.

No clock and no network of its own: somebody asks for 20 ms to send and brings 20 ms that came, and the samples
counted are the time. Both recordings therefore lie sample by sample beside each other.

Speech is found by energy alone, not by the product's own voice activity: a judge must not be the judged.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from ivr.audio import FRAME_BYTES, FRAME_SAMPLES, RATE, SILENCE

LOUD = 10 ** (-45 / 20) * 32768
"""Root mean square of a frame that counts as sound: -45 dBFS, 25 dB under the bot's usual loudness."""
SAMPLE_LOUD = 100
"""A single sample over this belongs to speech. G.711 silence is ±8, its noise on a quiet line under 50."""
PAUSE_FRAMES = 15
"""300 ms without sound end what was heard: longer than the gaps between words, shorter than a turn's."""
START_FRAMES = 2
"""40 ms of sound begin it: a click is one frame at most."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Speech is heard. `at`: its first sample, in seconds of the telephone's clock."""

    at: float


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """It fell silent. `at`: its last sample."""

    at: float
    started_at: float


@dataclass(frozen=True, slots=True)
class Said:
    """The last speech sample of a sound has just been sent. What follows it in the file is silence."""

    name: str
    started_at: float
    """First sample sent, in seconds."""
    ended_at: float
    """Last speech sample sent, in seconds."""


HandsetEvent = SpeechStarted | SpeechEnded | Said


def last_loud_sample(pcm: bytes) -> int:
    """Number of samples up to and including the last one of speech, by the sound's own energy; 0 for silence."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    padded = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES))
    power = np.sqrt(np.mean(padded.reshape(-1, FRAME_SAMPLES) ** 2, axis=1)) if len(padded) else np.zeros(0)
    loud = np.flatnonzero(power >= LOUD)
    if not len(loud):
        return 0
    start = int(loud[-1]) * FRAME_SAMPLES
    over = np.flatnonzero(np.abs(padded[start : start + FRAME_SAMPLES]) >= SAMPLE_LOUD)
    return start + int(over[-1]) + 1


@dataclass(slots=True)
class _Sound:
    pcm: bytes
    name: str
    speech_end: int
    """Samples up to the last one of speech."""
    sent: int = 0
    started: int = -1


@dataclass(slots=True)
class Handset:
    echo: float = 0.0
    """Share of what is heard that goes back, as on a bad line: 0.1 is a return loss of 20 dB."""
    echo_delay: int = FRAME_SAMPLES
    """Samples after which it goes back; a frame at least."""
    noise: bytes = b""
    """Added to what is sent, over and over: whole frames. What counts as speech is measured without it."""
    clock: int = 0
    """Samples sent so far."""
    said: bytearray = field(default_factory=bytearray)
    heard: bytearray = field(default_factory=bytearray)
    _queue: deque[_Sound] = field(default_factory=deque)
    _loud_frames: int = 0
    _quiet_frames: int = 0
    _speech_started: int | None = None
    _candidate: int | None = None
    """First loud sample of what may become speech."""
    _last_loud: int = 0

    @property
    def now(self) -> float:
        """Seconds of the telephone's clock."""
        return self.clock / RATE

    @property
    def speaking(self) -> bool:
        return bool(self._queue)

    def say(self, pcm: bytes, name: str = "") -> None:
        """Queue sound: 8 kHz, 16 bit, mono."""
        self._queue.append(_Sound(pcm, name, last_loud_sample(pcm)))

    def hush(self) -> None:
        """Stop in mid-word."""
        self._queue.clear()

    def speak(self) -> tuple[bytes, list[HandsetEvent]]:
        """The next 20 ms to send."""
        frame, events = SILENCE, list[HandsetEvent]()
        if self._queue:
            frame = self._next_frame(self._queue[0], events)
        if self.echo and (echoed := self._echoed()):
            frame = _mixed(frame, echoed, self.echo)
        if self.noise:
            at = 2 * self.clock % len(self.noise)
            frame = _mixed(frame, self.noise[at : at + FRAME_BYTES], 1.0)
        self.said += frame
        self.clock += FRAME_SAMPLES
        return frame, events

    def _echoed(self) -> bytes:
        """What was heard `echo_delay` ago."""
        begin = 2 * (self.clock - self.echo_delay)
        missing = max(0, -begin)  # nothing was heard before the first sample
        if missing >= FRAME_BYTES:
            return b""
        return (bytes(missing) + self.heard[max(0, begin) : begin + FRAME_BYTES]).ljust(FRAME_BYTES, b"\0")

    def _next_frame(self, sound: _Sound, events: list[HandsetEvent]) -> bytes:
        if sound.started < 0:
            sound.started = self.clock
        before, sound.sent = sound.sent, sound.sent + FRAME_SAMPLES
        frame = sound.pcm[2 * before : 2 * sound.sent].ljust(FRAME_BYTES, b"\0")
        if before < max(sound.speech_end, 1) <= sound.sent:
            end = sound.started + sound.speech_end
            events.append(Said(sound.name, sound.started / RATE, end / RATE))
        if 2 * sound.sent >= len(sound.pcm):
            self._queue.popleft()
        return frame

    def hear(self, pcm: bytes) -> list[HandsetEvent]:
        """20 ms that came. Belongs to the same tick as the frame last sent."""
        start = max(self.clock - FRAME_SAMPLES, 0)
        self.heard += bytes(max(0, 2 * start - len(self.heard)))
        self.heard += pcm
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
        over = np.flatnonzero(np.abs(samples) >= SAMPLE_LOUD)
        if len(over) and float(np.sqrt(np.mean(samples**2))) >= LOUD:
            return self._loud(start + int(over[0]), start + int(over[-1]) + 1)
        return self._quiet()

    def _loud(self, first: int, last: int) -> list[HandsetEvent]:
        self._loud_frames, self._quiet_frames, self._last_loud = self._loud_frames + 1, 0, last
        if self._candidate is None:
            self._candidate = first
        if self._speech_started is None and self._loud_frames >= START_FRAMES:
            self._speech_started = self._candidate
            return [SpeechStarted(self._speech_started / RATE)]
        return []

    def _quiet(self) -> list[HandsetEvent]:
        self._quiet_frames += 1
        if self._speech_started is None:
            if self._quiet_frames >= START_FRAMES:
                self._loud_frames, self._candidate = 0, None
            return []
        if self._quiet_frames < PAUSE_FRAMES:
            return []
        ended = SpeechEnded(self._last_loud / RATE, self._speech_started / RATE)
        self._loud_frames, self._candidate, self._speech_started = 0, None, None
        return [ended]


def _mixed(frame: bytes, other: bytes, gain: float) -> bytes:
    mixed = np.frombuffer(frame, dtype="<i2").astype(np.float64) + gain * np.frombuffer(other, dtype="<i2")
    return np.clip(np.round(mixed), -32768, 32767).astype("<i2").tobytes()
