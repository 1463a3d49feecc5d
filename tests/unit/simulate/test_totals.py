"""Shares with their counts; percentiles that were measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ivr.simulate.checks import check_call
from ivr.simulate.report import CallResult, Turn
from ivr.simulate.totals import percentile, totals_of
from tests.unit.simulate.scenarios import SAMENESS, TAXONOMY, scenario


def result(tmp_path: Path, expect: dict[str, Any], ticket: dict[str, Any], gaps: tuple[int, ...] = ()) -> CallResult:
    one = scenario(tmp_path, expect=expect)
    checks = check_call(one.expect, [ticket], SAMENESS, questions=2, asked=[])
    turns = tuple(Turn("caller", "喂", gap_ms=gap) for gap in gaps)
    return CallResult(scenario=one, checks=tuple(checks), tickets=(ticket,), questions=2, turns=turns)


def test_shares(tmp_path: Path) -> None:
    results = [
        result(
            tmp_path,
            {"status": "complete", "category": "product_fault", "fields": {"product": "空调", "since": "2026-11-19"},
             "prior_ticket_no": "GD1", "urgency": ["P1"], "handoff": "caller_request"},
            {"status": "complete", "category": "product_fault", "prior_ticket_no": "GD2", "urgency": "P1",
             "fields": {"product": {"value": "空调"}, "problem": {"value": "x"}}, "handoff": {"reason": "p1"}},
            gaps=(900, 700),
        ),
        result(
            tmp_path,
            {"prior_ticket_no": None, "urgency": ["P3"], "handoff": None},
            {"prior_ticket_no": None, "urgency": "P1", "review": {"required": True, "reasons": ["p1"]}},
            gaps=(800,),
        ),
    ]  # fmt: skip
    totals = totals_of(results, TAXONOMY)
    counts = {share.name: (share.right, share.of) for share in totals.shares}
    assert counts == {
        "passed": (0, 2),
        "fields_right": (1, 2),
        "required_complete": (2, 3),
        "complete": (1, 1),
        "category_right": (1, 1),
        "link_precision": (0, 1),
        "link_recall": (0, 1),
        "p1_recall": (1, 1),
        "p1_precision": (1, 2),
        "human_honoured": (1, 1),
        "no_human": (0, 1),
    }
    assert totals.mean_questions == 2
    assert totals.handoffs == 1
    assert totals.to_json()["gap_ms"] == {"p50": 800, "p95": 900, "turns": 3}
    assert ("关联准确率", "0.0 %（0/1）") in totals.rows()


def test_nothing_to_share_is_told_as_such() -> None:
    assert totals_of([], TAXONOMY).shares[0].shown() == "–（0/0）"


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([5], 95) == 5
    assert percentile(list(range(1, 101)), 95) == 95
    assert percentile([3, 1, 2], 50) == 2
