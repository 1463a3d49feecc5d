"""What a person sees while scenarios run: a table that grows under a progress bar; plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ivr.simulate.report import CallResult
from ivr.simulate.suite import Done
from ivr.simulate.totals import Totals

MOST_SHOWN = 6
"""Failed checks shown of one scenario; all are in the report."""


@contextmanager
def progress(console: Console, total: int) -> Iterator[Done]:
    """Told each result. On a terminal a bar stays below the results."""
    if not console.is_terminal:
        counter = iter(range(1, total + 1))
        yield lambda result: console.print(f"[{next(counter)}/{total}] " + _plain(result), markup=False, soft_wrap=True)
        return
    columns = (
        TextColumn("[bold]场景"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        failed = 0

        def done(result: CallResult) -> None:
            nonlocal failed
            failed += not result.passed
            bar.console.print(_line(result))
            bar.update(task, advance=1, description=f"[red]失败 {failed}" if failed else "")

        yield done


def show_totals(console: Console, totals: Totals, results: Sequence[CallResult]) -> None:
    failed = [result.scenario.id for result in results if not result.passed]
    if not console.is_terminal:
        for name, value in totals.rows():
            console.print(f"{name}\t{value}", markup=False, soft_wrap=True)
    else:
        table = Table("指标", "数值", title="合计")
        for name, value in totals.rows():
            table.add_row(name, value)
        console.print(table)
    if failed:
        console.print(f"没有通过：{'、'.join(failed)}", style="red", markup=False, soft_wrap=True)


def _facts(result: CallResult) -> str:
    facts = f"{result.questions} 问，{result.took_s:.1f} 秒"
    gaps = sorted(result.gaps_ms)
    return facts + (f"，间隔中位数 {gaps[len(gaps) // 2]} ms" if gaps else "")


def _plain(result: CallResult) -> str:
    lines = [f"{'通过' if result.passed else '失败'} {result.scenario.id}（{_facts(result)}）"]
    return "\n".join(lines + _details(result))


def _line(result: CallResult) -> str:
    mark = "[green]✓[/]" if result.passed else "[red]✗[/]"
    details = "".join(f"\n[yellow]{_unmarked(detail)}[/]" for detail in _details(result))
    return f"{mark} {_unmarked(result.scenario.id)} [dim]{_facts(result)}[/]{details}"


def _details(result: CallResult) -> list[str]:
    failed = [check for check in result.checks if not check.passed]
    shown = [f"    {check.what}：期望 {check.expected}，得到 {check.got}" for check in failed[:MOST_SHOWN]]
    if len(failed) > MOST_SHOWN:
        shown.append(f"    ……还有 {len(failed) - MOST_SHOWN} 项")
    return shown + [f"    注意：{remark}" for remark in (*result.scenario.remarks, *result.remarks)]


def _unmarked(text: str) -> str:
    """Brackets of the text are not rich's markup."""
    return text.replace("[", "\\[")
