"""What callers' sentences look like on the whole: how rare a character is, where their vectors lie."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Profile:
    """What callers' sentences look like on the whole."""

    sentences: int = 0
    """So many were counted."""
    holding: Mapping[str, int] = field(default_factory=dict)
    """Character → sentences that hold it."""
    centre: tuple[float, ...] = ()
    """The mean of their vectors; empty = zero."""

    def weight(self, char: str) -> float:
        """√(1 + ln((1 + N) / (1 + n)))"""
        return math.sqrt(1.0 + math.log((1 + self.sentences) / (1 + self.holding.get(char, 0))))


def load_profile(file: Path) -> Profile:
    """Raises `SettingsError` naming the file."""
    try:
        raw = json.loads(file.read_text("utf-8"))
        return Profile(int(raw["sentences"]), dict(raw["holding"]), tuple(map(float, raw["centre"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{file} 读不了（{error}）：请恢复它，或用 likeness_bench.py --profile 重新生成。"
        ) from error
