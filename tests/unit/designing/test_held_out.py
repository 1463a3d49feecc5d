"""Held-out sentences become what `rasa test nlu` reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ivr.designing.held_out import rasa_form, weighted_f1
from ivr.errors import SettingsError
from ivr.settings import PROJECT


def test_sentences_are_gathered_by_intent(tmp_path: Path) -> None:
    tsv = tmp_path / "intents.tsv"
    tsv.write_text("# 说明\nshop\t坏了\tfault\n\nshop\t你好\tgreet\nother\t不转\tfault\n", "utf-8")
    listed = yaml.safe_load(rasa_form(tsv))["nlu"]
    assert listed == [
        {"intent": "fault", "examples": "- 坏了\n- 不转\n"},
        {"intent": "greet", "examples": "- 你好\n"},
    ]
    tsv.write_text("shop\t坏了\n", "utf-8")
    with pytest.raises(SettingsError, match=r"intents\.tsv:1"):
        rasa_form(tsv)


def test_the_real_ones_are_readable() -> None:
    assert yaml.safe_load(rasa_form(PROJECT / "tests" / "nlu" / "intents.tsv"))["nlu"]


def test_the_report_says_how_many_were_right(tmp_path: Path) -> None:
    report = tmp_path / "intent_report.json"
    report.write_text(json.dumps({"weighted avg": {"f1-score": 0.93, "support": 120}}), "utf-8")
    assert weighted_f1(report) == (0.93, 120)
    with pytest.raises(SettingsError, match="读不了"):
        weighted_f1(tmp_path / "none.json")
