"""espeak-ng's place is taken by a small program, so that what it may do wrong can be done. The real one: contract."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivr.audio import loudness_dbov, seconds, to_samples
from ivr.errors import NotPrepared, SettingsError, SpeechFailed
from ivr.settings import Settings
from ivr.speech.clauses import Clause
from ivr.speech.espeak_voice import EspeakVoice

HELLO = Clause("您好。", 0.34)
RATE = 22_050


def wav(length_s: float) -> bytes:
    """As espeak-ng writes it to a pipe: the lengths in the header are not those of the sound."""
    sound = (0.1 * np.sin(np.arange(round(length_s * RATE)) / 10) * 32767).astype("<i2").tobytes()
    head = b"RIFF\x24\xf0\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0" + RATE.to_bytes(4, "little")
    return head + (2 * RATE).to_bytes(4, "little") + b"\x02\0\x10\0data\0\xf0\xff\x7f" + sound


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    return replace(Settings(), tools=tmp_path)


def install(settings: Settings, script: str) -> None:
    program = settings.tools / "bin/espeak-ng"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


async def test_speaks(settings: Settings) -> None:
    (settings.tools / "sound.wav").write_bytes(wav(0.8))
    install(
        settings, f'cat > "{settings.tools}/heard"; echo "$@" > "{settings.tools}/argv"; cat {settings.tools}/sound.wav'
    )
    pcm = await EspeakVoice(settings, "cmn").speak(HELLO)
    assert seconds(pcm) == pytest.approx(0.8 + 0.34, abs=0.05)
    assert loudness_dbov(to_samples(pcm)) == pytest.approx(-19.0, abs=0.5)
    assert (settings.tools / "heard").read_text() == "您好。"
    assert (settings.tools / "argv").read_text().split()[:4] == ["-v", "cmn", "-s", "165"]


@pytest.mark.parametrize("script", ["echo no such voice >&2; exit 1", "true", "echo nonsense"])
async def test_a_failure_is_told(settings: Settings, script: str) -> None:
    install(settings, f"cat > /dev/null; {script}")
    with pytest.raises(SpeechFailed, match="您好"):
        await EspeakVoice(settings, "cmn").speak(HELLO)


async def test_a_program_that_hangs_is_ended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.speech.espeak_voice.TIMEOUT_S", 0.1)
    install(settings, "exec sleep 30")
    with pytest.raises(SpeechFailed, match="没有说完"):
        await EspeakVoice(settings, "cmn").speak(HELLO)


def test_without_the_program_it_says_what_to_do(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(settings.tools))
    with pytest.raises(NotPrepared, match="make prepare"):
        EspeakVoice(settings, "cmn")


def test_a_name_that_is_no_voice_is_refused(settings: Settings) -> None:
    with pytest.raises(SettingsError):
        EspeakVoice(settings, "-v ko; rm")


@pytest.mark.parametrize(("voice", "language"), [("cmn", "zh"), ("yue", "zh"), ("ko", "ko"), ("en-us+f3", "en")])
def test_knows_its_language(settings: Settings, voice: str, language: str) -> None:
    install(settings, "true")
    assert EspeakVoice(settings, voice).language == language
