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
