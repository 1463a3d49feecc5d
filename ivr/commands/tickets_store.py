"""What the commands about tickets share: their options, the store, days as people write them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from ivr.errors import SettingsError
from ivr.settings import Settings
from ivr.tickets.store import TicketStore

Answer = TypeVar("Answer")

Hotline = Annotated[str | None, typer.Option(help="只看这条热线，如 appliance")]
Category = Annotated[str | None, typer.Option(help="只看这个类别，如 product_fault")]
Status = Annotated[str | None, typer.Option(help="通话结果：draft、complete、incomplete 或 abandoned")]
Stage = Annotated[str | None, typer.Option(help="处理阶段：new、in_review、accepted、corrected、closed 或 reopened")]
Since = Annotated[str | None, typer.Option(help="从这一天起（YYYY-MM-DD，含）")]
Until = Annotated[str | None, typer.Option(help="到这一天为止（YYYY-MM-DD，含）")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="最多多少张，新的在前")]
AsJson = Annotated[bool, typer.Option("--json", help="给程序读的 JSON，格式见 docs/contract/ticket.md")]
By = Annotated[str, typer.Option(help="是谁做的，写进工单的历史，如工号")]


def with_store(settings: Settings, ask: Callable[[TicketStore], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        store = TicketStore(settings.database_url, settings.zone)
        try:
            await store.open()
            return await ask(store)
        finally:
            await store.close()

    return asyncio.run(run())


def days(since: str | None, until: str | None, settings: Settings) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The beginning of the first day, and the end of the last."""
    last = day(until, settings)
    return day(since, settings), last + dt.timedelta(days=1) if last else None


def day(text: str | None, settings: Settings) -> dt.datetime | None:
    if text is None:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"日期 {text!r} 不对：要写成 2026-11-22 这样。") from None
    return dt.datetime.combine(day, dt.time(), settings.zone)
