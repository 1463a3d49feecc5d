"""`ivr dialogue try`: a conversation by keyboard with the state shown after each turn."""

from __future__ import annotations

import asyncio
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.text import Text

from ivr.commands.chat import _Talk, talking
from ivr.commands.dialogue_test import working_pair
from ivr.designing.content import Content, read_content
from ivr.designing.state import shown_state
from ivr.errors import PeerDown, SettingsError
from ivr.packs import load_packs
from ivr.settings import Settings, load
from ivr.telephony.numbers import caller_number


def command(
    *,
    hotline: Annotated[str, typer.Option(help="打哪条热线（data/packs 里的名字）")] = "appliance",
    caller: Annotated[str, typer.Option(help="来电号码；不写就是没有来电显示")] = "",
) -> None:
    """试着说：和训练好的对话（工作区里的，不是线路上的）聊天，每一轮之后说明
    认出的意图、听到的事实、走了哪条规则、为什么这么问、工单写到哪儿。

    说话直接打字；/keys 123 是按键，/silence 是不出声，/quit 是挂断。写的工单是真的，可以用 ivr tickets 看。
    """
    settings = load()
    if hotline not in load_packs(settings.root / "data"):
        raise SettingsError(f"没有叫 {hotline!r} 的热线：请看 data/packs。")
    number = caller_number(caller, region=settings.region)
    asyncio.run(_run(settings, hotline, number))


async def _run(settings: Settings, hotline: str, caller: str | None) -> None:
    content, console = read_content(settings.root), Console(highlight=False)
    async with (
        working_pair(settings) as own,
        talking(own, None, hotline, caller) as talk,
        aiohttp.ClientSession() as http,
    ):

        async def after(talk: _Talk) -> None:
            await _show_state(http, own, talk, content, console)

        await talk.by_keyboard(after)


async def _show_state(
    http: aiohttp.ClientSession, settings: Settings, talk: _Talk, content: Content, console: Console
) -> None:
    url = f"http://{settings.host}:{settings.ports.rasa}/conversations/{talk.call.call_id}/tracker"
    try:
        async with http.get(url, params={"include_events": "APPLIED"}) as response:
            tracker = await response.json()
    except aiohttp.ClientError as error:
        raise PeerDown(f"看不到对话的状态：{error}") from error
    tickets = await talk.world.store.of_call(talk.call.call_id)
    for heading, text in shown_state(tracker, tickets[-1] if tickets else None, content, talk.world.taxonomy):
        console.print(Text(f"    {heading}：{text}", style="cyan"), soft_wrap=True)
