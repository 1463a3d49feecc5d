"""The sentences that never change, the dialogue's responses and the line's own: synthesised once, ahead of calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ivr.packs import Pack, read_yaml
from ivr.speech.clauses import clauses
from ivr.speech.spoken import spoken


def fixed_clauses(dialogue: Path, prompts: Mapping[str, str], packs: Iterable[Pack]) -> list[str]:
    """Each clause once, in the order found. Of a sentence with a placeholder the clauses without one; `{name}` is the
    hotline's, so it is filled in for each."""
    names = [pack.name for pack in packs]
    found: dict[str, None] = {}
    for text in (*prompts.values(), *_responses(dialogue / "domain")):
        for filled in {text.replace("{name}", name) for name in names} if "{name}" in text else {text}:
            for clause in clauses(spoken(filled)):
                if "{" not in clause.text and "}" not in clause.text:
                    found[clause.text] = None
    return list(found)


def _responses(domain: Path) -> Iterator[str]:
    for file in sorted(domain.rglob("*.yml")):
        content: dict[str, Any] = read_yaml(file)
        for variants in (content.get("responses") or {}).values():
            for variant in variants or ():
                if isinstance(variant, dict) and variant.get("text"):
                    yield str(variant["text"])
