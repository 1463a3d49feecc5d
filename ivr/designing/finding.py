"""What a check found: a sentence with its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class Grade(IntEnum):
    ERROR = 0
    """The dialogue would not train, or would do wrong in a call."""
    HINT = 1
    """It works, but somebody should look."""


@dataclass(frozen=True, slots=True)
class At:
    """A place in a file."""

    file: Path
    line: int = 0
    """From 1; 0 = the whole file."""

    def shown(self, root: Path) -> str:
        name = self.file.relative_to(root) if self.file.is_relative_to(root) else self.file
        return f"{name}:{self.line}" if self.line else str(name)


@dataclass(frozen=True, slots=True)
class Finding:
    grade: Grade
    at: At
    says: str
    """One sentence for a person: what is wrong and what to do."""

    def shown(self, root: Path) -> str:
        return f"{self.at.shown(root)}：{self.says}"


def error(at: At, says: str) -> Finding:
    return Finding(Grade.ERROR, at, says)


def hint(at: At, says: str) -> Finding:
    return Finding(Grade.HINT, at, says)
