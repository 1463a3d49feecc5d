"""Call mode against a scripted hotline: real SIP, real sound, the line's event stream; no Asterisk, no models."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.settings import Settings
from ivr.simulate.agent import AgentPhone
from ivr.simulate.call_log import Live
from ivr.simulate.line_events import LineEvents
from ivr.simulate.phone_call import Exchange, run_call
from ivr.simulate.report import CallResult
from ivr.simulate.world import SimulatedWorld, sown
from ivr.tickets.ticket import Fact, Ticket
from tests.fakes.hotline import CALL_ID, Hotline, ToneVoice
from tests.unit.simulate.scenarios import SAMENESS, TAXONOMY, scenario

pytestmark = pytest.mark.line

AGENTS: Sequence[AgentPhone] = ()
GREETING = {"text": "您好请讲", "asks": ["description"]}


async def call(
    tmp_path: Path, turns: Sequence[Mapping[str, Any]], live: list[Live] | None = None, **parts: Any
) -> tuple[CallResult, Hotline]:
    one = scenario(tmp_path, **parts)
    settings = replace(Settings(), var=tmp_path, simulation=True)
    async with sown(one, settings, TAXONOMY) as world:
        hotline = Hotline(tmp_path, turns, lambda call_id: write_ticket(world, call_id))
        async with hotline.running() as target, LineEvents(hotline.events_url) as events:
            exchange = Exchange(target=target, events=events, voice=ToneVoice(), agents=AGENTS, records=tmp_path / "r")
            watch = live.append if live is not None else lambda _: None
            result = await run_call(one, world, exchange, SAMENESS, dialled="4001000001", watch=watch)
    return result, hotline


async def write_ticket(world: SimulatedWorld, call_id: str) -> None:
    moment = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
    made = Ticket(
        hotline="appliance", category="product_fault", call_id=call_id, caller_number="13800010001",
        created_at=moment, status="complete", fields={"product": Fact("空调")},
    )  # fmt: skip
    await world.store.create(made)


async def test_a_call_is_placed_spoken_measured_and_judged(tmp_path: Path) -> None:
    live: list[Live] = []
    result, _ = await call(
        tmp_path,
        [GREETING, {"text": "什么产品", "asks": ["product"]}, {"text": "好的再见", "ended": True}],
        live,
        says={"answers": {"product": ["空调"]}},
        expect={"status": "complete", "fields": {"product": "空调"}, "max_questions": 1},
    )
    assert result.passed, result.checks
    assert result.extra["call_id"] == CALL_ID
    assert [turn.who for turn in result.turns] == ["bot", "caller", "bot", "caller", "bot"]
    assert [turn.heard for turn in result.turns if turn.who == "caller"] == ["听到了", "听到了"]
    # The hotline answers 250 ms after 300 ms of silence; the telephone's own clock sees it a little later.
    assert all(500 <= gap <= 1100 for gap in result.gaps_ms), result.gaps_ms
    assert len(result.gaps_ms) == 2
    assert 50 <= int(str(result.extra["answered_ms"])) <= 2000
    assert 0 <= int(str(result.extra["greeting_ms"])) <= 1000
    folder = Path(str(result.extra["records"]))
    assert (folder / "heard.wav").stat().st_size == (folder / "said.wav").stat().st_size > 44
    assert [item.kind for item in live if item.kind in ("answered", "bot", "caller", "ended")] == [
        "answered", "bot", "caller", "bot", "caller", "bot", "ended",
    ]  # fmt: skip


async def test_keys_silence_and_hanging_up_as_the_utterance_ends(tmp_path: Path) -> None:
    result, hotline = await call(
        tmp_path,
        [
            GREETING | {"listen": "speech"},
            {"text": "请按单号", "asks": ["order_no"], "keys": True, "listen": "keys"},
            {"text": "还在吗", "asks": ["product"], "listen": "nothing"},
            {"text": "什么产品", "asks": ["product"]},
            {"text": "不会听到", "asks": ["since"]},
        ],
        says={"answers": {"product": ["空调"]}, "keys": {"order_no": "123"}, "silent": [3], "hangs_up_after": 3},
    )
    assert hotline.heard_keys == "123"
    said = [(turn.text, turn.keyed) for turn in result.turns if turn.who == "caller"]
    assert said == [("喂，坏了", None), ("", "123"), ("", None), ("空调", None)]
    assert result.passed, result.checks
    assert result.questions == 3


async def test_a_mute_bot_is_a_failed_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.simulate.phone_call.TURN_S", 0.5)
    monkeypatch.setattr("ivr.simulate.phone_call.SETTLED_S", 1.0)
    result, _ = await call(tmp_path, [])
    assert "机器人没有说话" in str(result.checks[0].got)


async def test_worlds_are_apart_and_leave_nothing_behind(tmp_path: Path) -> None:
    prior = {"ticket_no": "GD20261101-000001", "category": "product_fault", "days_ago": 21, "stage": "closed",
             "fields": {"product": "空调", "problem": "不制冷"}}  # fmt: skip
    one = scenario(tmp_path, prior_tickets=[prior], customer={"name": "王芳", "tier": "vip"})
    settings = replace(Settings(), var=tmp_path, simulation=True)
    async with sown(one, settings, TAXONOMY) as world, sown(one, settings, TAXONOMY) as other:
        assert world.token != other.token
        await asyncio.gather(write_ticket(world, "a"), write_ticket(other, "b"))
        assert [t["ticket_no"] for t in await world.tickets("a")] == ["GD20261122-000001"]
        assert await world.tickets("b") == ()
        assert (await world.store.get("GD20261101-000001")).fields["problem"].value == "不制冷"
    assert list((tmp_path / "simulation").iterdir()) == []
