"""What a hotline's pack adds: terms of one category, tails of numbers, its words before those of all hotlines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.conversation.evidence import Cue, load_evidence
from ivr.packs import Pack
from ivr.settings import PROJECT


def test_a_category_may_have_its_own_terms() -> None:
    pack = Pack(
        hotline="auto", name="车", dialled=(), lexicon={"product": {"远山L6": ()}, "product@parts_delay": {"大灯": ()}}
    )
    assert list(pack.terms("product", "parts_delay")) == ["大灯"]
    assert list(pack.terms("product", "vehicle_fault")) == list(pack.terms("product")) == ["远山L6"]


@pytest.mark.parametrize(
    ("number", "kept"),
    [("8888", "8888"), ("6222021234568888", "8888"), ("88", None), ("13800", None), ("595903", "5903")],
)
def test_a_whole_card_number_counts_by_its_tail(number: str, kept: str | None) -> None:
    assert Cue(re.compile("尾号"), least=4, most=4, tail=4).fitting(number) == kept


def test_the_hotlines_own_words_come_first(tmp_path: Path) -> None:
    own = tmp_path / "packs" / "auto"
    own.mkdir(parents=True)
    (tmp_path / "evidence.yml").write_text((PROJECT / "data/evidence.yml").read_text("utf-8"), "utf-8")
    (own / "evidence.yml").write_text("hazard: {driving: 刹不住}\n", "utf-8")
    evidence = load_evidence(tmp_path, "auto")
    assert evidence.hazard_in("刹不住，还冒烟") == "driving"
    assert evidence.hazard_in("冒烟") == "fire"
