"""`ivr api`: tokens of the HTTP API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from ivr.api.openapi import describe
from ivr.api.operations import ROUTES
from ivr.settings import Settings, load
from ivr.tickets.store import TicketStore
from ivr.tickets.tokens import Scope, Tokens

Answer = TypeVar("Answer")

app = typer.Typer(no_args_is_help=True, help="HTTP API：token 管令牌，openapi 打印接口说明。")
token = typer.Typer(no_args_is_help=True, help="令牌：add 建一个，list 列出，revoke 吊销。")
app.add_typer(token, name="token", help="令牌：add 建一个，list 列出，revoke 吊销")

SCOPE_ZH = {"read": "只读", "write": "读写"}


@token.command()
def add(
    name: Annotated[str, typer.Argument(help="给谁用，如 客服系统；它改的工单，历史里就写这个名字")],
    *,
    scope: Annotated[Scope, typer.Option(help="read 只读，write 也能改")] = "read",
) -> None:
    """建一个令牌并打印它。只打印这一次：库里只存它的散列。"""
    settings = load()
    print(_with_tokens(settings, lambda tokens: tokens.add(name, scope, at=settings.now())))


@token.command("list")
def list_() -> None:
    """列出令牌的名字、权限、建立和吊销的时间；令牌本身看不到。"""
    settings = load()
    found = _with_tokens(settings, lambda tokens: tokens.all())
    if not found:
        print("还没有令牌：ivr api token add 名字。")
    for one in found:
        made = one.created_at.astimezone(settings.zone)
        gone = f"　{one.revoked_at.astimezone(settings.zone):%Y-%m-%d %H:%M} 吊销" if one.revoked_at else ""
        print(f"{one.name}\t{SCOPE_ZH[one.scope]}\t{made:%Y-%m-%d %H:%M} 建立{gone}")


@token.command()
def revoke(name: Annotated[str, typer.Argument(help="令牌的名字")]) -> None:
    """吊销一个令牌，立刻生效。"""
    settings = load()
    _with_tokens(settings, lambda tokens: tokens.revoke(name, at=settings.now()))
    print(f"令牌“{name}”已吊销。")


@app.command()
def openapi() -> None:
    """打印接口说明（OpenAPI 3.1），和 /openapi.json 相同。"""
    print(json.dumps(describe(ROUTES), ensure_ascii=False, indent=1))


def _with_tokens(settings: Settings, do: Callable[[Tokens], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        store = TicketStore(settings.database_url, settings.zone)
        try:
            await store.open()
            return await do(Tokens(store.database))
        finally:
            await store.close()

    return asyncio.run(run())
