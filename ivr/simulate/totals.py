"""What all scenarios together say: shares with their counts, questions, answer gaps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ivr.simulate.checks import Check
from ivr.simulate.expectation import NULL, Null
from ivr.simulate.report import CallResult
from ivr.tickets.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Share:
    name: str
    """Stable, for programs."""
    zh: str
    right: int
    of: int

    @property
    def percent(self) -> float | None:
        return 100 * self.right / self.of if self.of else None

    def shown(self) -> str:
        return f"{self.percent:.1f} %（{self.right}/{self.of}）" if self.percent is not None else "–（0/0）"


@dataclass(frozen=True, slots=True)
class Totals:
    shares: tuple[Share, ...]
    mean_questions: float
    handoffs: int
    calls: int
    gaps_ms: tuple[int, ...] = ()

    def to_json(self) -> dict[str, object]:
        document: dict[str, object] = {
            share.name: {"right": share.right, "of": share.of, "percent": share.percent} for share in self.shares
        }
        document |= {"mean_questions": self.mean_questions, "handoffs": self.handoffs, "calls": self.calls}
        if self.gaps_ms:
            document["gap_ms"] = {
                "p50": percentile(self.gaps_ms, 50),
                "p95": percentile(self.gaps_ms, 95),
                "turns": len(self.gaps_ms),
            }
        return document

    def rows(self) -> list[tuple[str, str]]:
        rows = [(share.zh, share.shown()) for share in self.shares]
        rows += [("平均提问数", f"{self.mean_questions:.2f}"), ("转人工", f"{self.handoffs}/{self.calls}")]
        if self.gaps_ms:
            p50, p95 = percentile(self.gaps_ms, 50), percentile(self.gaps_ms, 95)
            rows.append(("应答间隔", f"p50 {p50} ms，p95 {p95} ms（{len(self.gaps_ms)} 轮）"))
        return rows


def percentile(values: Sequence[int], percent: float) -> int:
    """The nearest-rank percentile: a value that was measured. `values` is not empty."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(percent / 100 * len(ranked)) - 1)]


def totals_of(results: Sequence[CallResult], taxonomy: Taxonomy) -> Totals:
    checks = [check for result in results for check in result.checks]
    calls = len(results)
    return Totals(
        shares=(
            _share("passed", "场景通过", results, lambda result: result.passed),
            _of_checks("fields_right", "字段正确", checks, "fields."),
            _required(results, taxonomy),
            _share(
                "complete",
                "应完整的工单完整",
                [r for r in results if r.scenario.expect.status == "complete"],
                lambda r: _held(r, "status") == "complete",
            ),
            _of_checks("category_right", "类别正确", checks, "category"),
            *_links(results),
            *_p1(results),
            _share(
                "human_honoured",
                "要人工的得到人工",
                [r for r in results if r.scenario.expect.handoff == "caller_request"],
                lambda r: bool(_held(r, "handoff")),
            ),
            _share("no_human", "不需人工的没有用人工", [r for r in results if _needs_no_human(r)], _used_no_human),
        ),
        mean_questions=sum(result.questions for result in results) / calls if calls else 0.0,
        handoffs=sum(1 for result in results if _held(result, "handoff")),
        calls=calls,
        gaps_ms=tuple(gap for result in results for gap in result.gaps_ms),
    )


def _held(result: CallResult, key: str) -> object:
    return (result.ticket or {}).get(key)


def _share(name: str, zh: str, results: Iterable[CallResult], right: Callable[[CallResult], bool]) -> Share:
    judged = [right(result) for result in results]
    return Share(name, zh, sum(judged), len(judged))


def _of_checks(name: str, zh: str, checks: Iterable[Check], what: str) -> Share:
    fitting = [check for check in checks if check.what.rpartition("].")[2].startswith(what)]
    return Share(name, zh, sum(check.passed for check in fitting), len(fitting))


def _required(results: Iterable[CallResult], taxonomy: Taxonomy) -> Share:
    """Required fields present, of all that calls expected to end complete require."""
    right = of = 0
    for result in results:
        expect = result.scenario.expect
        category = taxonomy.category(result.scenario.hotline, expect.category)
        if expect.status != "complete" or category is None:
            continue
        held = (result.ticket or {}).get("fields") or {}
        of += len(category.required)
        right += sum(name in held for name in category.required)
    return Share("required_complete", "必填字段齐全", right, of)


def _links(results: Iterable[CallResult]) -> tuple[Share, Share]:
    """Precision: of the links made, the right ones. Recall: of the links expected, the right ones made."""
    judged = [
        (result.scenario.expect.prior_ticket_no, _held(result, "prior_ticket_no"))
        for result in results
        if result.scenario.expect.prior_ticket_no is not None
    ]
    made = [(wanted, got) for wanted, got in judged if got is not None]
    expected = [(wanted, got) for wanted, got in judged if not isinstance(wanted, Null)]
    return (
        Share("link_precision", "关联准确率", sum(wanted == got for wanted, got in made), len(made)),
        Share("link_recall", "关联召回率", sum(wanted == got for wanted, got in expected), len(expected)),
    )


def _p1(results: Iterable[CallResult]) -> tuple[Share, Share]:
    """Scenarios that leave it open (P1 or another) count for neither."""
    judged = [
        (result.scenario.expect.urgency == ("P1",), _held(result, "urgency") == "P1")
        for result in results
        if result.scenario.expect.urgency
        and (set(result.scenario.expect.urgency) == {"P1"} or "P1" not in result.scenario.expect.urgency)
    ]
    both = sum(wanted and got for wanted, got in judged)
    return (
        Share("p1_recall", "P1 召回率", both, sum(wanted for wanted, _ in judged)),
        Share("p1_precision", "P1 准确率", both, sum(got for _, got in judged)),
    )


def _needs_no_human(result: CallResult) -> bool:
    expect = result.scenario.expect
    return expect.handoff == NULL and not expect.review


def _used_no_human(result: CallResult) -> bool:
    review = _held(result, "review")
    return not _held(result, "handoff") and not (isinstance(review, dict) and review.get("required"))
