"""The dialogue as it is: nothing in it may be wrong."""

from __future__ import annotations

from ivr.designing.check import check
from ivr.designing.finding import Grade
from ivr.settings import PROJECT


def test_the_dialogue_has_no_errors() -> None:
    found = check(PROJECT, code=PROJECT / "dialogue", scenarios=PROJECT / "tests" / "scenarios")
    wrong = [one.shown(PROJECT) for one in found if one.grade is Grade.ERROR]
    assert wrong == []
