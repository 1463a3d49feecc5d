"""`ivr dialogue flow`: the dialogue as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivr.designing.content import read_content
from ivr.designing.flow import document, graphs, mermaid
from ivr.designing.svg import svg
from ivr.errors import SettingsError
from ivr.settings import load


def command(
    *,
    hotline: Annotated[str, typer.Option(help="只画这一条热线")] = "",
    write: Annotated[bool, typer.Option("--write", help="写进 docs/dialogue.md")] = False,
    image: Annotated[Path | None, typer.Option("--svg", help="画成 SVG 图，写进这个文件")] = None,
) -> None:
    """把规则、故事和表单画成图：打印 Mermaid，或写进 docs/dialogue.md，或画成 SVG。"""
    settings = load()
    content = read_content(settings.root)
    if content.unreadable:
        raise SettingsError("有文件读不了，画不出来：请先运行 ivr dialogue check。")
    drawn = [graph for graph in graphs(content) if not hotline or f"（{hotline}）" in graph.title]
    if not drawn:
        raise SettingsError(f"没有叫 {hotline!r} 的热线，或它没有规则：请看 data/packs。")
    if image:
        image.write_text(svg(drawn), "utf-8")
        print(f"画好了：{image}")
    if write:
        file = settings.root / "docs" / "dialogue.md"
        file.write_text(document(content), "utf-8")
        print(f"写好了：{file}")
    if not image and not write:
        print("\n".join(f"%% {graph.title}\n{mermaid(graph)}" for graph in drawn), end="")
