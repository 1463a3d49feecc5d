"""What a hotline's pack adds: terms of one category, tails of numbers, its words before those of all hotlines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.conversation.evidence import Cue, load_evidence
from ivr.errors import SettingsError
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


NAMELESS = "named: {product: ['买的(冰箱)']}\n"


@pytest.mark.parametrize("at_fault", ["evidence.yml", "packs/auto/evidence.yml"])
def test_a_pattern_without_a_name_is_refused_and_its_file_named(tmp_path: Path, at_fault: str) -> None:
    common, own = tmp_path / "evidence.yml", tmp_path / "packs" / "auto" / "evidence.yml"
    own.parent.mkdir(parents=True)
    common.write_text((PROJECT / "data/evidence.yml").read_text("utf-8"), "utf-8")
    own.write_text("hazard: {driving: 刹不住}\n", "utf-8")
    wrong = tmp_path / at_fault
    wrong.write_text(wrong.read_text("utf-8").replace("named: {}\n", "") + NAMELESS, "utf-8")
    with pytest.raises(SettingsError) as refused:
        load_evidence(tmp_path, "auto")
    assert "(?P<name>…)" in str(refused.value)
    assert [str(file) in str(refused.value) for file in (common, own)] == [wrong == common, wrong == own]
