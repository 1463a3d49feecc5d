"""A text cut into what is synthesised, cached and played as one piece."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 24
"""Characters of one piece; longer clauses sound rushed and delay the first sound."""
SHORTEST = 4
"""Characters below which a clause is joined to its neighbour: a piece of two syllables has no melody."""

_PAUSES_S = {"，": 0.16, "、": 0.10, "：": 0.22, "；": 0.28, "。": 0.34, "！": 0.34, "？": 0.34, "…": 0.4}
_MARKS = "".join(_PAUSES_S)
_ASCII_MARKS = str.maketrans({",": "，", ";": "；", ":": "：", "!": "！", "?": "？", "\n": "。"})


@dataclass(frozen=True, slots=True)
class Clause:
    text: str
    """With its closing mark."""
    pause_s: float
    """Silence after it."""


def clauses(text: str) -> list[Clause]:
    """The pieces of `text`, in order. Marks inside a piece (、) remain for the engine's own pauses."""
    pieces: list[str] = []
    for part in parts(text):
        joins = pieces and pieces[-1][-1] in "，、" and _length(pieces[-1]) + _length(part) <= LONGEST
        if joins and (pieces[-1][-1] == "、" or _length(pieces[-1]) < SHORTEST or _length(part) < SHORTEST):
            pieces[-1] += part
        else:
            pieces.append(part)
    return [Clause(piece, pause_after(piece)) for piece in pieces]


def parts(text: str) -> list[str]:
    """`text` cut after every mark; what is nothing but marks is left out."""
    text = re.sub(r"(?<!\d):|:(?!\d)", "：", text.strip())
    text = "".join(c.translate(_ASCII_MARKS) if c != ":" else c for c in text)
    text = re.sub(r"(?<!\d)\.(?!\d)", "。", text)
    return [part for part in re.findall(rf"[^{_MARKS}]*[{_MARKS}]+|[^{_MARKS}]+", text) if _length(part)]


def _length(text: str) -> int:
    return len(re.sub(rf"[{_MARKS}“”\"'（）《》\s]", "", text))


def pause_after(piece: str) -> float:
    """Seconds of silence after a piece, by its closing mark."""
    return max((_PAUSES_S[c] for c in piece[-2:] if c in _PAUSES_S), default=0.2)
