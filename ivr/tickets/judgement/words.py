"""Words and patterns of the judgements, read from `data/judgement`. Edited by dialogue designers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Judgement:
    pass


def load_judgement(folder: Path) -> Judgement:
    return Judgement()
