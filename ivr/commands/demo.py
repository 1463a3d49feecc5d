"""`ivr demo`: one real call, from the caller's voice to the ticket, and on to a human."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import replace

import typer
from rich.console import Console

from ivr.commands.telephones import telephones
from ivr.packs import load_packs
from ivr.running import running_line
from ivr.settings import Settings, load
from ivr.simulate.conversation_view import ConversationView
from ivr.simulate.phone_call import run_call
from ivr.simulate.report import CallResult
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario, load_scenarios
from ivr.simulate.world import sown
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy


def command() -> None:
    """启动整条线路，让模拟来电人打一通真实的电话（SIP，G.711 A-law），看它变成工单并转到人工，然后结束。

    工单完整、正确，且人工接到了电话，退出码才为 0。
    """
    began = time.monotonic()
    settings = replace(load(), simulation=True)
    taxonomy = load_taxonomy(settings.root / "data")
    (scenario,) = load_scenarios([settings.root / "data" / "demo.yml"], taxonomy, ["demo"])
    console = Console(highlight=False)
    result = asyncio.run(_demo(settings, taxonomy, scenario, console, began))
    raise typer.Exit(0 if _verdict(console, result, began) else 1)


async def _demo(
    settings: Settings, taxonomy: Taxonomy, scenario: Scenario, console: Console, began: float
) -> CallResult:
    packs = load_packs(settings.root / "data")
    pack = packs[scenario.hotline]

    def tell(sentence: str) -> None:
        print(f"  {sentence}", file=sys.stderr, flush=True)

    async with (
        running_line(settings, tell),
        telephones(settings) as exchange,
        sown(scenario, settings, taxonomy) as world,
    ):
        console.print(f"拨打 {pack.dialled[0]}（启动后 {time.monotonic() - began:.0f} 秒）", style="bold")
        return await run_call(
            scenario,
            world,
            exchange,
            Sameness.of(taxonomy, pack),
            dialled=pack.dialled[0],
            watch=ConversationView(console),
        )


def _verdict(console: Console, result: CallResult, began: float) -> bool:
    console.print("\n工单：", style="bold")
    for ticket in result.tickets:
        console.print(json.dumps(ticket, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
    failed = [check for check in result.checks if not check.passed]
    for check in failed:
        sentence = f"不对：{check.what}，应为 {check.expected}，实为 {check.got}"
        console.print(sentence, style="red", markup=False, soft_wrap=True)
    answered = bool(result.extra.get("agent"))
    console.print("人工接到了电话。" if answered else "人工没有接到电话。", style="green" if answered else "red")
    console.print(f"共用 {time.monotonic() - began:.0f} 秒。")
    return not failed and answered
