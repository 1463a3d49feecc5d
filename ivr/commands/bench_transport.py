"""`ivr bench transport`: how many calls a core carries, and how late frames are; nobody recognises or thinks."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from ivr.audio import write_wav
from ivr.commands.bench_line import tell
from ivr.errors import PeerDown
from ivr.network_ports import free_ports
from ivr.settings import Settings, load, save
from ivr.simulate.recorded_callers import recorded_callers
from ivr.simulate.transport import TransportFigures, joined, lateness
from ivr.telephony.asterisk.secrets import load_secrets

SENTENCES = ("我家的空调坏了，开了半天都不制冷", "对的", "是上个星期天开始的", "锦绣花园七栋二单元")
TARGET_CALLS = 100
"""A core."""
TARGET_MS = 20.0
"""Lateness of 99.9 % of the frames."""
SETTLE_S = 2.0
"""After the last call began: greetings are over, caches warm."""
START_S = 30.0


def command(
    *,
    calls: Annotated[
        list[int] | None, typer.Option("--calls", min=1, help="同时几通；可以写几次，默认 20、50、100")
    ] = None,
    seconds: Annotated[float, typer.Option(min=2, help="每次量多久（秒）")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")] = False,
) -> None:
    """一个核能带多少通：只有传输、语音活动检测和轮次，识别和对话是假的。

    线路的这一半是一个进程，真实的 websocket 来自另一个扮演 Asterisk 的进程，每 20 毫秒一帧；第三个进程只有一个
    20 毫秒的定时器，用来把机器自己的停顿分开报告。
    """
    settings = load()
    found = [asyncio.run(run(settings, count, seconds)) for count in calls or (20, 50, 100)]
    if as_json:
        results = [asdict(one) | {"calls_a_core": one.calls_a_core} for one in found]
        typer.echo(json.dumps({"load": os.getloadavg()[0], "runs": results}, ensure_ascii=False, indent=2))
    else:
        _show(Console(), found)


async def run(settings: Settings, calls: int, seconds: float) -> TransportFigures:
    """One run. Raises `NotPrepared` or `PeerDown`."""
    (voice,) = await recorded_callers(settings, SENTENCES, tell, people=("李先生",))
    with tempfile.TemporaryDirectory(dir=settings.var) as name:
        folder = Path(name)
        files = []
        for number, text in enumerate(SENTENCES):
            files.append(folder / f"{number}.wav")
            write_wav(files[-1], b"".join([piece async for piece in voice.say(text)]))
        return await measure(settings, calls, seconds, folder, files)


async def measure(
    settings: Settings, calls: int, seconds: float, folder: Path, callers: Sequence[Path]
) -> TransportFigures:
    """One run with files in `folder`. Raises `PeerDown` when one of the processes fails."""
    port, _ = free_ports(settings.host)
    own = replace(settings, var=folder, ports=replace(settings.ports, bot=port))
    save(own, folder / "settings.json")
    secret = load_secrets(folder / "secrets.toml").bot
    base = f"http://{settings.host}:{port}"
    given = json.dumps({"secret": secret, "callers": [str(file) for file in callers]})
    peer_arguments = (base, str(calls), str(seconds + SETTLE_S), str(folder))
    tell(f"{calls} 通：约 {seconds + SETTLE_S:.0f} 秒……")
    async with _process("bare_line", str(folder / "settings.json"), str(folder)) as line:
        await _told(line)
        async with _process("peer", *peer_arguments, first=given) as peer:
            await _told(peer)
            await asyncio.sleep(SETTLE_S)
            async with _process("metronome", str(folder / "ticks.npy")):
                before = await _used(line)
                await asyncio.sleep(seconds - 1.0)  # while all still send
                after = await _used(line)
            await peer.wait()
    sent, handled, ticks = (np.load(folder / f"{name}.npy") for name in ("sent", "handled", "ticks"))
    window = [float(before["at"]), float(after["at"])]
    pairs, lost = joined(sent[(sent[:, 2] >= window[0]) & (sent[:, 2] <= window[1])], handled)
    all_frames, without_stalls, timer, stalls = lateness(pairs, ticks)
    cpu = (float(after["cpu_s"]) - float(before["cpu_s"])) / (window[1] - window[0])
    return TransportFigures(
        calls=calls, seconds=window[1] - window[0], cpu_percent_a_call=100 * cpu / calls, lateness=all_frames,
        without_stalls=without_stalls, timer=timer, stalls=stalls, lost=lost, events=dict(after["events"]),
    )  # fmt: skip


@asynccontextmanager
async def _process(name: str, *arguments: str, first: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """One of ours, whose standard input ends with the block; it has ended when the block is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"ivr.simulate.{name}", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None  # noqa: S101  (asked for above)
    try:
        if first:
            process.stdin.write(first.encode() + b"\n")
        yield process
        process.stdin.close()
        await asyncio.wait_for(process.wait(), START_S)
        if process.returncode:
            raise PeerDown(f"测量用的进程 {name} 出错退出（代码 {process.returncode}），原因在上面。")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _told(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """The next JSON line of a process."""
    assert process.stdout is not None  # noqa: S101  (asked for above)
    line = await asyncio.wait_for(process.stdout.readline(), START_S)
    if not line:
        raise PeerDown("测量用的进程没有启动起来，原因在上面。")
    told: dict[str, Any] = json.loads(line)
    return told


async def _used(line: asyncio.subprocess.Process) -> dict[str, Any]:
    assert line.stdin is not None  # noqa: S101  (asked for above)
    line.stdin.write(b"used\n")
    return await _told(line)


def _show(console: Console, found: Sequence[TransportFigures]) -> None:
    table = Table(title="传输、语音活动检测、轮次（识别和对话是假的）", title_justify="left")
    for heading in (
        "通",
        "每通占一个核",
        "一个核能带",
        "帧晚到 p50/p99/p99.9/最坏",
        "不算机器停顿",
        "光有定时器",
        "停顿",
        "丢帧",
    ):
        table.add_column(heading)
    for one in found:
        late = [
            f"{each.p50:.1f}/{each.p99:.1f}/{each.p999:.1f}/{each.worst:.1f}"
            for each in (one.lateness, one.without_stalls, one.timer)
        ]
        table.add_row(
            str(one.calls), f"{one.cpu_percent_a_call:.2f} %", f"{one.calls_a_core:.0f} 通", *late,
            str(one.stalls), str(one.lost),
        )  # fmt: skip
    console.print(table)
    console.print(
        f"毫秒。目标：一个核 ≥ {TARGET_CALLS} 通，帧晚到 p99.9 ≤ {TARGET_MS:.0f} 毫秒（机器自己的停顿分开报告）。"
    )
