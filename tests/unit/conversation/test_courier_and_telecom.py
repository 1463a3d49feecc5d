"""What callers of the courier and the telephone company say, asked or not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ivr.conversation.ear import Ear
from ivr.conversation.facts import facts
from ivr.conversation.situation import Turn
from tests.unit.conversation.setting import Caller, setting

CALLS_FROM = "13800010001"


def heard(where: str, text: str, *asked: str, insist: tuple[str, ...] = ()) -> dict[str, str]:
    hotline, _, category = where.partition("/")
    known = setting(hotline)
    fields = [known.fields[name] for name in known.taxonomy.hotline(hotline).categories[category].fields]
    ear = Ear(
        known.pack, known.evidence, dt.date(2026, 11, 22), category, asked, insist, caller_number=CALLS_FROM
    )  # fmt: skip
    return {name: one.value for name, one in facts(text, fields, ear).items()}


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("我寄的一箱猕猴桃没影儿了，里头值两百来块", "amount", "200.00"),
        ("两坛子老酒全洒了", "product", "老酒"),
        ("寄的是老家的熏鱼", "product", "熏鱼"),
        ("花了三百六买的，运费还二十", "amount", "360.00"),
        ("我妈给我寄的辣椒酱", "product", "辣椒酱"),
        ("丢了个加湿器，一千九百八买的", "amount", "1980.00"),
        ("Y T八八零零二幺三三四五六七，查一下", "tracking_no", "YT880021334567"),
    ],
)
def test_a_parcel_unasked(text: str, field: str, value: str) -> None:
    assert heard("courier/lost", text)[field] == value


@pytest.mark.parametrize("text", ["我手机上看显示签收", "你们把我包裹弄哪儿去了", "一个多星期了", "第二个快递"])
def test_what_is_no_parcel(text: str) -> None:
    assert "product" not in heard("courier/lost", text)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("你们开元路网点那个姓孙的快递小哥", "开元路网点"),
        ("就送我们紫金小区那个小伙子骂我", "紫金小区"),
        ("站点那个老板娘凶得很", "站点那个老板娘"),
        ("姓什么我不知道，就负责我们厂区的那个", "厂区"),
    ],
)
def test_whom_the_courier_sent(text: str, about: str) -> None:
    assert about in heard("courier/service_attitude", text)["complained_about"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("就我这个号", CALLS_FROM), ("对，是这个", CALLS_FROM), ("幺八九零零幺二三四四五", "18900123445")],
)
def test_this_number(text: str, value: str) -> None:
    assert heard("telecom/billing", text, "account_no")["account_no"] == value


@pytest.mark.parametrize("text", ["不是", "不是这个号", "我老伴的", "不知道"])
def test_not_this_number(text: str) -> None:
    assert "account_no" not in heard("telecom/billing", text, "account_no")


def test_a_mobile_number_needs_no_announcement() -> None:
    assert heard("telecom/plan_change", "幺八六零零零零幺二三四，给我降档")["account_no"] == "18600001234"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("多扣了我三十六块五，我套餐就五十九", "36.50"),
        ("我是一百二十九的套餐，这个月账单出来一百八十七", "187.00"),
        ("扣了我二十", "20.00"),
    ],
)
def test_the_sum_that_is_disputed(text: str, amount: str) -> None:
    assert heard("telecom/billing", text)["amount"] == amount


@pytest.mark.parametrize("text", ["我刚查了话费", "我去年八月办的宽带", "五十九块的套餐"])
def test_other_days_and_sums(text: str) -> None:
    assert not heard("telecom/billing", text).keys() & {"billing_period", "amount"}


def test_the_day_it_began_is_no_appointment() -> None:
    said = heard("telecom/network_fault", "就今天早上起来", "since")
    assert said == {"since": "2026-11-22"}


def test_a_piece_of_something_is_no_money() -> None:
    assert "amount" not in heard("courier/damaged", "外壳凹进去一块")


def test_not_hearing_the_other_side_is_a_fault() -> None:
    assert heard("telecom/network_fault", "打电话听不见对方说话", "problem")["problem"]


def test_the_sum_is_found_beside_what_is_offered() -> None:
    said = heard("courier/lost", "就赔我三倍运费，三十块钱打发要饭的呢？我茶叶值九百")
    assert said["amount"] == "900.00"


def test_the_day_of_the_trouble_not_of_finding_out() -> None:
    said = heard("courier/false_sign", "礼拜五写我本人签收，我今天路过才看见东西在外头")
    assert said["occurred_at"] == "2026-11-20"


def test_the_number_is_lost_not_the_parcel() -> None:
    caller = Caller(hotline="courier")
    caller.says("我寄的腊肉七天了还没到", "description", intent="delay")
    assert caller.says("单子让我弄丢了，找不着", "tracking_no", intent="lost").ticket.category == "delay"


def test_a_sum_put_right_leaves_the_description_alone() -> None:
    caller = Caller(hotline="telecom")
    caller.says("我这个月话费不对劲，流量没用超", "description", intent="billing")
    caller.says("扣了六十三块五，说错了，是三十六块五", "amount")
    assert caller.value("amount") == "36.50"
    assert "流量" in (caller.value("problem") or "")


def test_what_is_asked_again_is_guessed_rather_than_asked_for_ever() -> None:
    caller = Caller(hotline="courier")
    for turn in range(2):
        caller.now = replace(caller.now, notes=caller.now.notes.asking("topic"))
        heard_now = caller._turn(Turn(text="样品的事", asked=("description",), intents={"delay": 0.1, "inform": 0.6}))
        assert heard_now.ticket.category == (None, "delay")[turn]
