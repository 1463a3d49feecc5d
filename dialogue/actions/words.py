"""Sentences from the domain's responses: the designers' words, chosen and filled.

Of a response's variations those whose condition holds come first, then those without; of these the first that was not
said yet in this call. When all were said they come again, after one short apology each time. A variation whose
{placeholders} have no value is passed over.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

AGAIN = ("不好意思，再跟您确认一下，", "对不起，我再问您一次，", "麻烦您了，")
"""Before a question that was asked before, one at a time."""


@dataclass(frozen=True, slots=True)
class Words:
    text: str
    marks: Mapping[str, Any]
    """The response's `custom`."""


def choose(
    domain: Mapping[str, Any],
    response: str,
    *,
    slots: Mapping[str, Any],
    values: Mapping[str, str],
    used: Collection[str] = (),
) -> Words | None:
    """None when the domain has no such response, or none that can be said now."""
    said = set(used)
    sayable = [
        Words(text, variation.get("custom") or {})
        for variation in _suitable(domain.get("responses", {}).get(response, ()), slots)
        if (text := _filled(str(variation.get("text", "")), values)) is not None
    ]
    if not sayable:
        return None
    ways = [Words(prefix + words.text, words.marks) for prefix in ("", *AGAIN) for words in sayable]
    fresh = next((words for words in ways if words.text not in said), None)
    # All was said in every way: round again, so that two turns running are never the same word for word.
    rounds = sum(text.endswith(words.text) for text in used for words in sayable)
    return fresh or ways[rounds % len(ways)]


def _suitable(variations: Iterable[Mapping[str, Any]], slots: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    conditioned, plain = [], []
    for variation in variations:
        conditions = variation.get("condition") or ()
        if not conditions:
            plain.append(variation)
        elif all(slots.get(each["name"]) == each["value"] for each in conditions):
            conditioned.append(variation)
    return conditioned + plain


def _filled(text: str, values: Mapping[str, str]) -> str | None:
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    if any(not values.get(name) for name in names):
        return None
    return text.format(**{name: values[name] for name in names})
