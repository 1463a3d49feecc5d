"""Sentences from the domain's responses: the designers' words, chosen and filled.

Of a response's variations those whose condition holds come first, then those without; of these the first that was not
said yet in this call. A variation whose {placeholders} have no value is passed over.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

APOLOGY = "不好意思，再跟您确认一下，"


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
    used: Iterable[str] = (),
) -> Words | None:
    """None when the domain has no such response, or none that can be said now."""
    said = set(used)
    sayable = [
        Words(text, variation.get("custom") or {})
        for variation in _suitable(domain.get("responses", {}).get(response, ()), slots)
        if (text := _filled(str(variation.get("text", "")), values)) is not None
    ]
    fresh = next((words for words in sayable if words.text not in said), None)
    if fresh or not sayable:
        return fresh
    again, times = sayable[-1], 1
    while (text := APOLOGY * times + again.text) in said:
        times += 1
    return Words(text, again.marks)


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
