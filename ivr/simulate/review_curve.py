"""Both sides of a review threshold: how many tickets go to a person, and how many wrong ones slip through.

Played calls are judged again at every threshold; what else sends a ticket to review (a VIP, P1, another threshold)
stays as it was.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from ivr.errors import SettingsError
from ivr.simulate.checks import Ticket
from ivr.simulate.report import CallResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it tells every font it does not find

CHINESE = ("Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei")
"""Fonts, the preferred first."""
STYLE: Any = {
    "font.family": [*CHINESE, "sans-serif"],
    "svg.fonttype": "none",
}
"""Text stays text in the SVG: shown in whatever Chinese font the viewer has."""
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
    """An image (.svg, .png): share of tickets in review across, wrong ones that slip through upwards, a threshold
    beside every second point. Raises `SettingsError` when it cannot be written."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)  # measured only; the viewer has fonts
        figure = Figure(figsize=(9, 6), layout="constrained")
        axes = figure.add_subplot()
        for curve in drawn:
            across = [100 * point.reviewed / curve.tickets for point in curve.points]
            upwards = [100 * point.slipped / curve.tickets for point in curve.points]
            axes.plot(across, upwards, marker="o", label=curve.zh)
            for x, y, point in list(zip(across, upwards, curve.points, strict=True))[::2]:
                axes.annotate(f"{point.threshold:.1f}", (x, y), textcoords="offset points", xytext=(4, 4), fontsize=8)
        axes.set(title="复核阈值的两面", xlabel="进复核的工单（%）", ylabel="漏过的错单（占全部工单 %）")
        axes.grid(alpha=0.3)
        axes.legend()
        written(figure, file)


def written(figure: Figure, file: Path) -> None:
    """Save the image. Raises `SettingsError` when it cannot be."""
    from matplotlib.font_manager import get_font_names

    if file.suffix == ".png" and not set(CHINESE).intersection(get_font_names()):
        raise SettingsError(f"{file} 里的字会成方块：这台机器没有中文字体。请用 .svg 结尾，或安装 fonts-noto-cjk。")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file)
    except OSError as error:
        raise SettingsError(f"图写不进 {file}：{error.strerror}。请换一个位置。") from error
    except ValueError as error:  # a kind of file that it cannot write
        raise SettingsError(f"图写不成 {file}：请用 .svg 或 .png 结尾。") from error
