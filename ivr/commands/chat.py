"""`ivr chat`: the dialogue by keyboard, or, with `--jsonl`, for programs (docs/contract/scenario.md)."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import msgspec
import typer
from rich.console import Console

from ivr.call.ports import CallerTurn, CallInfo, Heard, Humans, Keyed, Reply, Said, Silent
from ivr.conversation.client import RasaConversation
from ivr.conversation.servers import LineServers, at_work
from ivr.errors import IvrError, SettingsError
from ivr.packs import Pack, load_packs, read_yaml
from ivr.running import own_ports_beside_a_real_line, running_dialogue
from ivr.settings import Settings, load
from ivr.telephony.numbers import caller_number
from ivr.tickets.seed import read_seed, seed_of, sow
from ivr.tickets.ticket import to_json
from ivr.worlds import World, Worlds, simulation_file

HANG_UP_WITHIN_S = 0.05
"""A hang-up that comes this soon after an utterance came with it."""


def command(
    *,
    hotline: Annotated[str, typer.Option(help="打哪条热线（data/packs 里的名字）")] = "appliance",
    caller: Annotated[str, typer.Option(help="来电号码；不写就是没有来电显示")] = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="每行一个 JSON，供程序使用")] = False,
    seed: Annotated[Path | None, typer.Option(help="场景文件：客户、以前的工单和日期从里面来")] = None,
    only: Annotated[str, typer.Option(help="用场景文件里的哪一个")] = "",
) -> None:
    """用键盘和机器人对话。

    说话直接打字，回车发送；/keys 123 是按键，/silence 是不出声，/quit 是挂断。
    对话服务没有在运行时，为这次对话临时启动（约一分钟）。
    """
    settings = load()
    scenario = _scenario(seed, only) if seed else None
    if scenario:
        settings = replace(settings, simulation=True)
    elif hotline not in load_packs(at_work(settings).data):
        raise SettingsError(f"没有叫 {hotline!r} 的热线：请看 data/packs。")
    number = caller_number(caller, region=settings.region)  # as the line reads it from the SIP header
    asyncio.run(_run(settings, scenario, hotline, number, jsonl=jsonl))


async def _run(
    settings: Settings, scenario: dict[str, Any] | None, hotline: str, caller: str | None, *, jsonl: bool
) -> None:
    if scenario:
        settings = await own_ports_beside_a_real_line(settings, _tell)
    async with running_dialogue(settings, _tell), talking(settings, scenario, hotline, caller) as talk:
        await (talk.by_lines() if jsonl else talk.by_keyboard())


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _scenario(file: Path, only: str) -> dict[str, Any]:
    scenarios = read_yaml(file).get("scenarios") or []
    if not only and len(scenarios) == 1:
        return dict(scenarios[0])
    chosen = next((each for each in scenarios if each.get("id") == only), None)
    if chosen is None:
        known = "、".join(str(each.get("id")) for each in scenarios)
        raise SettingsError(f"{file} 里没有场景 {only!r}：请用 --only 选一个：{known}。")
    return dict(chosen)


@asynccontextmanager
async def talking(
    settings: Settings, scenario: dict[str, Any] | None, hotline: str, caller: str | None
) -> AsyncIterator[_Talk]:
    servers = LineServers(settings)
    worlds = Worlds(settings, servers)
    call = CallInfo(f"chat-{uuid.uuid4().hex[:12]}", hotline, caller, settings.now())
    if scenario:
        call = _simulated(settings, scenario)
    try:
        world = await worlds.of(call)
        if call.simulation:
            await sow(world.store, read_seed(simulation_file(settings, call.simulation, ".json")), world.taxonomy)
        call = replace(call, recorded=world.packs[call.hotline].recording)
        async with aiohttp.ClientSession() as http:
            patience_s = max(settings.dialogue.timeout_s, 10.0)
            humans = _humans(scenario or {}, world.packs[call.hotline])
            conversation = RasaConversation(http, servers, worlds.of, timeout_s=patience_s, humans=lambda _: humans)
            try:
                yield _Talk(conversation, call, world, worlds.shelf.current.prompts["apology"])
            finally:
                await conversation.close()
    finally:
        await worlds.close()
        if call.simulation:
            for suffix in (".json", ".db", ".db-wal", ".db-shm"):
                simulation_file(settings, call.simulation, suffix).unlink(missing_ok=True)


def _humans(scenario: dict[str, Any], pack: Pack) -> dict[str, Humans]:
    """`humans:` of a scenario, for each queue of its hotline. Without it nothing is known, as where AMI is away."""
    if "humans" not in scenario:
        return {}
    try:
        humans = msgspec.convert(scenario["humans"], Humans)
    except msgspec.ValidationError as error:
        raise SettingsError(f"场景里的 humans 有误：{error}。写法见 docs/handoff.md。") from error
    return dict.fromkeys(pack.queue_names, humans)


def _simulated(settings: Settings, scenario: dict[str, Any]) -> CallInfo:
    """The call of a scenario, its seed written where the action server finds it."""
    token = f"chat-{uuid.uuid4().hex}"
    file = simulation_file(settings, token, ".json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(seed_of(scenario, settings.zone), ensure_ascii=False), "utf-8")
    seed = read_seed(file)
    return CallInfo(token, seed.hotline, seed.caller, seed.now, simulation=token)


After = Callable[["_Talk"], Awaitable[None]]


@dataclass(slots=True)
class _Talk:
    conversation: RasaConversation
    call: CallInfo
    world: World
    apology: str
    """What the line itself says when the dialogue does not answer."""
    silences: int = 0

    # --- for programs --------------------------------------------------------------

    async def by_lines(self) -> None:
        lines = await _stdin()
        reply = await self._answer(None)
        while not reply.ended:
            try:
                turn = self._turn(await lines.readline())
            except SettingsError as error:
                _tell(str(error))
                continue
            if turn is None:
                await self.conversation.end(self.call, "caller_hung_up")
                break
            reply = await self._answer(turn)
        if reply.ended:
            await self._ended(reply, hung_up=await _hangs_up(lines))
        tickets = await self.world.store.of_call(self.call.call_id)
        _write({"tickets": [to_json(ticket) for ticket in tickets]})

    async def _answer(self, turn: CallerTurn | None) -> Reply:
        """The bot's turn, written; None: the greeting. Without an answer the caller goes to a human, as on the line."""
        try:
            if turn is None:
                reply = await self.conversation.begin(self.call)
            else:
                reply = await self.conversation.reply(self.call, turn)
        except IvrError as error:
            _tell(str(error))
            reply = Reply(self.apology, ended=True, handoff="bot_failure")
        _write(_json(reply))
        return reply

    async def _ended(self, reply: Reply, *, hung_up: bool) -> str | None:
        if hung_up:
            return await self.conversation.end(self.call, "caller_hung_up")
        if reply.handoff:
            return await self.conversation.end(self.call, "handed_over", reply.handoff)
        return await self.conversation.end(self.call, "bot_hung_up")

    def _turn(self, raw: bytes) -> CallerTurn | None:
        """None: the caller hangs up, or no more lines come. Raises `SettingsError` for a line that says nothing."""
        if not raw:
            return None
        try:
            what = json.loads(raw)
        except ValueError as error:
            raise SettingsError(f"标准输入的这一行不是 JSON：{raw[:100]!r}") from error
        if not isinstance(what, dict) or not {"say", "keys", "silence", "hang_up"} & set(what):
            raise SettingsError(f"标准输入的这一行要有 say、keys、silence 或 hang_up：{raw[:100]!r}")
        if what.get("hang_up"):
            return None
        if what.get("silence"):
            self.silences += 1
            return Silent(self.silences)
        self.silences = 0
        if "keys" in what:
            return Keyed(str(what["keys"]))
        return Said(Heard(str(what["say"]), 1.0))

    # --- for people ------------------------------------------------------------------

    async def by_keyboard(self, after: After | None = None) -> None:
        """`after`: done after each of the bot's turns."""
        console, number = Console(), None
        reply = await self.conversation.begin(self.call)
        _show(console, reply)
        if after:
            await after(self)
        while not reply.ended:
            typed = await asyncio.to_thread(_typed)
            if typed is None or typed == "/quit":
                number = await self.conversation.end(self.call, "caller_hung_up")
                break
            if not typed:
                continue
            try:
                reply = await self.conversation.reply(self.call, self._typed_turn(typed))
            except IvrError as error:
                console.print(f"[red]{error}[/red]")
                continue
            _show(console, reply)
            if after:
                await after(self)
        else:
            number = await self._ended(reply, hung_up=False)
        console.print(f"工单：{number}，查看：.venv/bin/ivr tickets show {number}" if number else "没有工单。")

    def _typed_turn(self, typed: str) -> CallerTurn:
        if typed.startswith("/keys"):
            return Keyed(typed.removeprefix("/keys").strip())
        self.silences = self.silences + 1 if typed == "/silence" else 0
        return Silent(self.silences) if self.silences else Said(Heard(typed, 1.0))


def _typed() -> str | None:
    try:
        return input("我：").strip()
    except EOFError:
        return None


def _show(console: Console, reply: Reply) -> None:
    asks = f" [dim]（问：{'、'.join(reply.asks)}）[/dim]" if reply.asks else ""
    console.print(f"[bold]机器人：[/bold]{reply.text}{asks}", highlight=False)
    if reply.handoff:
        console.print(f"[dim]转人工：{reply.handoff}[/dim]")


def _json(reply: Reply) -> dict[str, Any]:
    return {
        "text": reply.text,
        "asks": list(reply.asks),
        "about": dict(reply.about),
        "keys": reply.keys,
        "ended": reply.ended,
    }


def _write(what: dict[str, Any]) -> None:
    print(json.dumps(what, ensure_ascii=False), flush=True)


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _hangs_up(lines: asyncio.StreamReader) -> bool:
    """Did the caller hang up as they spoke, before they could hear the answer?"""
    try:
        raw = await asyncio.wait_for(lines.readline(), HANG_UP_WITHIN_S)
    except TimeoutError:
        return False
    return b'"hang_up"' in raw
