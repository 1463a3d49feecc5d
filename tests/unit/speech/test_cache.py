import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.errors import SpeechFailed
from ivr.speech.breaker import Breaker
from ivr.speech.cache import SharedStore, SpokenStore
from ivr.speech.fallback import Fallback, Ranked
from ivr.speech.speaker import Speaker
from tests.fakes.speech import FakeEngine, tone


def speaker(engine: FakeEngine, folder: Path) -> Speaker:
    store = SharedStore(SpokenStore(folder, limit_mb=1))
    return Speaker(Fallback([Ranked(engine, Breaker())], store, patience_s=1.0), -19.0)


async def sound(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def test_says_the_same_from_the_store(tmp_path: Path) -> None:
    engine = FakeEngine()
    cached = speaker(engine, tmp_path)
    first = await sound(cached.say("您好，这里是美家电器，请讲。"))
    made = list(engine.said)
    assert first == await sound(cached.say("您好，这里是美家电器，请讲。"))
    assert engine.said == made


async def test_survives_a_restart(tmp_path: Path) -> None:
    await sound(speaker(FakeEngine(), tmp_path).say("请稍等。"))
    again = FakeEngine()
    assert await sound(speaker(again, tmp_path).say("请稍等。"))
    assert again.said == []


async def test_a_clause_serves_every_sentence_that_holds_it(tmp_path: Path) -> None:
    engine = FakeEngine()
    cached = speaker(engine, tmp_path)
    await sound(cached.say("好的。您的单号是12345。"))
    await sound(cached.say("好的。请问还有别的事吗？"))
    assert engine.said.count("好的。") == 1


async def test_another_manner_is_another_sound(tmp_path: Path) -> None:
    await sound(speaker(FakeEngine(), tmp_path).say("请稍等。"))
    other = FakeEngine("fake-2")
    await sound(speaker(other, tmp_path).say("请稍等。"))
    assert other.said == ["请稍等。"]


async def test_a_failed_clause_is_not_kept(tmp_path: Path) -> None:
    engine = FakeEngine(fails=True)
    cached = speaker(engine, tmp_path)
    with pytest.raises(SpeechFailed):
        await sound(cached.say("坏了。"))
    engine.fails = False
    assert await sound(cached.say("坏了。"))


def test_a_restart_keeps_to_the_limit(tmp_path: Path) -> None:
    pcm = tone(1.0)
    first = SpokenStore(tmp_path, limit_mb=1)
    for text in "甲乙丙丁":
        first.put("v", text, pcm)
    again = SpokenStore(tmp_path, limit_mb=len(pcm) * 3.5 / 1e6)
    assert again.size == 4 * len(pcm)
    again.put("v", "戊", pcm)
    assert again.size <= again.limit
    assert again.get("v", "戊") == pcm


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    pcm = tone(1.0)
    store = SpokenStore(tmp_path, limit_mb=len(pcm) * 3.5 / 1e6)
    for age, text in enumerate("甲乙丙"):
        store.put("v", text, pcm)
        file = store._file("v", text)
        os.utime(file, (1000 + age, 1000 + age))
    assert store.get("v", "甲") == pcm  # used now
    store.put("v", "丁", pcm)
    assert store.get("v", "乙") is None
    assert store.get("v", "甲") == store.get("v", "丁") == pcm
    assert store.size <= store.limit


def test_leaves_no_half_written_files(tmp_path: Path) -> None:
    store = SpokenStore(tmp_path, limit_mb=1)
    store.put("v", "甲", b"\1\0" * 100)
    assert [file.suffix for file in tmp_path.rglob("*") if file.is_file()] == [".slin"]


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    SpokenStore(blocked, limit_mb=1).put("v", "甲", b"\1\0")
    assert "缓存" in caplog.text


def test_a_store_that_may_only_be_read_still_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SpokenStore(tmp_path, limit_mb=1).put("voice", "请稍等。", b"sound")
    monkeypatch.setattr(os, "utime", _refuse)
    assert SpokenStore(tmp_path, limit_mb=1).get("voice", "请稍等。") == b"sound"


def test_old_clauses_that_cannot_be_thrown_away_do_not_silence_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = SpokenStore(tmp_path, limit_mb=0.000_01)
    monkeypatch.setattr(Path, "unlink", _refuse)
    store.put("voice", "请稍等。", b"longer than ten")
    assert "请稍等" not in caplog.text
    assert "语音缓存" in caplog.text


def test_a_full_disk_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "replace", _refuse)
    SpokenStore(tmp_path, limit_mb=1).put("voice", "请稍等。", b"sound")
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def _refuse(*_: object, **__: object) -> None:
    raise PermissionError("not here")
