"""espeak-ng: robotic, at once, in many languages: the voice when the others fail, and a foreign caller for tests."""

from __future__ import annotations

import asyncio
import re
import subprocess

import numpy as np

from ivr.audio import resample, to_pcm
from ivr.errors import SettingsError, SpeechFailed
from ivr.settings import Settings
from ivr.speech.clauses import Clause
from ivr.speech.engine import Urgency
from ivr.speech.espeak_program import espeak
from ivr.speech.levelling import piece

WORDS_A_MINUTE = 165
"""At speed 1: Mandarin at about the pace of the embedded voice."""
TIMEOUT_S = 5.0
LANGUAGES = {"cmn": "zh", "yue": "zh", "hak": "zh"}
"""espeak-ng's codes of Chinese."""
CHUNK_ID, CHUNK_HEAD = b"data", 8


class EspeakVoice:
    """Implements `Engine`: one run of the program a clause (about 20 ms)."""

    online = False

    def __init__(self, settings: Settings, voice: str) -> None:
        """Raises `NotPrepared`, `SettingsError`."""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+_-]*", voice):
            raise SettingsError(f"espeak 的音色 {voice!r} 不对：应当像 cmn、ko、en-us（espeak-ng --voices）。")
        self._program = espeak(settings)
        self._voice = voice
        self._rate = round(WORDS_A_MINUTE * settings.speech.voice_speed)
        self._loudness_dbov = settings.speech.loudness_dbov
        base = voice.split("+")[0].split("-")[0]
        self.language = LANGUAGES.get(base, base)

    @property
    def fingerprint(self) -> str:
        return f"espeak-1 {self._voice} {self._rate} {self._loudness_dbov:g}"

    async def warm_up(self) -> None: ...

    async def speak(self, clause: Clause, urgency: Urgency = Urgency.NOW) -> bytes:
        """Raises `SpeechFailed`."""
        return await asyncio.to_thread(self._spoken, clause)

    def _spoken(self, clause: Clause) -> bytes:
        return self._on_the_line(self._run(clause.text), clause)

    def _run(self, text: str) -> bytes:
        argv = [*self._program, "-v", self._voice, "-s", str(self._rate), "-b", "1", "--stdin", "--stdout"]
        try:
            done = subprocess.run(  # noqa: S603  (no shell; the text goes in by the pipe)
                argv, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, check=True
            )
        except subprocess.TimeoutExpired as error:
            raise SpeechFailed(f"espeak-ng 超过 {TIMEOUT_S:g} 秒没有说完“{text}”。") from error
        except subprocess.CalledProcessError as error:
            told = error.stderr.decode(errors="replace").strip()
            raise SpeechFailed(f"espeak-ng 没有说“{text}”：{told}") from error
        except OSError as error:
            raise SpeechFailed(f"espeak-ng 启动不了：{error}。请重新运行 make prepare。") from error
        return done.stdout

    def _on_the_line(self, wav: bytes, clause: Clause) -> bytes:
        """The lengths in the header are not known when the program writes it, so they are not read."""
        at = wav.find(CHUNK_ID, 36, 200)
        if wav[:4] != b"RIFF" or at < 0:
            raise SpeechFailed(f"espeak-ng 没有给出声音：“{clause.text}”。")
        rate = int.from_bytes(wav[24:28], "little")
        body = wav[at + CHUNK_HEAD :]
        samples = np.frombuffer(body[: len(body) // 2 * 2], dtype="<i2").astype(np.float32) / 32768.0
        return to_pcm(piece(resample(samples, rate), self._loudness_dbov, clause.pause_s))

    async def close(self) -> None: ...
