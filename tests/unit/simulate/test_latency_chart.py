"""The figures as a table and as an image."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from ivr.errors import SettingsError
from ivr.simulate.latency import Answer, Measured, Stops, figures_of
from ivr.simulate.latency_chart import draw, show

CALL = Measured(
    90,
    (Answer("open", 1200, filled=False, cut_off=False, phases_ms={"dialogue": 180}), Answer("short", 650, True, False)),
    Stops(bot_s=60.0, false_stops=1, hesitations=2),
)


def test_the_table_has_a_column_a_condition() -> None:
    console = Console(width=200, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    show(console, [figures_of("clean", 1, [CALL]), figures_of("echo20", 4, [CALL, CALL], 0.3)])
    text = console.export_text()
    console.file.close()
    for words in (
        "干净，1 通",
        "回声 −20 dB，4 通",
        "650 / 1200 / 1200（2）",
        "100.0（1 次 / 1.0 分）",
        "30 %",
        "50 %",
    ):
        assert words in text


def test_the_image_names_conditions_and_targets(tmp_path: Path) -> None:
    draw([figures_of("clean", 1, [CALL]), figures_of("loss", 1, [])], tmp_path / "a" / "gaps.svg")
    svg = (tmp_path / "a" / "gaps.svg").read_text("utf-8")
    assert "干净，1 通（2 轮）" in svg
    assert "p95 ≤ 1500" in svg


def test_without_a_chinese_font_only_text_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matplotlib.font_manager.get_font_names", lambda: ["DejaVu Sans"])
    with pytest.raises(SettingsError, match=r"没有中文字体.*\.svg"):
        draw([figures_of("clean", 1, [CALL])], tmp_path / "gaps.png")
    monkeypatch.setattr("matplotlib.font_manager.get_font_names", lambda: ["WenQuanYi Zen Hei"])
    draw([figures_of("clean", 1, [CALL])], tmp_path / "gaps.png")


def test_an_image_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.svg"):
        draw([figures_of("clean", 1, [CALL])], tmp_path / "gaps.xyz")
