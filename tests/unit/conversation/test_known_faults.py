"""Sentences that were taken for something else than they say."""

from __future__ import annotations

import pytest

from ivr.tickets.linking import speaks_of_earlier
from tests.unit.conversation.setting import Caller, setting

# --- a wish or a sum is no trouble -------------------------------------------------


@pytest.mark.parametrize(
    ("hotline", "intent", "opening", "answer"),
    [
        ("ecommerce", "quality", "衣服质量不好", "我想退款"),
        ("ecommerce", "quality", "衣服质量不好", "赔我两百块"),
        ("ecommerce", "refund", "我要退款", "三百二十块"),
        ("telecom", "billing", "乱扣费", "三十六块"),
        ("telecom", "billing", "乱扣费", "把钱退给我"),
        ("courier", "damaged", "快递破损", "赔我八百"),
    ],
)
def test_a_wish_or_a_sum_does_not_tell_what_is_wrong(hotline: str, intent: str, opening: str, answer: str) -> None:
    caller = Caller(hotline=hotline)
    caller.says(opening, intent=intent)
    before = caller.value("problem")
    caller.says(answer, "problem")
    assert caller.value("problem") == before


@pytest.mark.parametrize(
    ("asked", "answer"), [("amount", "扣了八十块"), ("amount", "一共扣了我三百二"), ("account_no", "把钱退给我")]
)
def test_the_answer_to_another_question_adds_nothing_to_the_trouble(asked: str, answer: str) -> None:
    caller = Caller(hotline="telecom")
    caller.says("乱扣费，我没办过的业务扣了钱", intent="billing")
    before = caller.value("problem")
    assert before
    caller.says(answer, asked)
    assert caller.value("problem") == before


def test_a_sum_with_its_story_is_a_trouble() -> None:
    caller = Caller(hotline="telecom")
    caller.says("乱扣费", intent="billing")
    caller.says("我没开通彩铃，每个月扣我六块", "problem")
    assert "彩铃" in str(caller.value("problem"))


# --- when somebody shall come is not when it began ----------------------------------


def test_an_appointment_that_was_asked_for_is_not_when_it_began() -> None:
    caller = Caller()
    caller.says("空调不制冷", intent="product_fault")
    caller.says("礼拜六上午九点", "appointment")
    assert caller.value("appointment") == "2026-11-28 09:00"
    assert caller.value("since") is None


def test_both_days_are_kept_where_both_are_said() -> None:
    caller = Caller()
    caller.says("空调不制冷", intent="product_fault")
    caller.says("礼拜六上午九点吧，前天开始坏的", "appointment")
    assert caller.value("appointment") == "2026-11-28 09:00"
    assert caller.value("since") == "2026-11-20"


# --- how a thing is does not name it -------------------------------------------------


@pytest.mark.parametrize("answer", ["大一号的", "要大一号的", "是红色的", "我上周买的", "便宜的那种的"])
def test_how_a_thing_is_does_not_name_it(answer: str) -> None:
    caller = Caller(hotline="ecommerce")
    caller.says("发错了", intent="wrong_item")
    caller.says(answer, "product")
    assert caller.value("product") is None


@pytest.mark.parametrize(("answer", "thing"), [("吃的", "吃的"), ("竹编花篮", "竹编花篮")])
def test_a_thing_that_no_lexicon_has_is_still_named(answer: str, thing: str) -> None:
    caller = Caller(hotline="courier")
    caller.says("快递弄丢了", intent="lost")
    caller.says(answer, "product")
    assert caller.value("product") == thing


# --- numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "plate"),
    [
        ("鄂A的三五T七九", "鄂A35T79"),
        ("鄂A的，三五T七九八", "鄂A35T798"),
        ("车牌是鄂A的 三 五 T 七 九", "鄂A35T79"),
        ("鄂A三五T七九", "鄂A35T79"),
    ],
)
def test_a_plate_whose_town_is_said_apart(said: str, plate: str) -> None:
    caller = Caller(hotline="auto")
    caller.says("车异响", intent="vehicle_fault")
    caller.says(said, "plate_no")
    assert caller.value("plate_no") == plate


def test_a_number_that_was_asked_for_is_no_money() -> None:
    caller = Caller(hotline="auto")
    caller.says("4S店乱收费", intent="dealer_service")
    caller.says("五万六", "mileage")
    assert caller.value("mileage") == "56000"
    assert caller.value("amount") is None


def test_kilometres_are_no_money_before_the_matter_is_known() -> None:
    caller = Caller(hotline="auto")
    caller.says("我那车跑了五万六")
    assert caller.value("amount") is None
    caller.says("修车收了我五万六", intent="dealer_service")
    assert caller.value("amount") == "56000.00"


# --- what the bot said before is no earlier ticket ----------------------------------


AGAIN = [
    "你再说一遍", "你再跟我说一遍", "再给我说一遍", "麻烦您说一遍", "你能重新给我讲一遍吗", "您把刚才的说一遍",
    "你再给我说一次", "您给说一回",
]  # fmt: skip


@pytest.mark.parametrize("said", AGAIN)
def test_say_it_again_speaks_of_no_earlier_ticket(said: str) -> None:
    assert not speaks_of_earlier(said, setting().taxonomy.judgement.linking)


@pytest.mark.parametrize("said", ["我都说了三遍了", "跟你们说过两遍了", "报过一次修", "催了你们好几遍"])
def test_what_the_caller_said_before_does(said: str) -> None:
    assert speaks_of_earlier(said, setting().taxonomy.judgement.linking)


def test_no_word_of_a_wish_is_also_none() -> None:
    for hotline in setting().taxonomy.hotlines:
        wishes = setting(hotline).pack.lexicon.get("desired_resolution", {})
        words = [word for name, others in wishes.items() for word in (name, *others)]
        assert sorted(words) == sorted(set(words)), hotline
