"""Measures the engines that speak: how loud, how even, whether joins click, how soon and how fast."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ivr.audio import RATE, Samples, seconds, to_samples
from ivr.speech.active_level import active_level_dbov
from ivr.speech.clauses import clauses
from ivr.speech.engine import Engine
from ivr.speech.spoken import spoken

REPLIES = (
    "您好，美家电器，我是智能语音助手，本次通话会录音。请问有什么可以帮您？",
    "请问是哪个产品？比如空调、冰箱、洗衣机。",
    "好的，都记下了，您的工单号是GD20261123-000123，会有同事尽快联系您。感谢来电，再见。",
    "跟您核对一下，客厅的空调，型号KFR-35GW，前天开始不制冷，联系电话13800138000，对吗？",
    "请您先别再用它，人不舒服或者受了伤，先去医院，严重的打120，东西留着别扔。",
    "这笔退款一共是¥1,234.50，三到五个工作日退到原卡，您看可以吗？",
    "您希望什么时候上门？上午九点到十二点，还是下午两点到五点？",
    "不好意思，刚才没听明白。什么时候开始的？",
)
"""What the bot says, long and short, with numbers."""
JOIN_S = 0.001
"""Beside a join, a jump of the samples within this is a click."""


@dataclass(frozen=True, slots=True)
class VoiceFigures:
    voice: str
    levels_dbov: tuple[float, ...]
    """Active speech level of each reply, after ITU-T P.56."""
    peak: float
    """Largest sample, 1 = full scale."""
    join_step: float
    """Largest jump between two samples at the ends of pieces."""
    speech_step: float
    """The same inside the speech, to compare with."""
    first_sound_s: tuple[float, ...]
    """Until the first clause of each reply is there."""
    real_time: float
    """Time of the synthesis ÷ length of the speech."""

    def row(self) -> tuple[str, ...]:
        levels = np.array(self.levels_dbov)
        first, late = np.percentile(self.first_sound_s, [50, 95])
        return (
            self.voice,
            f"{levels.mean():.1f}（{levels.min():.1f} 到 {levels.max():.1f}）",
            f"{self.peak:.2f}",
            f"{_db(self.join_step):.0f} / {_db(self.speech_step):.0f}",
            f"{first:.3f} / {late:.3f}",
            f"{self.real_time:.3f}",
        )


HEADINGS = (
    "音色", "响度 dBov（P.56）", "峰值", "接缝 / 语音里的跳变 dB", "第一声 p50 / p95 秒", "合成 ÷ 语音长度",
)  # fmt: skip


async def measured(name: str, engine: Engine, replies: Sequence[str] = REPLIES) -> VoiceFigures:
    """Nothing comes from the store. Raises `SpeechFailed`."""
    await engine.warm_up()
    levels: list[float] = []
    firsts: list[float] = []
    peak = join = inside = speech_s = took_s = 0.0
    for reply in replies:
        pieces: list[bytes] = []
        began = time.perf_counter()
        for clause in clauses(spoken(reply)):
            pieces.append(await engine.speak(clause))
            if len(pieces) == 1:
                firsts.append(time.perf_counter() - began)
        took_s += time.perf_counter() - began
        whole = to_samples(b"".join(pieces))
        speech_s += seconds(b"".join(pieces))
        levels.append(active_level_dbov(whole))
        peak, join = max(peak, float(np.abs(whole).max())), max(join, join_step(pieces))
        inside = max(inside, _largest_step(whole))
    return VoiceFigures(name, tuple(levels), peak, join, inside, tuple(firsts), took_s / speech_s)


def join_step(pieces: Sequence[bytes]) -> float:
    """Largest jump between neighbouring samples within a millisecond of where pieces begin and end."""
    near = round(JOIN_S * RATE)
    ends = np.cumsum([len(piece) // 2 for piece in pieces])
    whole = np.concatenate([np.zeros(near, np.float32), to_samples(b"".join(pieces)), np.zeros(near, np.float32)])
    return max(_largest_step(whole[at : at + 2 * near]) for at in (0, *ends))


def _largest_step(samples: Samples) -> float:
    return float(np.abs(np.diff(samples)).max())


def _db(step: float) -> float:
    return 20 * float(np.log10(max(step, 1 / 65536)))
