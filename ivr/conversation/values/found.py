"""One value found in what a caller said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    value: str
    """Normalised as the taxonomy says of its kind."""
    start: int
    """Offset of the first character of the words that carry the value."""
    end: int
    """Offset after the last one."""
    said: str
    """Those words."""
    confidence: float
    """0…1: how surely these words mean this value; low for what is only roughly said."""


def found(value: str, text: str, start: int, end: int, confidence: float) -> Found:
    return Found(value, start, end, text[start:end], round(confidence, 2))
