"""`ivr tickets`: what is in the store, for people and (with --json) for programs."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from ivr.commands.tickets_complete import complete
from ivr.errors import SettingsError
from ivr.settings import Settings, load
from ivr.tickets.lifecycle import STAGE_ZH, STATUS_ZH
from ivr.tickets.store import Change, TicketStore
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy
from ivr.tickets.ticket import Ticket, to_json

Answer = TypeVar("Answer")

app = typer.Typer(
    no_args_is_help=True, help="查看工单：list 列出，search 查找，show 看一张，complete 坐席补全，export 导出。"
)
app.command()(complete)

HEADS = ("编号", "时间", "热线", "类别", "结果", "阶段", "级别", "情绪", "来电", "摘要")
EMOTION_ZH = {"calm": "平静", "annoyed": "不满", "anxious": "焦急", "angry": "愤怒"}
SOURCE_ZH = {"caller": "来电人", "crm": "客户资料", "prior_ticket": "上次工单", "keys": "按键"}
OUTCOME_ZH = {
    "answered": "已接听",
    "no_agent": "无人接听",
    "declined": "被拒接",
    "abandoned": "排队时挂断",
    "failed": "未转成",
    None: "还没有结果",
}

Hotline = Annotated[str | None, typer.Option(help="只看这条热线，如 appliance")]
Category = Annotated[str | None, typer.Option(help="只看这个类别，如 product_fault")]
Status = Annotated[str | None, typer.Option(help="通话结果：draft、complete、incomplete 或 abandoned")]
Stage = Annotated[str | None, typer.Option(help="处理阶段：new、in_review、accepted、corrected、closed 或 reopened")]
Since = Annotated[str | None, typer.Option(help="从这一天起（YYYY-MM-DD，含）")]
Until = Annotated[str | None, typer.Option(help="到这一天为止（YYYY-MM-DD，含）")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="最多多少张，新的在前")]
AsJson = Annotated[bool, typer.Option("--json", help="给程序读的 JSON，格式见 docs/contract/ticket.md")]


@app.command("list")
def list_(
    hotline: Hotline = None,
    category: Category = None,
    status: Status = None,
    stage: Stage = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """列出工单，新的在前。在终端里是表格，在管道里一行一张（制表符分隔），--json 是 JSON 数组。"""
    settings = load()
    found = _with_store(
        settings, lambda store: _find(store, settings, hotline, category, status, stage, since, until, limit)
    )
    _print_list(settings, found, as_json=as_json)


@app.command()
def search(
    text: Annotated[list[str], typer.Argument(help="要找的词，如：空调 不制冷。都有才算")],
    hotline: Hotline = None,
    category: Category = None,
    status: Status = None,
    stage: Stage = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """按说过的话、摘要、字段、编号、号码、姓名找工单，新的在前。字母和数字按开头或末四位找。"""
    settings = load()
    wanted = {"hotline": hotline, "category": category, "status": status, "stage": stage}
    begin, end = _days(since, until, settings)

    async def ask(store: TicketStore) -> tuple[Ticket, ...]:
        return await store.search(" ".join(text), **wanted, since=begin, until=end, limit=limit)

    _print_list(settings, _with_store(settings, ask), as_json=as_json)


def _print_list(settings: Settings, found: Sequence[Ticket], *, as_json: bool) -> None:
    if as_json:
        _print_json([to_json(ticket) for ticket in found])
        return
    taxonomy = load_taxonomy(settings.root / "data")
    lines = [_line(ticket, taxonomy) for ticket in found]
    if not sys.stdout.isatty():
        for line in lines:
            print("\t".join(line))
        return
    if not lines:
        print("还没有符合条件的工单。")
        return
    console = Console()
    # A narrow terminal shows what tells tickets apart, whole, rather than a little of everything.
    shown = range(len(HEADS)) if console.width >= 130 else (0, 3, 4, 6, 9)
    table = Table(box=None, header_style="bold")
    for column in shown:
        table.add_column(HEADS[column], no_wrap=HEADS[column] != "摘要")
    for line in lines:
        table.add_row(*(line[column] for column in shown), style=_style(line[6]))
    console.print(table)


@app.command()
def show(
    ticket_no: Annotated[str, typer.Argument(help="工单编号，如 GD20261122-000001")],
    as_json: AsJson = False,
    history: Annotated[bool, typer.Option("--history", help="连同每一次改动：谁、何时、为什么")] = False,
) -> None:
    """看一张工单：事实、判断、转接、回电、对话原文。没有这个编号时说明原因并以 1 退出。"""
    settings = load()

    async def read(store: TicketStore) -> tuple[Ticket, tuple[Change, ...]]:
        return await store.get(ticket_no), await store.history(ticket_no) if history else ()

    ticket, changes = _with_store(settings, read)
    if as_json:
        document = to_json(ticket)
        if history:
            document["history"] = [_change(change) for change in changes]
        _print_json(document)
        return
    taxonomy = load_taxonomy(settings.root / "data")
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    for line in [*_sheet(ticket, taxonomy), *_history(changes)]:
        console.print(line, markup=False, style="bold" if line.startswith("工单 ") else None)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="写到这个 CSV 文件（UTF-8，Excel 可直接打开）")],
    hotline: Hotline = None,
    category: Category = None,
    status: Status = None,
    stage: Stage = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100_000,
) -> None:
    """把工单导出为 CSV：一行一张，每个字段一列。"""
    settings = load()
    found = _with_store(
        settings, lambda store: _find(store, settings, hotline, category, status, stage, since, until, limit)
    )
    taxonomy = load_taxonomy(settings.root / "data")
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            rows = csv.writer(out)
            rows.writerow([*HEADS, *(field.zh for field in taxonomy.fields.values())])
            for ticket in found:
                values = [ticket.value(name) or "" for name in taxonomy.fields]
                rows.writerow([_harmless(cell) for cell in (*_line(ticket, taxonomy), *values)])
    except OSError as error:
        raise SettingsError(f"写不进文件 {file}：{error.strerror}。请换一个位置。") from error
    print(f"已导出 {len(found)} 张工单到 {file}。")


def _with_store(settings: Settings, ask: Callable[[TicketStore], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        store = TicketStore(settings.database_url, settings.zone)
        try:
            await store.open()
            return await ask(store)
        finally:
            await store.close()

    return asyncio.run(run())


async def _find(
    store: TicketStore,
    settings: Settings,
    hotline: str | None,
    category: str | None,
    status: str | None,
    stage: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> tuple[Ticket, ...]:
    begin, end = _days(since, until, settings)
    return await store.find(
        hotline=hotline,
        category=category,
        status=status,
        stage=stage,
        since=begin,
        until=end,
        limit=limit,
    )


def _days(since: str | None, until: str | None, settings: Settings) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The beginning of the first day, and the end of the last."""
    last = _day(until, settings)
    return _day(since, settings), last + dt.timedelta(days=1) if last else None


