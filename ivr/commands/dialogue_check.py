"""`ivr dialogue check`: what is wrong in dialogue/ and data/, with file and line, in about a second."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr.designing.check import check
from ivr.designing.coverage import load_coverage
from ivr.designing.finding import Finding, Grade
from ivr.settings import Settings, load


def command(
    *,
    errors_only: Annotated[bool, typer.Option("--errors", help="只看错误，不看提示")] = False,
) -> None:
    """检查对话的全部 YAML：语法、表单、规则、故事、问句的标记、例句、词表、正则，逐条说明在哪个文件第几行。

    不启动 Rasa，约一秒。有错误时退出码为 1；提示不影响退出码。
    """
    began = time.monotonic()
    settings = load()
    found = findings(settings)
    console = Console(highlight=False)
    show(console, settings, found, errors_only=errors_only)
    if load_coverage(coverage_file(settings)) is None:
        say(console, "还不知道哪些规则和故事没有场景走到：运行一次 ivr dialogue test 就有了。", "dim")
    wrong = sum(one.grade is Grade.ERROR for one in found)
    told = f"错误 {wrong}，提示 {len(found) - wrong}（{time.monotonic() - began:.1f} 秒）"
    say(console, told, "red" if wrong else "green")
    raise typer.Exit(1 if wrong else 0)


def findings(settings: Settings) -> list[Finding]:
    root = settings.root
    return check(
        root,
        code=root / "dialogue",
        scenarios=root / "tests" / "scenarios",
        coverage=load_coverage(coverage_file(settings)),
    )


def coverage_file(settings: Settings) -> Path:
    """Written by `ivr dialogue test`."""
    return settings.var / "dialogue" / "coverage.json"


def show(console: Console, settings: Settings, found: Sequence[Finding], *, errors_only: bool = False) -> None:
    for one in found:
        if one.grade is Grade.ERROR:
            say(console, f"错误 {one.shown(settings.root)}", "red")
        elif not errors_only:
            say(console, f"提示 {one.shown(settings.root)}", "yellow")


def say(console: Console, sentence: str, style: str = "") -> None:
    """A whole line, as it is: a path in square brackets is no markup."""
    console.print(sentence, style=style or None, markup=False, soft_wrap=True)
