"""Which of a response's variations is said."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from dialogue.actions import words


def asked(times: int, *texts: str) -> list[str]:
    domain: dict[str, Any] = {"responses": {"utter_ask_since": [{"text": text} for text in texts]}}
    used: list[str] = []
    for _ in range(times):
        chosen = words.choose(domain, "utter_ask_since", slots={}, values={}, used=used)
        assert chosen
        used.append(chosen.text)
    return used


def test_variations_come_in_order() -> None:
    assert asked(2, "什么时候开始的？", "从哪天起的？") == ["什么时候开始的？", "从哪天起的？"]


def test_said_again_each_time_with_other_words_and_one_apology() -> None:
    used = asked(8, "什么时候开始的？", "从哪天起的？")
    assert len(set(used)) == 8
    assert max(map(len, used)) <= len("什么时候开始的？") + max(map(len, words.AGAIN))


def test_it_goes_on_and_does_not_grow() -> None:
    used = asked(40, "什么时候开始的？")
    assert max(map(len, used)) <= len("什么时候开始的？") + max(map(len, words.AGAIN))
    assert all(one != other for one, other in pairwise(used))
