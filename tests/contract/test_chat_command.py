"""`ivr chat --jsonl` speaks its lines to the end, whatever its peers do."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from ivr.call.ports import CallInfo, Reply
from ivr.commands import chat
from ivr.conversation.client import RasaConversation
from ivr.errors import DialogueDown
from ivr.running import own_ports_beside_a_real_line
from ivr.settings import Ports, Settings, save
from ivr.worlds import World
from tests.fakes.conversation import FakeConversation

CALL = CallInfo("chat-1", "appliance", None, dt.datetime(2026, 11, 22, tzinfo=dt.UTC))


class NoTickets:
    @property
    def store(self) -> NoTickets:
        return self

    async def of_call(self, call_id: str) -> list[Any]:
        return []


async def talked(conversation: FakeConversation, *lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stdin() -> asyncio.StreamReader:
        reader = asyncio.StreamReader()
        reader.feed_data("".join(f"{line}\n" for line in lines).encode())
        reader.feed_eof()
        return reader

    monkeypatch.setattr(chat, "_stdin", stdin)
    talk = chat._Talk(cast(RasaConversation, conversation), CALL, cast(World, NoTickets()), "对不起。")
    await talk.by_lines()


async def test_without_an_answer_the_caller_goes_to_a_human_and_the_tickets_come(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    conversation = FakeConversation(["您好。", DialogueDown("对话服务没有回答。")])
    await talked(conversation, '{"say": "冰箱坏了"}', monkeypatch=monkeypatch)
    told = capsys.readouterr()
    greeting, apology, tickets = [json.loads(line) for line in told.out.splitlines()]
    assert not greeting["ended"]
    assert apology["text"] == "对不起。"
    assert apology["ended"]
    assert tickets == {"tickets": []}
    assert conversation.endings == [("handed_over", "bot_failure")]
    assert "对话服务没有回答" in told.err


async def test_a_line_that_says_nothing_is_told_and_passed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    conversation = FakeConversation(["您好。", Reply("再见。", ended=True)])
    await talked(conversation, "冰箱", "[1]", '{"yell": 1}', '{"say": "坏了"}', monkeypatch=monkeypatch)
    told = capsys.readouterr()
    assert len(conversation.turns) == 1
    assert len(told.err.splitlines()) == 3
    assert "再见" in told.out
    assert json.loads(told.out.splitlines()[-1]) == {"tickets": []}


@pytest.mark.parametrize(("simulates", "own"), [(False, True), (True, False)])
async def test_beside_a_line_that_takes_real_calls_a_simulated_dialogue_has_ports_of_its_own(
    tmp_path: Path, unused_tcp_port: int, *, simulates: bool, own: bool
) -> None:
    settings = replace(Settings(), var=tmp_path, simulation=True, ports=Ports(rasa=unused_tcp_port))

    async def status(request: web.Request) -> web.Response:
        return web.Response()

    told: list[str] = []
    assert await own_ports_beside_a_real_line(settings, told.append) == settings
    save(replace(settings, simulation=simulates), tmp_path / "run" / "settings.json")
    application = web.Application()
    application.router.add_get("/status", status)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    chosen = await own_ports_beside_a_real_line(settings, told.append)
    await runner.cleanup()
    assert (chosen.ports.rasa != unused_tcp_port) is own
    assert bool(told) is own
