import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ivr.audio import RATE, frames
from ivr.call.ports import Heard, Hint
from ivr.errors import NotPrepared
from ivr.settings import Settings
from ivr.speech.bench import errors
from ivr.speech.spoken import spoken
from ivr.speech.vad import SileroVads
from ivr.speech.whisper import WhisperRecogniser
from ivr.speech.whisper_model import WhisperModel
from ivr.speech.zhtts_voice import ZhVoice


def hear(recogniser: WhisperRecogniser, pcm: bytes, *asks: str) -> Heard:
    heard = recogniser.recognise(pcm, Hint("appliance", asks))
    assert heard is not None
    return heard


@pytest.mark.parametrize(
    ("asks", "text"),
    [
        ("description", "我们家冰箱这两天一直不制冷，里面的菜都坏了"),
        ("problem", "底下漏水，地板都泡了"),
        ("since", "昨天晚上"),
        ("handoff_offer", "不用转了，你帮我记上就行"),
        ("desired_resolution", "我要求换一台新的"),
    ],
)
def test_hears_what_was_said(
    recogniser: WhisperRecogniser, caller: Callable[[str], bytes], asks: str, text: str
) -> None:
    heard = hear(recogniser, caller(text), asks)
    assert errors(spoken(text), spoken(heard.text)) <= 0.2 * len(text), heard
    assert heard.confidence > 0.5


def test_characters_are_simplified(recogniser: WhisperRecogniser, caller: Callable[[str], bytes]) -> None:
    decoded = recogniser.recognise(caller("空调不制冷，帮我换一台新的"), Hint("nowhere"))
    assert decoded is not None
    assert not set(decoded.text) & set("調製熱幫換臺們")


@pytest.mark.parametrize("loudness", [0, 60, 600, 4000])
def test_noise_is_no_sentence(recogniser: WhisperRecogniser, loudness: int) -> None:
    noise = np.random.default_rng(loudness).normal(0, loudness, 2 * RATE).astype("<i2").tobytes()
    heard = hear(recogniser, noise, "description")
    assert heard.confidence < 0.35, heard


@pytest.mark.parametrize("said", ["昨天晚上开始的", "底下漏水", "我要求换一台新的", "不是这个"])
def test_a_word_of_the_prompt_that_was_not_said_is_not_believed(
    recogniser: WhisperRecogniser, caller: Callable[[str], bytes], said: str
) -> None:
    hint = Hint("appliance", ("handoff_offer",), terms=("转人工", "转人工客服", "人工服务"))
    heard = recogniser.recognise(caller(said), hint)
    assert heard is not None
    assert "人工" not in heard.text or heard.confidence < 0.35, heard


async def test_the_event_loop_goes_on_while_it_thinks(
    recogniser: WhisperRecogniser, caller: Callable[[str], bytes]
) -> None:
    pcm = await asyncio.to_thread(caller, "师傅装完空调以后，墙上一直往下滴水")
    listening = recogniser.listen(Hint("appliance", ("description",)))
    for frame in frames(pcm):
        listening.feed(frame)
    task = asyncio.create_task(listening.result())
    turns, longest, before = 0, 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        turns, longest, before = turns + 1, max(longest, now - before), now
    assert (await task).text
    assert turns > 5
    assert longest < 0.25


def test_missing_models_say_what_to_do(tmp_path: Path) -> None:
    bare = Settings(tools=tmp_path)
    with pytest.raises(NotPrepared, match="make prepare"):
        WhisperModel(tmp_path)
    with pytest.raises(NotPrepared, match="make prepare"):
        ZhVoice(bare)
    with pytest.raises(NotPrepared, match="make prepare"):
        SileroVads(bare)


def test_broken_models_say_what_to_do(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(NotPrepared, match="make prepare"):
        WhisperModel(tmp_path)
