"""`ivr tickets export`, `move`, `callbacks`, `prune`: what is done with tickets, not only shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ivr.commands.tickets_store import AsJson, By, Category, Hotline, Since, Stage, Status, Until, days, with_store
from ivr.errors import SettingsError
from ivr.settings import load
from ivr.tickets.export import opened
from ivr.tickets.lifecycle import STAGE_ZH, Step, moved
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Ticket, to_json
from ivr.upkeep import Cleared, Due, Upkeep


def export(
    file: Annotated[Path, typer.Argument(help="写到这个文件：.csv（Excel 可直接打开）、.xlsx 或 .json")],
    hotline: Hotline = None,
    category: Category = None,
    status: Status = None,
    stage: Stage = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int | None, typer.Option(min=1, help="最多多少张，新的在前；不写就是全部")] = None,
) -> None:
    """把工单导出为 CSV、XLSX（一行一张，每个字段一列）或 JSON（连同对话，格式见 docs/contract/ticket.md）。"""
    settings = load()
    taxonomy = load_taxonomy(settings.root / "data")
    begin, end = days(since, until, settings)
    wanted = {"hotline": hotline, "category": category, "status": status, "stage": stage, "since": begin, "until": end}

    async def write(store: TicketStore) -> int:
        number = 0
        with opened(file, taxonomy) as sheet:
            async for ticket in store.each(whole=file.suffix.lower() == ".json", most=limit, **wanted):
                sheet.add(ticket)
                number += 1
        return number

    print(f"已导出 {with_store(settings, write)} 张工单到 {file}。")


def move(
    ticket_no: Annotated[str, typer.Argument(help="工单编号")],
    step: Annotated[str, typer.Argument(help="send_to_review、accept、correct、close 或 reopen")],
    by: By,
    why: Annotated[str, typer.Option(help="为什么，写进历史")] = "",
) -> None:
    """把工单推进一步：送审、受理、更正、关闭、重开。不允许的一步会说明现在能做什么。"""
    known: dict[str, Step] = {name: name for name in ("send_to_review", "accept", "correct", "close", "reopen")}
    if step not in known:
        raise SettingsError(f"没有 {step!r} 这一步：可用 {'、'.join(known)}。")

    async def do(store: TicketStore) -> Ticket:
        return await store.change(ticket_no, lambda ticket: moved(ticket, known[step]), by=by, why=why or step)

    ticket = with_store(load(), do)
    print(f"{ticket.ticket_no} 现在是“{STAGE_ZH[ticket.stage]}”。")


def callbacks(
    done: Annotated[str | None, typer.Option(help="这张工单已经回过电了")] = None,
    undone: Annotated[str | None, typer.Option(help="这张工单的回电其实没有打成，重新列入")] = None,
    by: Annotated[str, typer.Option(help="是谁打的，写进历史，如工号")] = "",
    why: Annotated[str, typer.Option(help="结果如何，写进历史")] = "",
    all_: Annotated[bool, typer.Option("--all", help="连同还没有到期的")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """到期该打的回电，最急的在前；--done 记下已经打过，--undone 撤销。"""
    settings = load()
    if done or undone:
        if not by:
            raise SettingsError("请用 --by 写明是谁打的，如 --by 8001。")
        _settle(done, undone, by, why)
        return
    now = settings.now()
    until = now.replace(year=now.year + 10, day=1) if all_ else now
    owed = with_store(settings, lambda store: store.callbacks_due(until, limit=limit))
    if as_json:
        print(json.dumps([to_json(ticket) for ticket in owed], ensure_ascii=False, indent=2))
        return
    for line in _owed(owed):
        print("\t".join(line))
    if not owed and sys.stdout.isatty():
        print("没有该打的回电。")


def _settle(done: str | None, undone: str | None, by: str, why: str) -> None:
    async def do(store: TicketStore) -> None:
        if done:
            await store.finish_callback(done, by=by, why=why or "已回电")
        if undone:
            await store.reopen_callback(undone, by=by, why=why or "回电没有打成")

    with_store(load(), do)
    print(f"已记下：{'、'.join(each for each in (done, undone) if each)}。")


def _owed(tickets: Sequence[Ticket]) -> list[tuple[str, ...]]:
    return [
        (
            ticket.ticket_no,
            ticket.urgency,
            f"{ticket.callback.due:%Y-%m-%d %H:%M}",
            ticket.callback.number or "没有号码",
            ticket.callback.why,
            ticket.summary,
        )
        for ticket in tickets
        if ticket.callback
    ]


def prune(
    tickets_days: Annotated[int | None, typer.Option(min=1, help="多少天以前的工单；不写用设置 retention")] = None,
    recordings_days: Annotated[int | None, typer.Option(min=1, help="多少天以前的录音；不写用设置 retention")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="真的删除；不写只说会删什么")] = False,
) -> None:
    """删除过了保存期限的工单（连同对话、历史、录音）。不写 --yes 只数一数；线路运行时每天夜里自动做。"""
    settings = load()
    kept = settings.retention
    kept = replace(
        kept,
        tickets_days=tickets_days or kept.tickets_days,
        recordings_days=recordings_days or kept.recordings_days,
    )
    if not kept.tickets_days and not kept.recordings_days:
        raise SettingsError("没有保存期限：在 ivr.toml 写 [retention] tickets_days = 天数，或用 --tickets-days。")

    async def count(store: TicketStore) -> Due:
        return await Upkeep(store, replace(settings, retention=kept)).due()

    async def clear(store: TicketStore) -> Cleared:
        return await Upkeep(store, replace(settings, retention=kept)).clear()

    if yes:
        gone = with_store(settings, clear)
        print(f"已删除 {gone.tickets} 张工单、{gone.recordings} 个录音，和没有成为工单的 {gone.lines} 句话。")
        return
    due = with_store(settings, count)
    if due.tickets:
        oldest = f"，最早的在 {due.tickets.oldest:%Y-%m-%d}" if due.tickets.oldest else ""
        print(f"会删除 {due.tickets.tickets} 张工单（其中 {due.tickets.unclosed} 张还没有关闭）{oldest}。")
    print(f"会删除 {due.recordings} 个录音。真的要删：加 --yes。")
