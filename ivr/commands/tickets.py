"""`ivr tickets`: what is in the store, for people and (with --json) for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ivr.commands import tickets_work
from ivr.commands.tickets_complete import complete
from ivr.commands.tickets_store import AsJson, Category, Hotline, Limit, Since, Stage, Status, Until, days, with_store
from ivr.settings import Settings, load
from ivr.tickets.export import EMOTION_ZH, HEADS, OUTCOME_ZH, line
from ivr.tickets.lifecycle import STAGE_ZH, STATUS_ZH
from ivr.tickets.reading import Change
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy
from ivr.tickets.ticket import Ticket, to_json

app = typer.Typer(no_args_is_help=True, help="工单：看、找、坐席补全、导出、处理、回电、到期删除。")
app.command()(complete)
app.command("export")(tickets_work.export)
app.command("move")(tickets_work.move)
app.command("callbacks")(tickets_work.callbacks)
app.command("prune")(tickets_work.prune)

SOURCE_ZH = {"caller": "来电人", "crm": "客户资料", "prior_ticket": "上次工单", "keys": "按键"}


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
    found = with_store(
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
    begin, end = days(since, until, settings)

    async def ask(store: TicketStore) -> tuple[Ticket, ...]:
        return await store.search(" ".join(text), **wanted, since=begin, until=end, limit=limit)

    _print_list(settings, with_store(settings, ask), as_json=as_json)


def _print_list(settings: Settings, found: Sequence[Ticket], *, as_json: bool) -> None:
    if as_json:
        _print_json([to_json(ticket) for ticket in found])
        return
    taxonomy = load_taxonomy(settings.root / "data")
    lines = [line(ticket, taxonomy) for ticket in found]
    if not sys.stdout.isatty():
        for cells in lines:
            print("\t".join(cells))
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
    for cells in lines:
        table.add_row(*(cells[column] for column in shown), style=_style(cells[6]))
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

    ticket, changes = with_store(settings, read)
    if as_json:
        document = to_json(ticket)
        if history:
            document["history"] = [_change(change) for change in changes]
        _print_json(document)
        return
    taxonomy = load_taxonomy(settings.root / "data")
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    for told in [*_sheet(ticket, taxonomy), *_history(changes)]:
        console.print(told, markup=False, style="bold" if told.startswith("工单 ") else None)


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
    begin, end = days(since, until, settings)
    return await store.find(
        hotline=hotline,
        category=category,
        status=status,
        stage=stage,
        since=begin,
        until=end,
        limit=limit,
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


def _style(urgency: str) -> str:
    return {"P1": "red", "P2": "yellow"}.get(urgency, "")


def _print_json(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=2))
