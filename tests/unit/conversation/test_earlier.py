"""Which of the offered earlier tickets, the newest first, is meant by its place among them."""

from __future__ import annotations

import pytest

from ivr.conversation.earlier import Choice, choose
from tests.unit.conversation.setting import on_file, setting

LINKING = setting().taxonomy.judgement.linking
WASHER = on_file("A", 3, product="洗衣机", problem="不脱水")
COOLER = on_file("B", 20, product="空调", problem="不制冷")
HEATER = on_file("C", 40, product="热水器", problem="打不着火")


@pytest.mark.parametrize("text", ["就是之前那个", "我以前那个啊", "先前那个嘛", "然后那个"])
def test_some_time_ago_is_no_place(text: str) -> None:
    assert choose(text, (WASHER, COOLER), LINKING).open


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("前面那个", WASHER),
        ("第一个", WASHER),
        ("最近那个", WASHER),
        ("第二个", COOLER),
        ("最后一个", COOLER),
        ("后一个", COOLER),
        ("后面那个", COOLER),
        ("不是最近那个，是再早的", COOLER),
        ("不是第一个，第二个", COOLER),
        ("不是第二个是第一个", WASHER),
    ],
)
def test_of_two(text: str, meant: object) -> None:
    assert choose(text, (WASHER, COOLER), LINKING).ticket is meant


@pytest.mark.parametrize(("text", "meant"), [("中间那个", COOLER), ("最后一个", HEATER), ("最早的那个", HEATER)])
def test_of_three(text: str, meant: object) -> None:
    assert choose(text, (WASHER, COOLER, HEATER), LINKING).ticket is meant


def test_a_place_denied_leaves_open_which_one() -> None:
    assert choose("不是第一个", (WASHER, COOLER), LINKING) == Choice()


def test_earlier_than_the_newest_may_be_either_of_three() -> None:
    assert choose("不是最近那个，是再早的", (WASHER, COOLER, HEATER), LINKING).open


def test_the_last_time_is_not_the_last_of_the_list() -> None:
    assert choose("最后一次报的", (WASHER, COOLER), LINKING).open
