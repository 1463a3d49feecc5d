"""Each rule of docs/contract/scenario.md that says what a simulated caller does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivr.simulate.caller import BotTurn, Caller, CallerAct
from tests.unit.simulate.scenarios import SAMENESS, scenario

GREETING = BotTurn("您好，请问有什么可以帮您？", ("description",))


def caller(tmp_path: Path, mode: Any = "text", **scenario_parts: Any) -> Caller:
    return Caller(scenario(tmp_path, **scenario_parts), SAMENESS, mode)


def asks(*what: str, keys: bool = False, about: dict[str, str] | None = None) -> BotTurn:
    return BotTurn("？", what, about or {}, keys)


def test_the_opening_answers_the_greeting(tmp_path: Path) -> None:
    assert caller(tmp_path).hears(GREETING) == CallerAct(say="喂，坏了")


def test_the_greeting_is_no_question_and_the_rest_counts_each_thing(tmp_path: Path) -> None:
    one = caller(tmp_path)
    for turn in (GREETING, asks("product"), asks("since", "model")):
        one.hears(turn)
    assert one.questions == 3
    assert one.asked == ["product", "since", "model"]


def test_answers_follow_what_is_asked_and_repeat_the_last(tmp_path: Path) -> None:
    one = caller(tmp_path, says={"answers": {"problem": ["吹热风", "就是不凉"]}})
    one.hears(GREETING)
    assert [one.hears(asks("problem")).say for _ in range(3)] == ["吹热风", "就是不凉", "就是不凉"]


def test_two_things_are_answered_in_one_breath(tmp_path: Path) -> None:
    one = caller(tmp_path, says={"answers": {"product": ["空调"], "since": ["昨天"]}})
    one.hears(GREETING)
    assert one.hears(asks("product", "since")) == CallerAct(say="空调，昨天")


def test_more_than_two_in_a_turn_fail(tmp_path: Path) -> None:
    one = caller(tmp_path)
    one.hears(GREETING)
    one.hears(asks("product", "since", "model"))
    assert [name for name, _ in one.failures] == ["asks"]


def test_anything_else_gets_otherwise(tmp_path: Path) -> None:
    one = caller(tmp_path, says={"otherwise": "不清楚"})
    one.hears(GREETING)
    assert one.hears(asks("mileage")).say == "不清楚"


def test_a_turn_without_a_mark_is_answered_counted_and_reported(tmp_path: Path) -> None:
    one = caller(tmp_path, says={"otherwise": "不清楚"})
    one.hears(GREETING)
    assert one.hears(BotTurn("请稍等")).say == "不清楚"
    assert one.questions == 1
    assert "没有标明" in one.remarks[0]


def test_instead_and_silence_use_up_no_answer(tmp_path: Path) -> None:
    one = caller(tmp_path, says={"answers": {"problem": ["甲", "乙"]}, "instead": {2: "等等"}, "silent": [3]})
    one.hears(GREETING)
    acts = [one.hears(asks("problem")) for _ in range(4)]
    assert acts == [CallerAct(say="等等"), CallerAct(silent=True), CallerAct(say="甲"), CallerAct(say="乙")]


def test_a_caller_who_was_silent_at_first_still_opens(tmp_path: Path) -> None:
    one = caller(tmp_path, says={"silent": [1]})
    assert one.hears(GREETING).silent
    assert one.hears(asks("description")).say == "喂，坏了"


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"product": "空调"}, "对"),
        ({"product": "挂机"}, "对"),  # another name of the same thing
        ({"problem": "吹的是热风"}, "对"),  # holds one of {any: …}
        ({"since": "2026-11-19"}, "对"),
        ({"order_no": "dd 2026-0301"}, "对"),  # says.truth, normalised
        ({"amount": "58.6"}, "对"),
        ({"mileage": "9000"}, "对"),  # nothing is known of it
        ({"since": "2026-11-18"}, "不对，三天了"),
        ({"product": "空调", "order_no": "DD20260302"}, "不对，DD20260301"),
    ],
)
def test_a_confirm_is_compared_with_the_truth(tmp_path: Path, about: dict[str, str], said: str) -> None:
    one = caller(
        tmp_path,
        says={
            "answers": {"confirm": ["对"], "since": ["三天了"], "order_no": ["DD20260301"]},
            "truth": {"order_no": "DD20260301", "amount": "58.60"},
        },
        expect={"fields": {"product": "空调", "problem": {"any": ["热风"]}, "since": "2026-11-19"}},
    )
    one.hears(GREETING)
    assert one.hears(asks("confirm", about=about)).say == said


def test_confirm_always_denies_nothing(tmp_path: Path) -> None:
    one = caller(
        tmp_path,
        says={"answers": {"confirm": ["嗯"]}, "confirm_always": True},
        expect={"fields": {"since": "2026-11-19"}},
    )
    one.hears(GREETING)
    assert one.hears(asks("confirm", about={"since": "2020-01-01"})).say == "嗯"


def test_the_second_complaint_is_true_too(tmp_path: Path) -> None:
    one = caller(
        tmp_path,
        says={"answers": {"confirm": ["对"]}},
        expect={"fields": {"product": "空调"}, "also": [{"fields": {"product": "洗衣机"}}]},
    )
    one.hears(GREETING)
    assert one.hears(asks("confirm", about={"product": "洗衣机"})).say == "对"


def test_a_field_in_keys_is_keyed_whenever_it_is_asked_for(tmp_path: Path) -> None:
    one = caller(tmp_path, says={"answers": {"order_no": ["一二三"], "since": ["昨天"]}, "keys": {"order_no": "123"}})
    one.hears(GREETING)
    assert one.hears(asks("order_no")) == CallerAct(keys="123")
    assert one.hears(asks("order_no", "since")) == CallerAct(say="昨天", keys="123")


def test_asked_for_keys_a_real_call_keys_the_digits_of_the_truth(tmp_path: Path) -> None:
    parts: dict[str, Any] = {
        "says": {"answers": {"order_no": ["一二三四"], "model": ["K一"]}},
        "expect": {"fields": {"order_no": "1234", "model": "K1"}},
    }
    by_mode = {}
    for mode in ("text", "call"):
        one = caller(tmp_path, mode, **parts)
        one.hears(GREETING)
        by_mode[mode] = [one.hears(asks("order_no", keys=True)), one.hears(asks("model", keys=True))]
    assert by_mode["text"] == [CallerAct(say="一二三四"), CallerAct(say="K一")]
    assert by_mode["call"] == [CallerAct(keys="1234"), CallerAct(say="K一")]


def test_the_caller_hangs_up_as_the_nth_utterance_ends(tmp_path: Path) -> None:
    one = caller(tmp_path, says={"hangs_up_after": 2, "silent": [2], "answers": {"product": ["空调"]}})
    assert not one.hears(GREETING).hang_up
    assert one.hears(asks("product")).silent  # silence is no utterance
    assert one.hears(asks("product")) == CallerAct(say="空调", hang_up=True)


def test_after_the_end_nothing_is_said_or_counted(tmp_path: Path) -> None:
    one = caller(tmp_path)
    one.hears(GREETING)
    assert one.hears(BotTurn("再见", ended=True)) == CallerAct(over=True)
    assert one.questions == 0


def test_thirty_turns_are_too_long(tmp_path: Path) -> None:
    one = caller(tmp_path)
    one.hears(GREETING)
    for _ in range(29):
        assert one.hears(asks("problem")).say
    assert one.hears(asks("problem")) == CallerAct(hang_up=True)
    assert one.failures[0][0] == "too_long"


def test_turns_that_never_came_are_reported_not_failed(tmp_path: Path) -> None:
    one = caller(tmp_path, says={"instead": {5: "等等"}, "silent": [7], "hangs_up_after": 9})
    one.hears(GREETING)
    one.close()
    assert not one.failures
    assert "5、7" in one.remarks[0]
    assert "第 9 句" in one.remarks[1]
