"""`ivr webhooks`: who is told of tickets, what waits, what was given up, and sending it after all."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer

from ivr.errors import SettingsError
from ivr.settings import Settings, Webhook, load
from ivr.tickets.store import TicketStore
from ivr.webhooks import secrets, wire
from ivr.webhooks.ledger import Count, Ledger, Standing
from ivr.webhooks.sending import send, session

Answer = TypeVar("Answer")

app = typer.Typer(
    no_args_is_help=True, help="工单通知：list 看接收方，pending 看没送到的，send-again 重送，test 试一试。"
)

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取")]
STATE_ZH = {"pending": "等着", "dead": "放弃", "gone": "对方不要", "delivered": "送到"}


@app.command("list")
def list_(*, show_secrets: Annotated[bool, typer.Option("--secrets", help="连同密钥，交给对方验签")] = False) -> None:
    """列出设置里的接收方：要哪些事件，有多少在等，等了多久。"""
    settings = load()
    counts = _with_ledger(settings, lambda ledger: ledger.counts())
    known = secrets.load(settings.var / "secrets.toml", [one.address for one in settings.webhooks])
    if not settings.webhooks:
        print("设置里没有接收方。在 ivr.toml 里写 [[webhooks]] 和 address，见 docs/webhooks.md。")
    for receiver in settings.webhooks:
        print(_line(receiver, counts.pop(receiver.address, Count()), settings))
        if show_secrets:
            print(*(f"    {secret}" for secret in known[receiver.address]), sep="\n")
    for address, count in counts.items():
        if count.pending or count.dead:
            print(f"{address}　不在设置里：{count.pending} 条在等，{count.dead} 条放弃")


@app.command()
def pending(
    *,
    every: Annotated[bool, typer.Option("--all", help="连同已经送到的")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多多少条，旧的在前")] = 50,
    as_json: AsJson = False,
) -> None:
    """列出没送到的通知：在等的、放弃的、对方不要的。"""
    states = [*STATE_ZH] if every else ["pending", "dead", "gone"]
    found = _with_ledger(load(), lambda ledger: ledger.standing(states, limit=limit))
    if as_json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1, default=dt.datetime.isoformat))
    elif not found:
        print("没有等着送的通知。")
    else:
        for one in found:
            print(_row(one))


@app.command("send-again")
def send_again(
    what: Annotated[str, typer.Argument(help="事件的 id（ivr webhooks pending 里有），或接收方的 name 或 address")],
) -> None:
    """再送一次：一条通知（不管送到没有），或一个接收方没收下的全部。对方回答过 410 的，从此又会收到。"""
    settings = load()
    named = _receiver(settings, what)
    address = named.address if named else what
    event_id, receiver = (None, address) if "://" in address else (address, None)
    number = _with_ledger(settings, lambda ledger: ledger.send_again(event_id=event_id, receiver=receiver))
    if not number and event_id:
        raise SettingsError(f"没有 id 为 {what} 的通知；看 ivr webhooks pending --all。")
    print(f"{number} 条通知会在一分钟内送出（线路要在运行）。")


@app.command()
def test(what: Annotated[str, typer.Argument(help="接收方的 name 或 address，要在设置里")]) -> None:
    """现在就送一条 webhook.test，看对方怎么回答。回答不是 2xx 时退出码是 1。"""
    settings = load()
    receiver = _receiver(settings, what)
    if receiver is None:
        raise SettingsError(f"设置里没有这个接收方：{what}。只给设置里 [[webhooks]] 的发送。")
    known = secrets.load(settings.var / "secrets.toml", [receiver.address])[receiver.address]
    event = wire.test_event(str(uuid.uuid4()), settings.now())

    async def run() -> int:
        async with session() as http:
            answer = await send(http, receiver, known, event, now=settings.now())
        print(f"送到了：回答 {answer.status}。" if not answer.error else f"没有送到：{answer.error}。")
        return 1 if answer.error else 0

    raise typer.Exit(asyncio.run(run()))


def _receiver(settings: Settings, what: str) -> Webhook | None:
    """By address or name. Raises `SettingsError` for a name that several have (without one it is their host)."""
    found = [one for one in settings.webhooks if what in (one.address, one.shown)]
    if len(found) > 1:
        raise SettingsError(f"有 {len(found)} 个接收方都叫 {what}：请写 address，或在设置里给它们各写一个 name。")
    return found[0] if found else None


def _with_ledger(settings: Settings, ask: Callable[[Ledger], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        store = TicketStore(settings.database_url, settings.zone)
        try:
            await store.open()
            return await ask(Ledger(store.database, now=settings.now))
        finally:
            await store.close()

    return asyncio.run(run())


def _line(receiver: Webhook, count: Count, settings: Settings) -> str:
    events = "、".join(receiver.events) or "全部事件"
    hotlines = "、".join(receiver.hotlines) or "全部热线"
    standing = f"{count.pending} 条在等" if count.pending else "没有在等的"
    if count.oldest:
        standing += f"（最早的等了 {_ago(settings.now() - count.oldest)}）"
    if count.dead:
        standing += f"，{count.dead} 条放弃"
    if count.gone:
        standing += "；对方回答过 410，不再送，恢复：ivr webhooks send-again 地址"
    return f"{receiver.shown}　{receiver.address}　{events}　{hotlines}　{standing}"


def _row(one: Standing) -> str:
    why = f"　{one.last_error}" if one.last_error else ""
    again = f"，下次 {one.due:%m-%d %H:%M:%S}" if one.state == "pending" else ""
    return (
        f"{one.event_id}\t{one.at:%Y-%m-%d %H:%M:%S}\t{one.type}\t{one.ticket_no}\t{one.receiver}"
        f"\t{STATE_ZH[one.state]}，试了 {one.attempts} 次{again}{why}"
    )


def _ago(much: dt.timedelta) -> str:
    minutes = int(much.total_seconds() // 60)
    if minutes < 1:
        return f"{int(much.total_seconds())} 秒"
    return f"{minutes} 分钟" if minutes < 120 else f"{minutes // 60} 小时"
