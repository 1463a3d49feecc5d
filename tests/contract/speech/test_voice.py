from collections.abc import Callable

import numpy as np
import pytest

from ivr.audio import FRAME_BYTES, loudness_dbov, seconds, to_samples
from ivr.settings import Settings
from ivr.speech.clauses import clauses
from ivr.speech.phones import Phones
from ivr.speech.spoken import spoken
from ivr.speech.zhtts_voice import ZhVoice, folder_of

SENTENCES = (
    "您好，这里是美家电器，我是智能语音助手。请问有什么可以帮您？",
    "您的工单号是GD20261122-000123，请您记一下。",
    "好的。",
    "KFR35GW",
)


@pytest.mark.parametrize("text", SENTENCES)
def test_is_as_loud_as_set_without_clicks_or_clipping(bot: Callable[[str], bytes], text: str) -> None:
    pcm = bot(text)
    samples = to_samples(pcm)
    assert loudness_dbov(samples) == pytest.approx(-19.0, abs=2.0)
    assert np.abs(samples).max() < 0.97
    assert len(pcm) % FRAME_BYTES == 0
    assert abs(samples[0]) < 0.01
    assert abs(samples[-1]) < 0.01


async def test_every_piece_begins_and_ends_in_silence() -> None:
    voice = ZhVoice(Settings())
    pieces = [piece async for piece in voice.say(SENTENCES[0])]
    await voice.close()
    assert len(pieces) == 3
    for piece in pieces:
        samples = to_samples(piece)
        assert abs(samples[0]) < 0.01
        assert not samples[-160:].any()


def test_speaks_at_the_pace_of_people(bot: Callable[[str], bytes]) -> None:
    text = "我们已经登记好了，师傅会尽快和您联系。"
    assert 2.5 <= len(text) / seconds(bot(text)) <= 7.0


def test_the_caller_is_another_voice(bot: Callable[[str], bytes], caller: Callable[[str], bytes]) -> None:
    assert _pitch(caller("我们家冰箱不制冷")) < 0.92 * _pitch(bot("我们家冰箱不制冷"))


def test_every_syllable_of_chinese_that_is_asked_for_has_phones() -> None:
    phones = Phones.load(folder_of(Settings()) / "baker_mapper.json")
    for clause in clauses(
        spoken("嗯，女儿去哪儿玩儿了一会儿，GW、KFR、滤芯、绿色、略、儿子、诶、噢、雪、云、四日、吃。")
    ):
        ids = phones.of(clause.text)
        said = [char for char in clause.text if "\u4e00" <= char <= "\u9fff"]
        assert len(ids) >= 2 * len(said)


async def test_nothing_to_say_is_no_sound() -> None:
    voice = ZhVoice(Settings())
    assert [piece async for piece in voice.say("")] == []
    await voice.close()


def _pitch(pcm: bytes) -> float:
    """Median fundamental frequency, by autocorrelation of loud 40 ms windows."""
    samples = to_samples(pcm).astype(np.float64)
    found = []
    for start in range(0, len(samples) - 320, 160):
        window = samples[start : start + 320]
        if np.sqrt(np.mean(window**2)) < 0.03:
            continue
        likeness = np.correlate(window, window, "full")[320:]
        lag = 20 + int(np.argmax(likeness[20:110]))
        found.append(8000 / lag)
    return float(np.median(found))
