"""What a new model broke and mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ivr.designing.changes import changes, read_report, told
from ivr.errors import SettingsError


def scenario(*, passed: bool, questions: int = 2) -> dict[str, Any]:
    check = {"what": "fields.since", "passed": passed, "expected": "2026-11-20", "got": None}
    return {"passed": passed, "questions": questions, "checks": [check]}


def test_broken_mended_longer_and_new_are_told_apart() -> None:
    before = {
        "a": scenario(passed=True),
        "b": scenario(passed=False),
        "c": scenario(passed=True, questions=2),
        "d": scenario(passed=True, questions=3),
        "gone": scenario(passed=True),
    }
    now = {
        "a": scenario(passed=False),
        "b": scenario(passed=True),
        "c": scenario(passed=True, questions=4),
        "d": scenario(passed=True, questions=1),
        "e": scenario(passed=True),
    }
    found = changes(before, now)
    assert list(found.broken) == ["a"]
    assert found.mended == ("b",)
    assert (found.longer, found.shorter) == ({"c": (2, 4)}, {"d": (3, 1)})
    assert found.new == ("e",)
    assert told(found, "第 2 版") == [
        "和第 2 版相比（4 个场景）：坏了 1，好了 1",
        "  坏了 a",
        "      fields.since：应为 2026-11-20，实为 None",
        "  好了 b",
        "  问得多了 c：2 → 4 问",
        "  问得少了 d：3 → 1 问",
        "  以前没测过 1 个",
    ]


def test_a_report_that_is_none_is_told(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps({"scenarios": [{"id": "a", **scenario(passed=True)}]}), "utf-8")
    assert read_report(file)["a"]["passed"]
    file.write_text("[]", "utf-8")
    with pytest.raises(SettingsError, match="读不了"):
        read_report(file)
