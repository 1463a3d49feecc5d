"""Listening while the caller speaks: order, partial words, segments, going on after a result, failures."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ivr.audio import SILENCE
from ivr.errors import SpeechFailed
from ivr.speech.streaming import Segment, StreamEngine, StreamingListening, joined, unspaced

LOUD = bytes([0, 64]) * (len(SILENCE) // 2)
"""A frame of sound."""


@dataclass
class Decoder:
    """Each frame is a word; `closes` after so many frames."""

    gate: threading.Event = field(default_factory=threading.Event)
    closes: int = 0
    fails: bool = False
    taken: list[int] = field(default_factory=list)
    open_frames: int = 0
    number: int = 0

    def accept(self, pcm: bytes) -> Segment | None:
        self.gate.wait(5)
        if self.fails:
            raise SpeechFailed("识别失败。")
        self.taken.append(len(pcm) // len(SILENCE))
        self.open_frames += self.taken[-1]
        return self.finish() if self.closes and self.open_frames >= self.closes else None

    def partial(self) -> str:
        return f"说了{self.open_frames}" if self.open_frames else ""

    def finish(self) -> Segment:
        frames, self.open_frames = self.open_frames, 0
        self.number += 1
        return Segment(f"第{self.number}段{frames}帧", 0.8)


@pytest.fixture
def engine() -> Iterator[StreamEngine]:
    made = StreamEngine(1, "test")
    yield made
    made.close()


async def test_partial_words_come_while_it_is_fed(engine: StreamEngine) -> None:
    decoder = Decoder()
    decoder.gate.set()
    listening = StreamingListening(engine, lambda: decoder)
    assert listening.partial() == ""
    for _ in range(5):
        listening.feed(SILENCE)
    async with asyncio.timeout(2):
        while listening.partial() != "说了5":
            await asyncio.sleep(0)
    heard = await listening.result()
    assert (heard.text, heard.confidence) == ("第1段5帧", 0.8)
    assert engine.done == 1


async def test_sound_that_waits_is_taken_at_once_and_counted(engine: StreamEngine) -> None:
    decoder = Decoder()
    listening = StreamingListening(engine, lambda: decoder)
    for _ in range(200):
        listening.feed(SILENCE)
    assert listening.behind_s > 3
    assert not engine.keeps_up()
    assert engine.work().waiting == 1
    decoder.gate.set()
    assert (await listening.result()).text == "第1段200帧"
    assert len(decoder.taken) <= 2
    assert engine.keeps_up()


async def test_silence_after_a_result_is_not_decoded_and_changes_nothing(engine: StreamEngine) -> None:
    decoder = Decoder()
    decoder.gate.set()
    listening = StreamingListening(engine, lambda: decoder)
    listening.feed(LOUD * 3)
    assert (await listening.result()).text == "第1段3帧"
    listening.feed(SILENCE * 5)
    await asyncio.sleep(0)
    assert listening.partial() == "第1段3帧"
    assert sum(decoder.taken) == 3


async def test_speech_after_a_result_goes_on_with_its_segment(engine: StreamEngine) -> None:
    decoder = Decoder()
    decoder.gate.set()
    listening = StreamingListening(engine, lambda: decoder)
    listening.feed(LOUD)
    assert (await listening.result()).text == "第1段1帧"
    listening.feed(SILENCE * 4)
    listening.feed(LOUD * 2)
    heard = await listening.result()
    assert (heard.text, heard.wasted) == ("第2段7帧", 1)
    assert engine.work().wasted == 1


async def test_who_asks_again_after_a_low_voice_hears_it(engine: StreamEngine) -> None:
    decoder = Decoder()
    decoder.gate.set()
    listening = StreamingListening(engine, lambda: decoder)
    listening.feed(LOUD)
    await listening.result()
    listening.feed(SILENCE * 2)
    assert (await listening.result()).text == "第2段3帧"


async def test_a_segment_that_is_too_long_to_be_decoded_again_stays_closed(engine: StreamEngine) -> None:
    decoder = Decoder()
    decoder.gate.set()
    listening = StreamingListening(engine, lambda: decoder)
    listening.feed(LOUD * 501)
    await listening.result()
    listening.feed(LOUD * 2)
    heard = await listening.result()
    assert (heard.text, heard.wasted) == ("第1段501帧第2段2帧", 0)


async def test_segments_that_the_engine_closes_are_kept(engine: StreamEngine) -> None:
    decoder = Decoder(closes=2)
    decoder.gate.set()
    listening = StreamingListening(engine, lambda: decoder)
    listening.feed(SILENCE * 2)
    await listening.result()
    listening.feed(SILENCE)
    assert (await listening.result()).text == "第1段2帧第2段1帧"


async def test_who_stops_waiting_does_not_stop_the_decoding(engine: StreamEngine) -> None:
    decoder = Decoder()
    listening = StreamingListening(engine, lambda: decoder)
    listening.feed(SILENCE)
    waiting = asyncio.ensure_future(listening.result())
    await asyncio.sleep(0)
    waiting.cancel()
    decoder.gate.set()
    assert (await listening.result()).text == "第1段1帧"


async def test_a_failure_is_told_to_who_asks(engine: StreamEngine) -> None:
    decoder = Decoder(fails=True)
    decoder.gate.set()
    listening = StreamingListening(engine, lambda: decoder)
    listening.feed(SILENCE)
    with pytest.raises(SpeechFailed):
        await listening.result()


def test_nothing_heard_is_no_words() -> None:
    assert joined([]).text == ""
    assert joined([Segment("", 0.0)]).confidence == 0.0


def test_chinese_has_no_spaces_other_languages_do() -> None:
    assert unspaced("我 想 投诉 iPhone 的 屏幕 ") == "我想投诉 iPhone 的屏幕"
    assert unspaced("네 알겠 습니다") == "네 알겠 습니다"


def test_confidence_is_weighed_by_length_and_other_readings_are_kept() -> None:
    heard = joined([Segment("冰箱 不 制冷", 0.5, ("冰箱 布置 冷", "冰箱 不 制冷"))])
    assert (heard.text, heard.alternatives) == ("冰箱不制冷", ("冰箱布置冷",))
    assert joined([Segment("一二三", 0.9), Segment("四", 0.1)]).confidence == pytest.approx(0.7)
