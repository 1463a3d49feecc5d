from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.errors import NotPrepared, SettingsError
from ivr.settings import Settings, Speech
from ivr.speech import voices as module
from ivr.speech.voices import FAILURES, Voices
from tests.fakes.speech import FakeEngine


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeEngine]:
    """Engines named `fake:NAME`, as they are opened."""
    engines: list[FakeEngine] = []

    def fake(_: Settings, voice: str) -> FakeEngine:
        if voice == "missing":
            raise NotPrepared("没有这个音色。")
        engines.append(FakeEngine(voice))
        return engines[-1]

    monkeypatch.setattr(module, "ENGINES", {"fake": fake})
    return engines


def settings(folder: Path, *names: str, **hotlines: tuple[str, ...]) -> Settings:
    return replace(Settings(), var=folder, speech=Speech(voices=names, hotline_voices=hotlines))


async def said(voices: Voices, hotline: str, text: str) -> bytes:
    return b"".join([piece async for piece in (await voices.of(hotline, Path("none"))).say(text)])


async def test_each_hotline_has_its_own_order_and_engines_are_opened_once(
    tmp_path: Path, opened: list[FakeEngine]
) -> None:
    voices = Voices(settings(tmp_path, "fake:a", "fake:b", bank=("fake:b",)))
    a, b = opened
    assert await said(voices, "appliance", "您好。") == a.sound("您好。")
    assert await said(voices, "bank", "您好。") == b.sound("您好。")
    await voices.close()
    assert a.closed
    assert b.closed


async def test_what_is_not_prepared_is_left_out(tmp_path: Path, opened: list[FakeEngine]) -> None:
    voices = Voices(settings(tmp_path, "fake:missing", "fake:b"))
    assert list(voices.named()) == ["fake:b"]
    assert await said(voices, "bank", "您好。") == opened[0].sound("您好。")


@pytest.mark.parametrize(("names", "told"), [((), "speech.voices"), (("fake:missing",), "没有这个音色")])
def test_a_line_without_any_voice_does_not_start(
    tmp_path: Path, opened: list[FakeEngine], names: tuple[str, ...], told: str
) -> None:
    with pytest.raises(NotPrepared, match=told):
        Voices(settings(tmp_path, *names))


def test_an_unknown_engine_is_told(tmp_path: Path, opened: list[FakeEngine]) -> None:
    with pytest.raises(SettingsError, match="festival"):
        Voices(settings(tmp_path, "festival:x"))


def test_a_hotline_with_an_empty_list_is_told_by_its_name(tmp_path: Path, opened: list[FakeEngine]) -> None:
    with pytest.raises(SettingsError, match=r"speech\.hotline_voices.*bank"):
        Voices(settings(tmp_path, "fake:a", bank=()))


@pytest.mark.parametrize("speed", [0.0, -1.0, 5.0])
def test_a_speed_that_nobody_can_speak_is_told(tmp_path: Path, opened: list[FakeEngine], speed: float) -> None:
    odd = settings(tmp_path, "fake:a")
    with pytest.raises(SettingsError, match=r"speech\.voice_speed"):
        Voices(replace(odd, speech=replace(odd.speech, voice_speed=speed)))


async def test_recordings_that_cannot_be_read_do_not_stop_the_hotline(
    tmp_path: Path, opened: list[FakeEngine], caplog: pytest.LogCaptureFixture
) -> None:
    index = tmp_path / "data/recordings/recordings.yml"
    index.parent.mkdir(parents=True)
    index.write_text("- no mapping", "utf-8")
    speaker = await Voices(settings(tmp_path, "fake:a")).of("bank", tmp_path / "data")
    assert [piece async for piece in speaker.say("您好。")] == [opened[0].sound("您好。")]
    assert "recordings.yml" in caplog.text


# --- clauses ahead of calls


def line_that_is(*free: bool) -> Callable[[], bool]:
    answers = iter(free)
    return lambda: next(answers, True)


async def test_clauses_are_made_ahead_only_while_the_line_is_free(
    tmp_path: Path, opened: list[FakeEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_AGAIN_S", 0)
    voices = Voices(settings(tmp_path, "fake:a"))
    states, said_when_busy = iter([True, False, False, True, True]), []

    def idle() -> bool:
        free = next(states)
        if not free:
            said_when_busy.append(list(opened[0].said))
        return free

    await voices.make_ahead(["您好。", "请讲。", "再见。"], idle)
    assert opened[0].said == ["您好。", "请讲。", "再见。"]
    assert said_when_busy == [["您好。"], ["您好。"]]


async def test_nothing_is_made_twice(tmp_path: Path, opened: list[FakeEngine]) -> None:
    voices = Voices(settings(tmp_path, "fake:a"))
    await voices.make_ahead(["您好。"], line_that_is(True))
    await voices.make_ahead(["您好。"], line_that_is(True))
    await said(voices, "bank", "您好。")
    assert opened[0].asked == ["您好。"]


async def test_what_is_made_ahead_never_fills_the_store(tmp_path: Path, opened: list[FakeEngine]) -> None:
    small = settings(tmp_path, "fake:a")
    voices = Voices(replace(small, speech=replace(small.speech, cache_mb=1)))
    await voices.make_ahead([f"{'很长' * 100}{number}" for number in range(20)], line_that_is(True))
    kept = sum(file.stat().st_size for file in tmp_path.rglob("*.slin"))
    assert 0 < kept <= 1_200_000
    assert len(opened[0].asked) < 20


async def test_an_engine_that_only_fails_is_given_up(tmp_path: Path, opened: list[FakeEngine]) -> None:
    voices = Voices(settings(tmp_path, "fake:a"))
    opened[0].fails = True
    await voices.make_ahead([str(number) for number in range(20)], line_that_is(True))
    assert len(opened[0].asked) == FAILURES


def test_a_list_for_a_hotline_that_is_none_is_told(tmp_path: Path, opened: list[FakeEngine]) -> None:
    with pytest.raises(SettingsError, match=r"speech\.hotline_voices.*bnak"):
        Voices(settings(tmp_path, "fake:a", bnak=("fake:a",)), hotlines=["bank"])
