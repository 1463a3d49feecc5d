"""`ivr up`: the whole line, until it is interrupted."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from typing import Annotated

import typer

from ivr.packs import load_packs
from ivr.running import running_line
from ivr.settings import Settings, load


def command(
    *,
    simulation: Annotated[bool, typer.Option("--simulation", help="也接受模拟来电（只用于测试）")] = False,
) -> None:
    """启动整条线路（Asterisk、Rasa、动作服务、线路进程），一直运行到 Ctrl-C。"""
    settings = load()
    asyncio.run(_up(replace(settings, simulation=settings.simulation or simulation)))


async def _up(settings: Settings) -> None:
    """Runs until a signal, which also ends it while the line is still starting."""
    running = asyncio.create_task(_run(settings), name="line")
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if not stopping:  # once: asked again, it would be torn out of stopping its programs
            stopping = True
            running.cancel()
            print("正在停止……", flush=True)

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await running
    except asyncio.CancelledError:
        if not stopping:
            raise


async def _run(settings: Settings) -> None:
    async with running_line(settings, print):
        for sentence in how_to_call(settings):
            print(sentence)
        await asyncio.Event().wait()


def how_to_call(settings: Settings) -> list[str]:
    """For a person with a softphone."""
    host = settings.telephony.sip_host
    shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  (compared, not bound)
    numbers = [
        f"  {pack.name}：sip:{pack.dialled[0]}@{shown}:{settings.ports.sip}"
        for pack in load_packs(settings.root / "data").values()
    ]
    agents = "、".join(agent.extension for agent in settings.telephony.agents)
    return [
        "线路已就绪。用任意 SIP 软电话（UDP，G.711 A-law，不用注册）拨打：",
        *numbers,
        f"坐席电话：用 {agents} 注册到 {shown}:{settings.ports.sip}，密码在 {settings.var / 'secrets.toml'}。",
        "工单：.venv/bin/ivr tickets list    停止：Ctrl-C",
    ]
