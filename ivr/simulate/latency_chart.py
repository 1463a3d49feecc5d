"""The figures of a latency bench as a table and as an image."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ivr.simulate.latency import KINDS_ZH, LatencyFigures, Spread
from ivr.simulate.line_faults import CONDITIONS_ZH
from ivr.simulate.review_curve import STYLE, written

TARGETS_MS = {"p50": 900, "p95": 1500}
"""Of the answer gap, all turns (issue 4)."""
PHASES_ZH = {"end_of_turn": "判断说完", "recognition": "识别", "dialogue": "对话", "first_sound": "第一声"}


def name_of(figures: LatencyFigures) -> str:
    return f"{CONDITIONS_ZH.get(figures.condition, figures.condition)}，{figures.calls_at_once} 通"


def show(console: Console, measured: Sequence[LatencyFigures]) -> None:
    table = Table(title="在 SIP 客户端量的（毫秒；应答间隔里先应的一声不算）", title_justify="left")
    table.add_column("")
    for one in measured:
        table.add_column(name_of(one))
    for name, cell in ROWS.items():
        table.add_row(name, *(cell(one) for one in measured))
    console.print(table)


def _spread(spread: Spread) -> str:
    return f"{spread.p50:.0f} / {spread.p95:.0f} / {spread.p99:.0f}（{spread.count}）" if spread.count else "–"


def _gaps(kind: str) -> Callable[[LatencyFigures], str]:
    return lambda one: _spread(one.gaps[kind])


def _phase(name: str) -> Callable[[LatencyFigures], str]:
    return lambda one: _spread(one.phases[name])


def _per_100_min(one: LatencyFigures) -> str:
    rate = one.false_stops_per_100_min
    return "–" if rate is None else f"{rate:.1f}（{one.false_stops} 次 / {one.bot_min:.1f} 分）"


ROWS: dict[str, Callable[[LatencyFigures], str]] = {
    "电话 / 来电人的话": lambda one: f"{one.calls} / {one.turns}",
    **{f"应答间隔，{zh} p50 / p95 / p99": _gaps(kind) for kind, zh in KINDS_ZH.items()},
    "问候": lambda one: _spread(one.greeting),
    **{f"其中{zh}（线路自己量的）": _phase(name) for name, zh in PHASES_ZH.items()},
    "先应一声的": lambda one: f"{100 * one.filled_share:.0f} %",
    "说到一半被截的": lambda one: f"{100 * one.cut_off_share:.1f} %",
    "误停，每 100 分钟机器人的声音": _per_100_min,
    "犹豫（停了一下，半秒内接着说）": lambda one: str(one.hesitations),
    "处理器，每通占一个核": lambda one: (
        "，".join(f"{name} {share:.0f} %" for name, share in one.cpu_percent.items()) or "–"
    ),
    "作废的识别": lambda one: "–" if one.wasted_share is None else f"{100 * one.wasted_share:.0f} %",
}


def draw(measured: Sequence[LatencyFigures], file: Path) -> None:
    """An image (.svg, .png): for each condition the share of turns answered within a time, targets as lines.
    Raises `SettingsError` when it cannot be written."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)  # measured only; the viewer has fonts
        figure = Figure(figsize=(9, 6), layout="constrained")
        axes = figure.add_subplot()
        for one in measured:
            if one.gaps_ms:
                share = [100 * (at + 1) / len(one.gaps_ms) for at in range(len(one.gaps_ms))]
                axes.step(one.gaps_ms, share, where="post", label=f"{name_of(one)}（{len(one.gaps_ms)} 轮）")
        for name, target in TARGETS_MS.items():
            axes.axvline(target, linestyle="--", color="grey", linewidth=1)
            axes.annotate(f"{name} ≤ {target}", (target, 2), textcoords="offset points", xytext=(4, 0), fontsize=8)
        axes.set(title="应答间隔", xlabel="毫秒：从来电人最后的声音到回答的第一个声音", ylabel="在这以内回答的轮（%）")
        axes.set_ylim(0, 101)
        slowest = max((gap for one in measured for gap in one.gaps_ms), default=0)
        axes.set_xlim(0, 1.1 * max(slowest, *TARGETS_MS.values()))
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower right")
        written(figure, file)
