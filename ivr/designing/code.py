"""The names that the dialogue's Python knows: its text constants, read without importing it.

An action, slot, response or placeholder whose name stands nowhere in the Python of `dialogue/` is one that nothing is
done with. Names that are put together (`f"utter_suggest_{topic}"`) are known by their first part.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHORTEST_START = 8
"""Characters: a shorter first part of a name fits anything."""


@dataclass(frozen=True, slots=True)
class Code:
    names: frozenset[str]
    starts: tuple[str, ...] = ()

    def knows(self, name: str) -> bool:
        return name in self.names or any(name.startswith(start) for start in self.starts)


def read_code(folder: Path) -> Code:
    names: set[str] = set()
    starts: set[str] = set()
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"), str(file))
        names.update(_constants(tree))
        starts.update(_first_parts(tree))
    return Code(frozenset(names), tuple(sorted(starts)))


def _constants(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


def _first_parts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
            start = str(node.values[0].value)
            if len(start) >= SHORTEST_START and start.isidentifier() and not start.endswith("ask_"):
                yield start
