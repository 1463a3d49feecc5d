import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.audio import loudness_dbov, seconds, to_samples
from ivr.speech.breaker import Breaker
from ivr.speech.cache import SharedStore, SpokenStore
from ivr.speech.clauses import Clause
from ivr.speech.engine import Urgency
from ivr.speech.fallback import Fallback, Ranked
from ivr.speech.recordings import Recorded, load_recordings
from ivr.speech.speaker import Speaker
from tests.fakes.speech import FakeEngine

TEXT = "您好，这里是美家电器。我是智能语音助手。请问有什么事？您慢慢说。"


def fallback(folder: Path, *engines: FakeEngine, patience_s: float = 0.02) -> Fallback:
    store = SharedStore(SpokenStore(folder / "store", limit_mb=10))
    return Fallback([Ranked(engine, Breaker()) for engine in engines], store, patience_s)


async def until(engine: FakeEngine, asked: int) -> None:
    async with asyncio.timeout(2):
        while len(engine.asked) < asked:
            await asyncio.sleep(0.001)


async def test_the_first_clause_comes_alone_then_two_are_made_ahead(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.gate.clear()
    pieces = Speaker(fallback(tmp_path, engine), -19.0).say(TEXT)
    first = asyncio.ensure_future(anext(pieces))
    await until(engine, 1)
    await asyncio.sleep(0.02)
    assert engine.asked == ["您好，这里是美家电器。"]
    engine.gate.set()
    assert await first == engine.sound("您好，这里是美家电器。")
    await until(engine, 3)  # while the first is played, without anybody asking for more
    assert engine.urgencies == [Urgency.NOW, Urgency.NEXT, Urgency.NEXT]
    assert [piece async for piece in pieces][-1] == engine.sound("您慢慢说。")


async def test_clauses_leave_in_order(tmp_path: Path) -> None:
    engine = FakeEngine()
    said = [piece async for piece in Speaker(fallback(tmp_path, engine), -19.0).say(TEXT)]
    assert said == [engine.sound(text) for text in (
        "您好，这里是美家电器。", "我是智能语音助手。", "请问有什么事？", "您慢慢说。"
    )]  # fmt: skip


async def test_a_reply_that_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = FakeEngine()
    pieces = Speaker(fallback(tmp_path, engine), -19.0).say(TEXT)
    await anext(pieces)
    engine.gate.clear()
    await pieces.aclose()
    assert len(asyncio.all_tasks()) == 1


async def test_a_reply_stays_with_the_engine_it_fell_to(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True), FakeEngine("local")
    online.gate.clear()
    engines = fallback(tmp_path, online, local)
    pieces = Speaker(engines, -19.0).say(TEXT)
    await anext(pieces)
    online.gate.set()
    assert [piece async for piece in pieces] == [
        local.sound(text) for text in ("我是智能语音助手。", "请问有什么事？", "您慢慢说。")
    ]
    assert online.asked == ["您好，这里是美家电器。"]
    await engines.close()


async def test_a_voice_that_was_given_up_does_not_come_back_in_the_same_reply(tmp_path: Path) -> None:
    online, local = FakeEngine("online", online=True), FakeEngine("local")
    online.slow_on = "我是智能语音助手。"
    engines = fallback(tmp_path, online, local)
    said = [piece async for piece in Speaker(engines, -19.0).say(TEXT)]
    assert said == [online.sound("您好，这里是美家电器。")] + [
        local.sound(text) for text in ("我是智能语音助手。", "请问有什么事？", "您慢慢说。")
    ]
    await engines.close()


async def test_numbers_are_read_in_chinese_by_chinese_voices_only(tmp_path: Path) -> None:
    chinese, korean = FakeEngine("zh"), FakeEngine("ko", language="ko")
    for engine in (chinese, korean):
        _ = [piece async for piece in Speaker(fallback(tmp_path, engine), -19.0).say("123")]
    assert (chinese.said, korean.said) == (["一百二十三"], ["123"])


# --- recordings


def recorded(folder: Path, name: str, rate: int = 44_100, channels: int = 2, level: float = 0.05) -> None:
    """A second of a tone that swells, in quiet 16 bit."""
    folder.mkdir(parents=True, exist_ok=True)
    time = np.arange(rate) / rate
    sound = level * np.sin(2 * np.pi * 330 * time) * np.sin(np.pi * time)
    with wave.open(str(folder / name), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.repeat(sound[:, None], channels, 1) * 32767).astype("<i2").tobytes())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    everybody, own = tmp_path / "data/recordings", tmp_path / "data/packs/appliance/recordings"
    recorded(everybody, "hello.wav")
    recorded(own, "ask.wav", rate=16_000, channels=1)
    recorded(own, "key.wav", rate=8000, channels=1)
    (everybody / "recordings.yml").write_text("您好，这里是美家电器: hello.wav\n没有录的: gone.wav\n", "utf-8")
    (own / "recordings.yml").write_text("我是智能语音助手。请问有什么事？: ask.wav\n请按 0: key.wav\n", "utf-8")
    return tmp_path / "data"


async def test_a_recording_takes_the_place_of_what_it_says(data: Path, tmp_path: Path) -> None:
    engine = FakeEngine()
    speaker = Speaker(fallback(tmp_path, engine), -19.0, load_recordings(data, "appliance"))
    said = [piece async for piece in speaker.say(TEXT)]
    assert engine.said == ["您慢慢说。"]
    assert len(said) == 3
    for pcm in said[:2]:
        assert 0.8 < seconds(pcm) < 1.5
        assert loudness_dbov(to_samples(pcm)) == pytest.approx(-19.0, abs=1.0)


async def test_marks_spaces_and_digits_make_no_difference(data: Path, tmp_path: Path) -> None:
    speaker = Speaker(fallback(tmp_path, FakeEngine()), -19.0, load_recordings(data, "appliance"))
    for text in ("请按零", "请按0。", "请按 0！"):
        assert [type(part) for part in speaker.plan(text)] == [Recorded]
    assert [type(part) for part in speaker.plan("请按01")] == [Clause]


async def test_other_hotlines_have_only_what_is_for_all(data: Path, tmp_path: Path) -> None:
    speaker = Speaker(fallback(tmp_path, FakeEngine()), -19.0, load_recordings(data, "bank"))
    assert [type(part) for part in speaker.plan(TEXT)] == [Recorded, Clause, Clause, Clause]


async def test_a_file_that_is_no_sound_is_told_and_the_sentence_synthesised(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (data / "recordings/hello.wav").write_text("no sound")
    engine = FakeEngine()
    speaker = Speaker(fallback(tmp_path, engine), -19.0, load_recordings(data, "bank"))
    said = [piece async for piece in speaker.say("您好，这里是美家电器。")]
    assert b"".join(said) == engine.sound("您好，这里是美家电器。")
    assert "hello.wav" in caplog.text


def test_a_missing_file_is_told_and_the_sentence_synthesised(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert list(load_recordings(data, "bank").cut("没有录的。")) == ["没有录的。"]
    assert "gone.wav" in caplog.text
