"""Both sides of a review threshold: how many tickets go to a person, and how many wrong ones slip through.

Played calls are judged again at every threshold; what else sends a ticket to review (a VIP, P1, another threshold)
stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygal
from rich.console import Console
from rich.table import Table

from ivr.errors import SettingsError
from ivr.simulate.checks import Ticket
from ivr.simulate.report import CallResult

STEPS = tuple(round(step * 0.05, 2) for step in range(2, 21))
"""Thresholds that are tried."""
WRONG = ("status", "category", "prior_ticket_no", "fields.")
"""Checks that make a ticket wrong; how it was judged and asked for does not."""


@dataclass(frozen=True, slots=True)
class Threshold:
    reason: str
    """The contract's `review_reasons`."""
    zh: str
    over: Callable[[Ticket, float], bool]
    """Is the ticket sent to review at this threshold?"""


THRESHOLDS = (
    Threshold("emotion", "情绪", lambda ticket, least: float(ticket["emotion"]["score"]) >= least),
    Threshold("complexity", "复杂度", lambda ticket, least: float(ticket["complexity"]) >= least),
    Threshold("low_confidence", "把握", lambda ticket, least: 0 < float(ticket["confidence"]) < least),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold tried."""

    threshold: float
    reviewed: int
    """Tickets that go to review."""
    slipped: int
    """Wrong tickets that do not."""


@dataclass(frozen=True, slots=True)
class Curve:
    zh: str
    points: tuple[Point, ...]
    tickets: int
    wrong: int


def curves(results: Sequence[CallResult]) -> tuple[Curve, ...]:
    """One curve a threshold; none when no call left a ticket."""
    judged = [(result.ticket, _wrong(result)) for result in results if result.ticket]
    return tuple(_curve(each, judged) for each in THRESHOLDS) if judged else ()


def _curve(threshold: Threshold, judged: Sequence[tuple[Ticket, bool]]) -> Curve:
    return Curve(
        threshold.zh,
        tuple(_point(threshold, least, judged) for least in STEPS),
        len(judged),
        sum(wrong for _, wrong in judged),
    )


def _point(threshold: Threshold, least: float, judged: Sequence[tuple[Ticket, bool]]) -> Point:
    sent = [_other_reasons(ticket, threshold.reason) or threshold.over(ticket, least) for ticket, _ in judged]
    slipped = sum(wrong and not reviewed for (_, wrong), reviewed in zip(judged, sent, strict=True))
    return Point(least, sum(sent), slipped)


def _other_reasons(ticket: Ticket, reason: str) -> bool:
    review: dict[str, Any] = ticket.get("review") or {}
    return any(each != reason for each in review.get("reasons", ()))


def _wrong(result: CallResult) -> bool:
    """The ticket of the complaint spoken first is not what it should be."""
    return any(check.what.startswith(WRONG) and not check.passed for check in result.checks)


def show(console: Console, drawn: Sequence[Curve]) -> None:
    for curve in drawn:
        title = f"{curve.zh}的复核阈值（{curve.tickets} 张工单，其中 {curve.wrong} 张有错）"
        table = Table(title=title, title_justify="left")
        for heading in ("阈值", "进复核", "", "漏过的错单", ""):
            table.add_column(heading)
        for point in curve.points[::2]:
            sent, slipped = point.reviewed / curve.tickets, point.slipped / max(1, curve.wrong)
            table.add_row(
                f"{point.threshold:.2f}", _count(point.reviewed, curve.tickets), _bar(sent),
                _count(point.slipped, curve.wrong), _bar(slipped),
            )  # fmt: skip
        console.print(table)


def _count(number: int, of: int) -> str:
    return f"{100 * number / of:.0f} %（{number}/{of}）" if of else "–（0/0）"


def _bar(share: float) -> str:
    return "█" * round(share * 20)


def draw(drawn: Sequence[Curve], file: Path) -> None:
    """An SVG: share of tickets in review across, share of all tickets that are wrong and slip through upwards.
    Raises `SettingsError` when it cannot be written."""
    chart = pygal.XY(
        title="复核阈值的两面",
        x_title="进复核的工单（%）",
        y_title="漏过的错单（占全部工单 %）",
        show_legend=True,
        truncate_legend=-1,
        width=900,
        height=600,
        js=(),
    )
    for curve in drawn:
        chart.add(
            curve.zh,
            [
                {
                    "value": (100 * point.reviewed / curve.tickets, 100 * point.slipped / curve.tickets),
                    "label": f"阈值 {point.threshold:.2f}",
                }
                for point in curve.points
            ],
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(chart.render())
    except OSError as error:
        raise SettingsError(f"图写不进 {file}：{error.strerror}。请换一个位置。") from error
