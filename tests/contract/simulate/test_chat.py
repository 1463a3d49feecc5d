"""Text mode against a program that speaks the lines of `ivr chat --jsonl` by script."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ivr.simulate.chat import ChatCall
from ivr.simulate.report import CallResult, write_report
from tests.unit.simulate.scenarios import SAMENESS, scenario

FAKE = Path(__file__).parents[2] / "fakes" / "chat.py"
GREETING = {"text": "您好", "asks": ["description"], "about": {}, "keys": False, "ended": False}


async def play(
    tmp_path: Path, turns: list[dict[str, Any]], tickets: list[dict[str, Any]], **parts: Any
) -> tuple[CallResult, list[dict[str, Any]]]:
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"turns": turns, "tickets": tickets}), "utf-8")
    one = scenario(tmp_path, **parts)
    result = await ChatCall(one, SAMENESS, (sys.executable, str(FAKE), str(script))).play()
    told = script.with_suffix(".told").read_text("utf-8").splitlines()
    return result, [json.loads(line) for line in told]


def ask(*asks: str, **more: Any) -> dict[str, Any]:
    return {"text": "？", "asks": list(asks), "about": {}, "keys": False, "ended": False, **more}


async def test_a_call_is_played_to_its_end_and_judged(tmp_path: Path) -> None:
    ticket = {"status": "complete", "fields": {"product": {"value": "空调"}}}
    result, told = await play(
        tmp_path,
        [GREETING, ask("product"), ask(text="工单号……", ended=True)],
        [ticket],
        says={"answers": {"product": ["空调"]}},
        expect={"status": "complete", "fields": {"product": "空调"}, "max_questions": 1},
    )
    assert told == [{"say": "喂，坏了"}, {"say": "空调"}]
    assert result.passed
    assert result.questions == 1
    assert [turn.who for turn in result.turns] == ["bot", "caller", "bot", "caller", "bot"]

    file = tmp_path / "out" / "report.json"
    write_report(file, "text", [result], {})
    one = json.loads(file.read_text("utf-8"))["scenarios"][0]
    assert one["ticket"] == ticket
    assert one["turns"][3] == {"who": "caller", "text": "空调", "heard": "空调", "at": one["turns"][3]["at"]}
    assert one["checks"][0] == {"what": "status", "passed": True, "expected": "complete", "got": "complete"}


async def test_keys_follow_speech_and_what_comes_between_is_talked_over(tmp_path: Path) -> None:
    result, told = await play(
        tmp_path,
        [GREETING, ask("order_no", "since"), ask("order_no"), ask(ended=True)],
        [],
        says={"answers": {"since": ["昨天"]}, "keys": {"order_no": "123"}},
    )
    assert told[1:] == [{"say": "昨天"}, {"keys": "123"}]
    assert result.questions == 2
    assert result.turns[3].keyed == "123"


async def test_silence_and_hanging_up(tmp_path: Path) -> None:
    result, told = await play(
        tmp_path,
        [GREETING, ask("product"), ask("product"), ask("since")],
        [{"status": "abandoned"}],
        says={"answers": {"product": ["空调"]}, "silent": [2], "hangs_up_after": 2},
        expect={"status": "abandoned"},
    )
    assert told == [{"say": "喂，坏了"}, {"silence": True}, {"say": "空调"}, {"hang_up": True}]
    assert result.passed
    assert result.questions == 2  # what was asked after hanging up nobody heard


async def test_a_program_that_dies_or_talks_nonsense_is_a_failed_scenario(tmp_path: Path) -> None:
    result, _ = await play(tmp_path, [GREETING, {"die": True}], [])
    assert not result.passed
    assert result.checks[0].what == "conversation"
    assert "提前结束" in str(result.checks[0].got)
    assert "内存不足" in str(result.checks[0].got)
    result, _ = await play(tmp_path, [GREETING, {"raw": "Traceback"}], [])
    assert "不是 JSON" in str(result.checks[0].got)
