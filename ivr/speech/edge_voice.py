"""The online voice: Microsoft's read-aloud service through the package `edge-tts`.

What is said leaves the machine, and the service is nobody's contract: it may be slow, away, or gone. So nobody waits
long for it (`ivr.speech.fallback`), and what it said is kept. Its sound is MP3, 24 kHz, 48 kbit/s.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp

from ivr.audio import to_pcm
from ivr.errors import SettingsError, SpeechFailed
from ivr.settings import Speech
from ivr.speech.clauses import Clause
from ivr.speech.decoding import decoded
from ivr.speech.engine import Urgency
from ivr.speech.levelling import piece

TIMEOUT_S = 10.0
"""A clause that takes longer is of no use to the store either."""
AT_ONCE = 4
"""Connections of this process at the same time; the service refuses those who ask for many."""


class EdgeVoice:
    """Implements `Engine`. One connection a clause: that is how the package speaks."""

    online = True

    def __init__(self, settings: Speech, voice: str) -> None:
        """Raises `SettingsError` when the voice's name is none."""
        if not re.fullmatch(r"[a-z]{2,3}-[A-Z]{2}-.+Neural", voice):
            raise SettingsError(f"edge 的音色 {voice!r} 不对：应当像 zh-CN-XiaoxiaoNeural（edge-tts --list-voices）。")
        self._voice = voice
        self._rate = f"{round((settings.voice_speed - 1) * 100):+d}%"
        self._loudness_dbov = settings.loudness_dbov
        self._address = settings.edge_address
        self._proxy = settings.edge_proxy or None
        self._places = asyncio.Semaphore(AT_ONCE)
        self.language = voice.split("-")[0]

    @property
    def fingerprint(self) -> str:
        return f"edge-1 {self._voice} {self._rate} {self._loudness_dbov:g}"

    async def warm_up(self) -> None:
        """Loads the package; nothing is asked of the service."""
        await asyncio.to_thread(_communicate)

    async def speak(self, clause: Clause, urgency: Urgency = Urgency.NOW) -> bytes:
        """Raises `SpeechFailed`."""
        try:
            async with self._places, asyncio.timeout(TIMEOUT_S):
                mp3 = await self._spoken(clause.text)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            why = str(error) or "超时"
            raise SpeechFailed(f"在线音色 {self._voice} 连不上（{why}）：请检查网络和代理。") from error
        return await asyncio.to_thread(self._on_the_line, mp3, clause.pause_s)

    async def _spoken(self, text: str) -> bytes:
        module = _communicate()
        if self._address:
            mark = "" if "?" in self._address else "?"
            module.WSS_URL = self._address + mark  # the package has no setting for it, and appends parameters
        from edge_tts.exceptions import EdgeTTSException

        try:
            stream = module.Communicate(text, self._voice, rate=self._rate, proxy=self._proxy).stream()
            return b"".join([chunk["data"] async for chunk in stream if chunk["type"] == "audio"])
        except (EdgeTTSException, ValueError, KeyError) as error:  # ValueError, KeyError: an answer it cannot read
            raise SpeechFailed(f"在线音色 {self._voice} 没有说“{text}”：{error}。") from error

    def _on_the_line(self, mp3: bytes, pause_s: float) -> bytes:
        return to_pcm(piece(decoded(mp3), self._loudness_dbov, pause_s))

    async def close(self) -> None:
        """Connections end with their clauses."""


def _communicate() -> Any:
    from edge_tts import communicate  # loads certificates: only where it is used

    return communicate
