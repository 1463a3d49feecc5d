import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.errors import SpeechFailed
from ivr.speech.cache import CachedVoice, SpokenStore
from tests.fakes.speech import FakeVoice, tone


class Voice(FakeVoice):
    fingerprint = "fake-1"


async def sound(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def test_says_the_same_from_the_store(tmp_path: Path) -> None:
    voice = Voice()
    cached = CachedVoice(voice, tmp_path, limit_mb=1)
    first = await sound(cached.say("您好，这里是美家电器，请讲。"))
    made = list(voice.said)
    assert first == await sound(cached.say("您好，这里是美家电器，请讲。"))
    assert voice.said == made


async def test_survives_a_restart(tmp_path: Path) -> None:
    await sound(CachedVoice(Voice(), tmp_path, limit_mb=1).say("请稍等。"))
    again = Voice()
    assert await sound(CachedVoice(again, tmp_path, limit_mb=1).say("请稍等。"))
    assert again.said == []


async def test_a_clause_serves_every_sentence_that_holds_it(tmp_path: Path) -> None:
    voice = Voice()
    cached = CachedVoice(voice, tmp_path, limit_mb=1)
    await sound(cached.say("好的。您的单号是12345。"))
    await sound(cached.say("好的。请问还有别的事吗？"))
    assert voice.said.count("好的。") == 1


async def test_another_manner_is_another_sound(tmp_path: Path) -> None:
    await sound(CachedVoice(Voice(), tmp_path, limit_mb=1).say("请稍等。"))
    other = Voice()
    other.fingerprint = "fake-2"
    await sound(CachedVoice(other, tmp_path, limit_mb=1).say("请稍等。"))
    assert other.said == ["请稍等。"]


async def test_a_failed_clause_is_not_kept(tmp_path: Path) -> None:
    voice = Voice(fails_on="坏")
    cached = CachedVoice(voice, tmp_path, limit_mb=1)
    with pytest.raises(SpeechFailed):
        await sound(cached.say("坏了。"))
    voice.fails_on = ""
    assert await sound(cached.say("坏了。"))


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
