"""Spoken Chinese text → the phone ids of the embedded voice.

The symbols are those of the Baker corpus: initial, final with its tone, prosody mark.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pypinyin import Style
from pypinyin.contrib.neutral_tone import NeutralToneWith5Mixin
from pypinyin.contrib.tone_sandhi import ToneSandhiMixin
from pypinyin.converter import DefaultConverter
from pypinyin.core import Pinyin

from ivr.errors import NotPrepared

LETTERS = {
    "A": "诶", "B": "必", "C": "西", "D": "弟", "E": "易", "F": "艾弗", "G": "寄", "H": "艾尺", "I": "爱",
    "J": "杰", "K": "开", "L": "艾勒", "M": "艾姆", "N": "恩", "O": "欧", "P": "屁", "Q": "秋", "R": "阿儿",
    "S": "艾斯", "T": "替", "U": "优", "V": "威", "W": "达不溜", "X": "艾克斯", "Y": "外", "Z": "贼",
}  # fmt: skip
"""The corpus has no letters: each is said by the syllables nearest to its name."""

PRONUNCIATIONS = {
    "为您": "wei4 nin2", "重新": "chong2 xin1", "行吗": "xing2 ma5", "得了": "de2 le5", "还是": "hai2 shi4",
    "还有": "hai2 you3", "还没": "hai2 mei2", "调到": "tiao2 dao4", "空调": "kong1 tiao2", "长期": "chang2 qi1",
    "多长": "duo1 chang2", "一个": "yi2 ge4", "银行": "yin2 hang2", "型号": "xing2 hao4", "什么": "shen2 me5",
    "了解": "liao2 jie3", "一会儿": "yi2 huir4", "一共": "yi2 gong4", "说得": "shuo1 de5", "记得": "ji4 de5",
    "嗯": "en4", "玩儿": "wanr2", "哪儿": "nar3", "这儿": "zher4", "点儿": "dianr3", "一下": "yi2 xia4",
    "请您": "qing3 nin2", "朝阳": "chao2 yang2", "差点": "cha4 dian3",
}  # fmt: skip
"""What the dictionary of pypinyin gets wrong, or what the service sentences lean on."""

BREAKS = {"、": "#3", "，": "#3", "：": "#3"}
"""Marks inside a piece: a prosody mark the voice was trained with, not a gap of silence."""


class _Converter(NeutralToneWith5Mixin, ToneSandhiMixin, DefaultConverter):
    """The corpus is labelled with tones as spoken: 你好 is ni2 hao3, 不对 is bu2 dui4."""


@dataclass(frozen=True, slots=True)
class Phones:
    """Symbol table of the voice, made by `load`."""

    ids: Mapping[str, int]
    syllables: Mapping[str, tuple[str, str]]
    """Toneless pinyin → initial and final."""

    @classmethod
    def load(cls, file: Path) -> Phones:
        """From the voice's mapper file. Raises `NotPrepared`."""
        try:
            raw = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise NotPrepared(f"缺少语音合成的音素表 {file}：请先运行 make prepare。") from error
        return cls(raw["symbol_to_id"], {name: (pair[0], pair[1]) for name, pair in raw["pinyin_dict"].items()})

    def of(self, text: str) -> list[int]:
        """Phone ids of one clause, framed by silence and the end mark. What cannot be said is left out."""
        symbols = ["sil"]
        for syllable in pinyin(text):
            if syllable in BREAKS.values():
                symbols[-1] = syllable if symbols[-1] == "#0" else symbols[-1]
                continue
            name, tone = (syllable[:-1], syllable[-1]) if syllable[-1:].isdigit() else (syllable, "5")
            curled = name.endswith("r") and name != "er" and name not in self.syllables
            pair = self.syllables.get(name[:-1] if curled else name)
            if not pair or pair[1] + tone not in self.ids:
                continue
            symbols += [pair[0], pair[1] + tone, *(["er5"] if curled else []), "#0"]
        while symbols[-1].startswith("#"):
            symbols.pop()
        return [self.ids[symbol] for symbol in (*symbols, "sil", "eos")]


def pinyin(text: str) -> list[str]:
    """Syllables with tone (nin2), and prosody marks, of spoken text."""
    for letter, name in LETTERS.items():
        text = text.replace(letter, name).replace(letter.lower(), name)
    out: list[str] = []
    for chunk, said in _chunks(text):
        if said:
            out += said.split()
            continue
        run = ""
        for char in chunk + "\0":
            if "\u4e00" <= char <= "\u9fff":
                run += char
                continue
            if run:
                out += [s[0] for s in _PINYIN.pinyin(run, style=Style.TONE3, errors="ignore")]
                run = ""
            if char in BREAKS:
                out.append(BREAKS[char])
    return out


def _chunks(text: str) -> list[tuple[str, str | None]]:
    chunks: list[tuple[str, str | None]] = []
    while text:
        starts = [(text.find(word), word) for word in PRONUNCIATIONS if word in text]
        if not starts:
            return [*chunks, (text, None)]
        at, word = min(starts)
        if at:
            chunks.append((text[:at], None))
        chunks.append((word, PRONUNCIATIONS[word]))
        text = text[at + len(word) :]
    return chunks


_PINYIN = Pinyin(_Converter())
