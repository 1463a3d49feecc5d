"""What callers of the car maker's and the bank's hotline say, heard with those hotlines' words."""

from __future__ import annotations

import datetime as dt

import pytest

from ivr.conversation.ear import Ear
from ivr.conversation.facts import facts
from tests.unit.conversation.setting import setting


def heard(hotline: str, category: str, text: str, *asked: str) -> dict[str, str]:
    known = setting(hotline)
    fields = [known.fields[name] for name in known.taxonomy.hotline(hotline).categories[category].fields]
    ear = Ear(known.pack, known.evidence, dt.date(2026, 11, 22), category, asked)
    return {name: one.value for name, one in facts(text, fields, ear).items()}


@pytest.mark.parametrize(
    ("category", "text", "about"),
    [
        ("dealer_service", "我要投诉你们北环那家四S店，昨天去做的保养", "北环那家四S店"),
        ("dealer_service", "就你们南山展厅那个姓刘的销售", "南山展厅那个姓刘的"),
        ("dealer_service", "道路救援等了四个小时才来", "道路救援"),
        ("parts_delay", "石桥路店说要从总部调货", "石桥路店"),
    ],
)
def test_which_dealer(category: str, text: str, about: str) -> None:
    assert heard("auto", category, text)["complained_about"] == about


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("我投诉你们人民路支行的柜员", "人民路支行的柜员"),
        ("大堂经理忽悠我妈买理财，高新区支行", "高新区支行"),
        ("客服挂我电话", "客服"),
        ("三号窗口那个女的态度太差", "三号窗口那个女的"),
    ],
)
def test_which_branch(text: str, about: str) -> None:
    assert heard("bank", "service_attitude", text)["complained_about"] == about


@pytest.mark.parametrize("text", ["大堂经理态度太差", "你们那个柜员翻白眼", "店里的人爱答不理"])
def test_a_bare_office_names_nobody(text: str) -> None:
    hotline, category = ("auto", "dealer_service") if "店" in text else ("bank", "service_attitude")
    assert "complained_about" not in heard(hotline, category, text)


def test_the_product_that_is_waited_for_is_the_part() -> None:
    assert heard("auto", "parts_delay", "我那个远山L六等前保险杠等了一个多月")["product"] == "前保险杠"
    assert heard("auto", "vehicle_fault", "我那个远山L六大灯不亮")["product"] == "远山L6"


def test_a_plate_holds_no_model() -> None:
    assert "product" not in heard("auto", "vehicle_fault", "车牌是沪A，E三七二一，打不着火")


@pytest.mark.parametrize(
    ("text", "place"),
    [("方向打不动了，我在绕城高速上", "绕城高速上"), ("打不着火，停在学府花园三号楼地库", "学府花园三号楼地库")],
)
def test_where_the_car_stands(text: str, place: str) -> None:
    assert heard("auto", "vehicle_fault", text)["address"] == place


def test_no_place_is_made_of_driving() -> None:
    assert "address" not in heard("auto", "vehicle_fault", "一脚油门下去没劲，跑高速都上不去八十")


@pytest.mark.parametrize(
    ("text", "last4"),
    [("尾号四个八那张", "8888"), ("卡尾号是零五二八", "0528"), ("尾数是，呃，五九，五九零三", "5903")],
)
def test_the_cards_tail(text: str, last4: str) -> None:
    assert heard("bank", "card_fraud", text)["card_last4"] == last4


def test_a_whole_card_number_answers_too() -> None:
    text = "六二二二零二一二三四五六七八九四四一"
    assert heard("bank", "card_fraud", text, "card_last4")["card_last4"] == "9441"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("卡里少了六千四，我没取过", "6400.00"),
        ("我打了八万过去才知道上当", "80000.00"),
        ("好几封消费通知，十几笔，加起来四千三", "4300.00"),
        ("少还了两毛钱，给我算了一百一十二块零五分的利息", "112.05"),
        ("卡里余额还有五万块，扣了我三百块", "300.00"),
    ],
)
def test_the_sum_that_is_disputed(text: str, amount: str) -> None:
    assert heard("bank", "card_fraud", text)["amount"] == amount


@pytest.mark.parametrize(
    "text", ["今天最后一天交钱，转不出去", "我今天要付房租，登不进去", "上回转了半小时，这软件老闪退"]
)
def test_a_day_that_is_not_when_it_began(text: str) -> None:
    assert "since" not in heard("bank", "app_issue", text)


@pytest.mark.parametrize(
    ("text", "part"),
    [("等一个电机控制器，开不了车", "电机控制器"), ("就差一个进气歧管，等了俩月", "进气歧管")],
)
def test_a_part_the_lexicon_has_and_one_it_has_not(text: str, part: str) -> None:
    assert heard("auto", "parts_delay", text)["product"] == part


def test_another_dealer_is_not_the_one_complained_about() -> None:
    assert "complained_about" not in heard("auto", "dealer_service", "收我一千二，我同事在别的店才三百")


def test_a_name_rather_than_an_office() -> None:
    text = "我要反映你们一个客户经理，姓庞的，天天打电话推销"
    assert "庞" in heard("bank", "service_attitude", text)["complained_about"]
