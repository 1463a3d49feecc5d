"""A sentence in its clauses, and the clauses that describe a trouble."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ivr.conversation.evidence import Evidence, Pattern
from ivr.conversation.values.text import plain

_MARK = re.compile(r"[，,。！!？?；;、…\n]+")
LONGEST = 80
"""A description is cut here, characters: a technician reads it on a screen."""


def clauses(text: str) -> list[str]:
    """Its parts between punctuation, without blanks. Recognised speech may have no marks: then it is one clause."""
    return [part.strip() for part in _MARK.split(text) if part.strip()]


def problem(
    text: str, evidence: Evidence, *, category: str | None, names: Iterable[str], asked: bool, insist: bool = False
) -> str | None:
    """What is wrong, in the caller's own words; None when nothing one could act on was said.

    `names`: what the pack's lexicon calls troubles. `asked`: the sentence answers the question for it, so other words
    than the known ones count too; only "坏了" does not, unless `insist` (asked before already).
    """
    patterns = evidence.problem_of(category)
    parts = clauses(text)
    marked = [not evidence.empty.fullmatch(plain(part)) and _describes(part, patterns, tuple(names)) for part in parts]
    if any(marked):
        first, last = marked.index(True), len(marked) - 1 - marked[::-1].index(True)
        return _joined(_gathered(parts[first : last + 1], marked[first : last + 1]))
    words = plain(text)
    if not asked or not words or evidence.empty.fullmatch(words):
        return None
    only_vague = not evidence.vague.sub("", words).strip("，。了啊呀嘛呗它这那个东西机器又就是都我家的你们")
    return None if only_vague and not insist else words[:LONGEST]


def _describes(part: str, patterns: Sequence[Pattern], names: Sequence[str]) -> bool:
    return any(name in part for name in names) or any(pattern.search(part) for pattern in patterns)


def _gathered(parts: Sequence[str], marked: Sequence[bool]) -> list[str]:
    """The describing clauses, and a short one between two of them (its subject or its cause)."""
    kept = []
    for at, part in enumerate(parts):
        between = 0 < at < len(parts) - 1 and marked[at - 1] and marked[at + 1] and len(part) <= 12
        if marked[at] or between:
            kept.append(part)
    return kept


_BESIDES = re.compile(
    r"^(?:还有(?:就是)?|另外|另一个是?|再一个是?|头一个是?|一个是|第[一二三]个?是?)(?=[\u4e00-\u9fa5]{3})"
)
_OWNER = re.compile(
    r"^(?:就是)?(?:我|俺|咱)们?家?里?(?:的)?(?:那个|那台|这个|这台)?(?!月|礼拜|星期|周)(?=[\u4e00-\u9fa5]{3})"
)


def _joined(parts: Iterable[str]) -> str:
    words = "，".join(filter(None, (_OWNER.sub("", _BESIDES.sub("", plain(part))) for part in parts)))
    return words[:LONGEST].rstrip("，")
