"""What people say and what it means: the tables in `cases/`, one line a case."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from ivr.conversation.values.find import find
from ivr.conversation.values.yesno import yes_no

TODAY = dt.date(2026, 11, 22)  # a Sunday
CASES = Path(__file__).parent / "cases"


def cases(kind: str) -> list[tuple[str, str]]:
    lines = (CASES / f"{kind}.tsv").read_text("utf-8").splitlines()
    pairs = [line.partition("\t") for line in lines if line and not line.startswith("#")]
    return [(said, meant) for said, _, meant in pairs]


def values() -> list[tuple[str, str, str]]:
    kinds = ("digits", "money", "date", "time", "month", "text")
    return [(kind, said, meant) for kind in kinds for said, meant in cases(kind)]


@pytest.mark.parametrize(("kind", "said", "meant"), values())
def test_value(kind: str, said: str, meant: str) -> None:
    value = find(kind, said, today=TODAY)
    assert (value.value if value else "" if kind == "text" else "-") == meant
    if value:  # the words that carry it are told
        assert said[value.start : value.end] == value.said != ""
        assert 0 < value.confidence <= 1


@pytest.mark.parametrize(("said", "meant"), cases("yesno"))
def test_yes_or_no(said: str, meant: str) -> None:
    assert {True: "yes", False: "no", None: "-"}[yes_no(said)] == meant
