"""A Korean echo: says back what it heard. The dialogue that Vosk is tried with, no model of Chinese being at hand."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from ivr.call.ports import CallerTurn, CallInfo, Ending, Hint, Reply, Said

WORDS = Path(__file__).parent
"""Holds the `turn_taking.yml` of Korean."""
GREETING = "안녕하세요. 말씀하세요."
PARDON = "다시 말씀해 주세요."
SENTENCES = (
    "안녕하세요",
    "감사합니다",
    "배송이 너무 늦어요",
    "네",
    "아니요",
)
"""What callers say; the recogniser is held to it when `phrase` is asked for."""


def expected(hint: Hint) -> tuple[str, ...]:
    return SENTENCES if "phrase" in hint.asks else ()


@dataclass
class Echo:
    """Implements `Conversation`. Where nothing was understood it asks again."""

    asks: tuple[str, ...] = ("phrase",)
    turns: list[CallerTurn] = field(default_factory=list)

    async def begin(self, call: CallInfo) -> Reply:
        return Reply(GREETING, asks=self.asks)

    async def reply(self, call: CallInfo, turn: CallerTurn) -> Reply:
        self.turns.append(turn)
        words = turn.heard.text if isinstance(turn, Said) else ""
        return Reply(f"{words}." if words else PARDON, asks=self.asks)

    async def end(self, call: CallInfo, how: Ending, reason: str | None = None) -> str | None:
        return None


def alike(said: str, heard: str) -> float:
    """Share of the letters (jamo) of both that agree in order, 0…1: syllables are too coarse for a robot's voice."""
    one, other = (unicodedata.normalize("NFD", text.replace(" ", "")) for text in (said, heard))
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
