"""The online voice against a peer that speaks its protocol. The real service was never asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivr.audio import FRAME_BYTES, loudness_dbov, seconds, to_samples
from ivr.errors import SettingsError, SpeechFailed
from ivr.settings import Settings, Speech
from ivr.speech.clauses import Clause
from ivr.speech.edge_voice import EdgeVoice
from ivr.speech.voices import Voices
from tests.fakes.read_aloud import ReadAloud, read_aloud

VOICE = "zh-CN-XiaoxiaoNeural"
HELLO = Clause("您好，我是语音助手。", 0.34)


@pytest.fixture
async def peer() -> AsyncIterator[ReadAloud]:
    async with read_aloud() as peer:
        yield peer


def voice(peer: ReadAloud, speed: float = 1.0) -> EdgeVoice:
    return EdgeVoice(Speech(edge_address=peer.address, voice_speed=speed), VOICE)


async def test_speaks_at_the_line_s_rate_and_loudness(peer: ReadAloud) -> None:
    pcm = await voice(peer).speak(HELLO)
    samples = to_samples(pcm)
    assert 0.15 * len(HELLO.text) <= seconds(pcm) - HELLO.pause_s <= 0.15 * len(HELLO.text) + 0.2
    assert loudness_dbov(samples) == pytest.approx(-19.0, abs=0.5)
    assert len(pcm) % FRAME_BYTES == 0
    assert abs(samples[0]) < 0.01
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) / len(samples) * 8000 == pytest.approx(440, abs=2)


async def test_asks_for_the_voice_the_rate_and_the_words_as_they_are(peer: ReadAloud) -> None:
    await voice(peer, speed=1.1).speak(Clause("A<B & 二", 0))
    assert peer.texts == ["A<B & 二"]
    assert "(zh-CN, XiaoxiaoNeural)" in peer.ssml[0]
    assert "rate='+10%'" in peer.ssml[0]
    form = json.loads(peer.configs[0])["context"]["synthesis"]["audio"]["outputFormat"]
    assert form == "audio-24khz-48kbitrate-mono-mp3"


@pytest.mark.parametrize("status", [401, 403, 500])
async def test_a_refusal_is_told(peer: ReadAloud, status: int) -> None:
    peer.status = status
    with pytest.raises(SpeechFailed, match=VOICE):
        await voice(peer).speak(HELLO)


async def test_a_turn_without_sound_is_told(peer: ReadAloud) -> None:
    peer.silent = True
    with pytest.raises(SpeechFailed, match="您好"):
        await voice(peer).speak(HELLO)


async def test_what_is_no_mp3_is_told(peer: ReadAloud) -> None:
    peer.sound = b"no sound at all" * 100
    with pytest.raises(SpeechFailed):
        await voice(peer).speak(HELLO)


async def test_a_peer_that_is_away_is_told() -> None:
    with pytest.raises(SpeechFailed, match="网络"):
        await EdgeVoice(Speech(edge_address="ws://127.0.0.1:9/edge/v1"), VOICE).speak(HELLO)


async def test_a_peer_that_says_nothing_is_left(peer: ReadAloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.speech.edge_voice.TIMEOUT_S", 0.05)
    peer.answers.clear()
    with pytest.raises(SpeechFailed, match="超时"):
        await voice(peer).speak(HELLO)


@pytest.mark.parametrize("name", ["", "Xiaoxiao", "zh-CN-Xiaoxiao'/><x"])
def test_a_name_that_is_no_voice_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="zh-CN-XiaoxiaoNeural"):
        EdgeVoice(Speech(), name)


# --- together with the embedded voice


def together(peer: ReadAloud, folder: Path) -> Settings:
    speech = Speech(voices=(f"edge:{VOICE}", "mandarin"), edge_address=peer.address, first_sound_s=0.3)
    return replace(Settings(), var=folder, speech=speech)


async def first_sound(voices: Voices, text: str) -> tuple[bytes, float]:
    speaker = await voices.of("appliance", Path("none"))
    began = asyncio.get_running_loop().time()
    pcm = b"".join([piece async for piece in speaker.say(text)])
    return pcm, asyncio.get_running_loop().time() - began


async def test_the_embedded_voice_takes_over_and_the_late_sound_is_kept(peer: ReadAloud, tmp_path: Path) -> None:
    voices = Voices(together(peer, tmp_path))
    await voices.warm_up()
    peer.answers.clear()
    embedded, took_s = await first_sound(voices, "请稍等。")
    assert seconds(embedded) > 0.4
    assert 0.3 <= took_s < 1.5  # a busy machine synthesises slowly
    peer.answers.set()
    async with asyncio.timeout(5):
        while len(list((tmp_path / "voice").rglob("*.slin"))) < 2:
            await asyncio.sleep(0.01)
    online, took_s = await first_sound(voices, "请稍等。")
    assert online != embedded
    assert len(peer.ssml) == 1
    await voices.close()
    again = Voices(together(peer, tmp_path))  # after a restart
    assert (await first_sound(again, "请稍等。"))[0] == online
    assert len(peer.ssml) == 1
    await again.close()
