"""`ivr talk`: a call with the bot through microphone and loudspeaker, for whoever has no telephone at hand."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import termios
import tty
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ivr import app
from ivr.call.ports import CallInfo
from ivr.conversation.servers import at_work
from ivr.errors import SettingsError
from ivr.packs import load_packs
from ivr.running import running_dialogue
from ivr.settings import Settings, load
from ivr.telephony.numbers import caller_number
from ivr.telephony.soundcard.line import TalkLine
from ivr.telephony.soundcard.portaudio import ChosenDevices, SoundCard, choose

HANG_UP = {"q", "\x04"}
"""Keys of the terminal that end the call, beside Ctrl-C: q and Ctrl-D."""


def command(
    *,
    hotline: Annotated[str, typer.Option(help="打哪条热线（data/packs 里的名字）")] = "appliance",
    number: Annotated[str, typer.Option(help="来电号码；不写就是没有来电显示")] = "",
    microphone: Annotated[str, typer.Option("--in", help="麦克风：序号或名字；不写用默认的")] = "",
    loudspeaker: Annotated[str, typer.Option("--out", help="扬声器：序号或名字；不写用默认的")] = "",
    listing: Annotated[bool, typer.Option("--list", help="列出声音设备")] = False,
) -> None:
    """用麦克风和扬声器和机器人通话。

    直接说话；键盘上的 0-9 * # 是电话按键，q 或 Ctrl-C 挂断。请戴耳机：用外放时，机器人会把自己的声音当成您在插话。
    对话服务没有在运行时，为这次通话临时启动（约一分钟）。先运行一次 make prepare-talk。
    """
    settings = load()
    if listing:
        _list(settings)
        return
    if hotline not in load_packs(at_work(settings).data):
        raise SettingsError(f"没有叫 {hotline!r} 的热线：请看 data/packs。")
    devices = _devices(settings, microphone, loudspeaker)
    caller = caller_number(number, region=settings.region)  # as the line reads it from the SIP header
    call = CallInfo(f"talk-{uuid.uuid4().hex[:12]}", hotline, caller, settings.now())
    asyncio.run(_run(settings, call, devices))


def _list(settings: Settings) -> None:
    card = SoundCard(settings.tools)
    found = card.devices()
    card.close()
    for one in found:
        able = "、".join(kind for kind, can in (("麦克风", one.hears), ("扬声器", one.speaks)) if can)
        default = "，默认" if one.default_in or one.default_out else ""
        print(f"{one.number:3} {one.name}（{able}，{one.rate} Hz{default}）")
    if not found:
        print("没有找到声音设备。")


def _devices(settings: Settings, microphone: str, loudspeaker: str) -> ChosenDevices:
    card = SoundCard(settings.tools)
    found = card.devices()
    return ChosenDevices(card, choose(found, microphone, hears=True), choose(found, loudspeaker, hears=False))


async def _run(settings: Settings, call: CallInfo, devices: ChosenDevices) -> None:
    console = Console(highlight=False)
    async with (
        running_dialogue(settings, _tell),
        app.own_desk(settings, lambda event: _show(console, event)) as desk,
    ):
        print(f"麦克风：{devices.microphone.name}；扬声器：{devices.loudspeaker.name}。请戴耳机；q 或 Ctrl-C 挂断。")
        line = TalkLine(call, devices)
        try:
            with _keys(line), _hang_up_by_interrupt(line):
                await desk.take(line)
        finally:
            await line.close()
        made = await (await desk.worlds.of(call)).store.of_call(call.call_id)
    for ticket in made:
        print(f"工单：{ticket.ticket_no}，查看：.venv/bin/ivr tickets show {ticket.ticket_no}")
    if not made:
        print("没有工单。")


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _hang_up_by_interrupt(line: TalkLine) -> Iterator[None]:
    """The first Ctrl-C hangs up, so that the ticket is finished; the next one ends the program."""
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        line.leave()

    loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@contextlib.contextmanager
def _keys(line: TalkLine) -> Iterator[None]:
    """Each key of the terminal counts at once, without Enter."""
    loop, source = asyncio.get_running_loop(), sys.stdin.fileno()

    def typed() -> None:
        raw = os.read(source, 64)
        if not raw:
            loop.remove_reader(source)
        for key in raw.decode(errors="replace"):
            line.leave() if key in HANG_UP else line.press(key)

    with _each_key(source), _reading(loop, source, typed):
        yield


@contextlib.contextmanager
def _reading(loop: asyncio.AbstractEventLoop, source: int, typed: Callable[[], None]) -> Iterator[None]:
    try:
        loop.add_reader(source, typed)
    except OSError:  # a file or /dev/null: nobody types
        yield
        return
    try:
        yield
    finally:
        loop.remove_reader(source)


@contextlib.contextmanager
def _each_key(source: int) -> Iterator[None]:
    if not os.isatty(source):
        yield
        return
    before = termios.tcgetattr(source)
    tty.setcbreak(source)
    try:
        yield
    finally:
        termios.tcsetattr(source, termios.TCSADRAIN, before)


def _show(console: Console, event: Mapping[str, Any]) -> None:
    text, style = _words(event)
    if text:
        row = Text(f"{event['at']:6.1f} 秒  ", style="dim").append(text, style=style)
        console.print(row, soft_wrap=not console.is_terminal)


def _words(event: Mapping[str, Any]) -> tuple[str, str]:
    match event["kind"]:
        case "started":
            return "☎ 接通", "bold"
        case "reply":
            return f"机器人：{event['text']}", "cyan"
        case "heard":
            return f"我：{event['text'] or '（没听清）'}（把握 {event['confidence']:.2f}）", "green"
        case "keys":
            return f"我按键：{event['digits']}", "green"
        case "barge_in":
            return "（插话，机器人停下）", "dim"
        case "silence":
            return "我：（不说话）", "dim"
        case "handoff":
            return f"⇄ 转人工：{event['reason']}（这里没有坐席，通话到此为止）", "magenta"
        case "ended":
            return "☎ 通话结束", "bold"
        case _:
            return "", ""
