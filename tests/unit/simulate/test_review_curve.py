"""Both sides of a review threshold, from played calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ivr.errors import SettingsError
from ivr.simulate.checks import Check
from ivr.simulate.report import CallResult
from ivr.simulate.review_curve import Curve, Point, curves, draw, show
from tests.unit.simulate.scenarios import scenario


def result(tmp_path: Path, emotion: float, *, right: bool, reasons: tuple[str, ...] = ()) -> CallResult:
    ticket: dict[str, Any] = {
        "emotion": {"label": "annoyed", "score": emotion}, "complexity": 0.1, "confidence": 0.9,
        "fields": {}, "review": {"required": bool(reasons), "reasons": list(reasons)},
    }  # fmt: skip
    check = Check("fields.product", right, "空调", "空调" if right else "冰箱")
    return CallResult(scenario=scenario(tmp_path, expect={}), checks=(check,), tickets=(ticket,))


@pytest.fixture
def played(tmp_path: Path) -> list[CallResult]:
    return [
        result(tmp_path, 0.2, right=True),
        result(tmp_path, 0.5, right=False, reasons=("emotion",)),
        result(tmp_path, 0.9, right=True, reasons=("emotion",)),
        result(tmp_path, 0.0, right=False, reasons=("vip", "emotion")),
    ]


def of(curve: Curve, threshold: float) -> Point:
    return next(point for point in curve.points if point.threshold == threshold)


def test_a_higher_threshold_sends_fewer_and_lets_more_slip(played: list[CallResult]) -> None:
    emotion = curves(played)[0]
    assert (emotion.tickets, emotion.wrong) == (4, 2)
    assert of(emotion, 0.1) == Point(0.1, reviewed=4, slipped=0)
    assert of(emotion, 0.7) == Point(0.7, reviewed=2, slipped=1)  # the VIP's goes to review whatever the emotion
    assert of(emotion, 1.0) == Point(1.0, reviewed=1, slipped=1)


def test_it_is_shown_and_drawn(played: list[CallResult], tmp_path: Path) -> None:
    console = Console(record=True, width=120)
    show(console, curves(played))
    assert "情绪的复核阈值（4 张工单，其中 2 张有错）" in console.export_text()
    draw(curves(played), tmp_path / "curve.svg")
    assert "漏过的错单" in (tmp_path / "curve.svg").read_text("utf-8")
    with pytest.raises(SettingsError, match="图写不进"):
        draw(curves(played), tmp_path / "curve.svg" / "not-a-folder.svg")


def test_no_tickets_no_curve() -> None:
    assert curves([]) == ()
