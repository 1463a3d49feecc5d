"""Traditional → simplified characters: Whisper writes either."""

from __future__ import annotations

from collections.abc import Callable

from opencc import OpenCC


def simplifier() -> Callable[[str], str]:
    """Traditional → simplified characters, phrase by phrase (著急 → 着急, 著名 stays)."""
    convert: Callable[[str], str] = OpenCC("tw2s").convert
    return convert