def _day(text: str | None, settings: Settings) -> dt.datetime | None:
    if text is None:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"日期 {text!r} 不对：要写成 2026-11-22 这样。") from None
    return dt.datetime.combine(day, dt.time(), settings.zone)


def _line(ticket: Ticket, taxonomy: Taxonomy) -> Sequence[str]:
    category = taxonomy.category(ticket.hotline, ticket.category)
    return (
        ticket.ticket_no,
        f"{ticket.created_at:%Y-%m-%d %H:%M}",
        ticket.hotline,
        category.zh if category else "—",
        STATUS_ZH[ticket.status],
        STAGE_ZH[ticket.stage],
        ticket.urgency,
        EMOTION_ZH[ticket.emotion.label],
        ticket.caller_number or "未显示",
        ticket.summary,
    )


def _sheet(ticket: Ticket, taxonomy: Taxonomy) -> list[str]:
    category = taxonomy.category(ticket.hotline, ticket.category)
    lines = [
        f"工单 {ticket.ticket_no}　{category.zh if category else '类别未知'}　{ticket.urgency}",
        f"摘要：{ticket.summary}",
        f"结果：{STATUS_ZH[ticket.status]}　阶段：{STAGE_ZH[ticket.stage]}　完整度：{ticket.completeness:.0%}",
        f"来电：{ticket.caller_number or '未显示'}　时间：{ticket.created_at:%Y-%m-%d %H:%M:%S}"
        f"　热线：{ticket.hotline}",
        f"情绪：{EMOTION_ZH[ticket.emotion.label]} {ticket.emotion.score}　复杂度：{ticket.complexity}"
        f"　可信度：{ticket.confidence}",
    ]
    if ticket.customer:
        tier = "（VIP）" if ticket.customer.vip else ""
        source = f"，来自{ticket.customer.source}" if ticket.customer.source else ""
        lines.append(f"客户：{ticket.customer.name or '未知'}{tier}{source}")
        lines += [f"  {line}" for line in ticket.customer.lines()]
    if ticket.prior_ticket_no:
        lines.append(f"同一问题：{ticket.prior_ticket_no}，第 {ticket.occurrence} 次")
    if ticket.related:
        lines.append(f"同一通电话的其他工单：{'、'.join(ticket.related)}")
    if ticket.review.required:
        lines.append(f"需要审核：{'、'.join(ticket.review.reasons)}")
    if ticket.missing:
        lines.append(f"还缺：{'、'.join(taxonomy.field_name(name) for name in ticket.missing)}")
    lines += ["", "事实"]
    for name, fact in ticket.fields.items():
        said = f"“{fact.said}”" if fact.said else ""
        lines.append(
            f"  {taxonomy.field_name(name)}：{fact.value}　（{SOURCE_ZH[fact.source]}，{fact.confidence:.2f}）{said}"
        )
    lines += _aftermath(ticket)
    if ticket.transcript:
        lines += ["", "对话"]
        lines += [f"  {line.at:6.1f} 秒 {_WHO[line.who]}：{line.text}" for line in ticket.transcript]
    return lines


_WHO = {"caller": "来电人", "bot": "机器人", "agent": "坐席"}


def _aftermath(ticket: Ticket) -> list[str]:
    lines: list[str] = []
    if ticket.handoff:
        handoff = ticket.handoff
        agent = f"，坐席 {handoff.agent}" if handoff.agent else ""
        waited = f"，等了 {handoff.waited_s:.1f} 秒" if handoff.waited_s is not None else ""
        lines.append(f"转人工：{handoff.reason}，队列 {handoff.queue}，{OUTCOME_ZH[handoff.outcome]}{agent}{waited}")
    if ticket.callback:
        due = ticket.callback
        lines.append(f"回电：{due.due:%Y-%m-%d %H:%M} 之前，{due.number or '没有号码'}，{due.why}")
    return ["", *lines] if lines else []


def _history(changes: Sequence[Change]) -> list[str]:
    if not changes:
        return []
    return ["", "改动"] + [
        f"  {change.at:%Y-%m-%d %H:%M:%S} {change.who}：{change.why}（{'、'.join(change.changed)}）"
        for change in changes
    ]


def _change(change: Change) -> dict[str, Any]:
    return {"at": change.at.isoformat(), "who": change.who, "why": change.why, "changed": change.changed}


def _harmless(cell: str) -> str:
    """A caller's words must not run as a formula in whoever's spreadsheet."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell


def _style(urgency: str) -> str:
    return {"P1": "red", "P2": "yellow"}.get(urgency, "")


def _print_json(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=2))
