"""`ivr tickets complete`: after talking to the caller an agent completes the bot's ticket."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from ivr.errors import SettingsError
from ivr.settings import Settings, load
from ivr.tickets.lifecycle import STAGE_ZH
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Ticket
from ivr.tickets.wrap_up import WrapUp, finish


def complete(
    ticket_no: Annotated[str, typer.Argument(help="工单编号，如 GD20261122-000001")],
    values: Annotated[list[str] | None, typer.Argument(help="字段=值，如 since=2026-11-19；字段= 表示去掉")] = None,
    *,
    by: Annotated[str, typer.Option(help="谁：坐席的分机或名字，记在历史里")],
    category: Annotated[str | None, typer.Option(help="类别，如 product_fault")] = None,
    note: Annotated[str, typer.Option(help="小结：和来电人说定了什么")] = "",
    close: Annotated[bool, typer.Option("--close", help="办完了，关闭工单")] = False,
) -> None:
    """坐席通话以后补全同一张工单：字段、类别、小结。通话的结果（status）不变，历史里写明是谁。"""
    settings = load()
    wrap_up = WrapUp(fields=dict(map(_pair, values or ())), category=category, note=note, close=close)
    ticket = asyncio.run(_finish(settings, ticket_no, wrap_up, by))
    lacking = f"，还缺：{'、'.join(ticket.missing)}" if ticket.missing else ""
    print(f"{ticket.ticket_no} {STAGE_ZH[ticket.stage]}：{ticket.summary}{lacking}")


async def _finish(settings: Settings, ticket_no: str, wrap_up: WrapUp, by: str) -> Ticket:
    store = TicketStore(settings.database_url, settings.zone)
    taxonomy = load_taxonomy(settings.data)
    try:
        await store.open()
        return await finish(store, ticket_no, wrap_up, taxonomy, by=by, at=settings.now())
    finally:
        await store.close()


def _pair(text: str) -> tuple[str, str | None]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise SettingsError(f"{text!r} 不对：要写成 字段=值，如 since=2026-11-19。")
    return name, value or None
