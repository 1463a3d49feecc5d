"""Facts of one sentence, asked for or not."""

from __future__ import annotations

import datetime as dt

import pytest

from ivr.conversation.ear import Ear
from ivr.conversation.facts import facts
from ivr.conversation.spoken import aloud
from tests.unit.conversation.setting import setting

SETTING = setting()


def heard(category: str, text: str, *asked: str, insist: tuple[str, ...] = ()) -> dict[str, str]:
    known = SETTING.taxonomy.hotline("appliance").categories[category]
    fields = [SETTING.fields[name] for name in known.fields]
    ear = Ear(SETTING.pack, SETTING.evidence, dt.date(2026, 11, 22), category, asked, insist)
    return {name: one.value for name, one in facts(text, fields, ear).items()}


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("型号是 K F R 三五", "model", "KFR35"),
        ("屏幕显示 E 四", "error_code", "E4"),
        ("我住在柳树街十号院三单元", "address", "柳树街十号院三单元"),
    ],
)
def test_announced_numbers_and_places(text: str, field: str, value: str) -> None:
    assert heard("product_fault", text)[field] == value


def test_a_number_nobody_announced_is_none() -> None:
    assert "model" not in heard("product_fault", "空调开到三十度也没用")


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("我要投诉你们那个姓刘的师傅", "姓刘的师傅"),
        ("城东网点的人太横了", "城东网点"),
        ("王师傅上门就骂人", "王师傅"),
        ("你们那个安装工，昨天来的，姓屠，张口就要红包", "安装工，姓屠"),
    ],
)
def test_who_is_complained_about(text: str, about: str) -> None:
    assert about in heard("service_attitude", text)["complained_about"]


def test_a_bare_somebody_names_nobody() -> None:
    assert "complained_about" not in heard("service_attitude", "你们那个师傅态度太差")
    assert heard("service_attitude", "就是上门那个师傅", "complained_about")["complained_about"]


@pytest.mark.parametrize("text", ["对", "在", "我在听", "不是", "谢谢", "昨天", "坏了", "好的", "我不想说了", "你好"])
def test_fillers_are_no_product_and_nobody(text: str) -> None:
    assert "product" not in heard("product_fault", text, "product")
    assert text == "坏了" or "complained_about" not in heard("service_attitude", text, "complained_about")


@pytest.mark.parametrize("text", ["按摩椅", "是那个按摩椅", "就是你们的按摩椅"])
def test_a_product_that_no_lexicon_has(text: str) -> None:
    assert "按摩椅" in heard("product_fault", text, "product")["product"]


def test_a_short_trouble_stays_one_when_it_sounds_like_a_no() -> None:
    assert heard("product_fault", "不转", "problem")["problem"] == "不转"
    assert "problem" not in heard("product_fault", "对", "problem")


def test_appointment_needs_day_and_half() -> None:
    assert heard("installation", "后天上午来装吧")["appointment"] == "2026-11-24 上午"
    assert "appointment" not in heard("installation", "前天就送到了，一直没人来装")


def test_the_day_alone_is_taken_in_the_end() -> None:
    assert heard("installation", "就后天", "appointment", insist=("appointment",))["appointment"] == "2026-11-24 上午"


@pytest.mark.parametrize("text", ["我想咨询个事情", "问个问题", "想打听一下"])
def test_an_announcement_is_no_question(text: str) -> None:
    assert "problem" not in heard("consultation", text)


def test_desired_resolution_is_the_callers_clause() -> None:
    assert "退" in heard("refund_exchange", "涂层都掉了，我就要退货，不换")["desired_resolution"]


@pytest.mark.parametrize(
    ("value", "kind", "spoken"),
    [
        ("GD20261122-000001", "digits", "G D，二零二六，幺幺二二，零零零零，零幺"),
        ("2026-11-20", "date", "11月20号"),
        ("2026-11-24 上午", "time", "11月24号上午"),
        ("50.80", "money", "50.8元"),
        ("空调", "term", "空调"),
    ],
)
def test_aloud(value: str, kind: str, spoken: str) -> None:
    assert aloud(value, kind) == spoken
