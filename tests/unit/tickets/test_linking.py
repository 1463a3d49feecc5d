from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ivr.tickets.judgement.words import LinkWords
from ivr.tickets.likeness import likeness
from ivr.tickets.linking import candidates, denies_earlier, speaks_of_earlier
from ivr.tickets.ticket import Fact, Ticket
from tests.unit.tickets.conftest import NOW

TODAY = NOW.date()

EARLIER = [
    "和上次一样",
    "跟上回一个样，没好",
    "又来了，还是那个毛病",
    "老问题了",
    "你们上回修的那个又不行了",
    "我上周打的那个电话，一回事",
    "还是上次那台，又坏了",
    "我前几天报修过的",
    "这都第三次了",
    "修好没两天又不转了",
    "旧病复发呗",
    "同样的毛病",
    "我又打过来了，还没解决",
    "报过两次了",
    "那个毛病又犯了",
    "还是之前那个单子",
]
FIRST = [
    "我家空调不制冷",
    "第一次打你们电话",
    "以前都好好的，今天突然不亮了",
    "洗衣机漏水，想约个师傅",
    "我要退货",
    "请问怎么安装",
    "这回不是上次那个事，是别的毛病",
    "上个月买的，昨天开始响",
]


@pytest.mark.parametrize("text", EARLIER)
def test_speaks_of_an_earlier_time(links: LinkWords, text: str) -> None:
    assert speaks_of_earlier(text, links)


@pytest.mark.parametrize("text", FIRST)
def test_does_not_speak_of_an_earlier_time(links: LinkWords, text: str) -> None:
    assert not speaks_of_earlier(text, links)


def test_a_denial_is_heard(links: LinkWords) -> None:
    assert denies_earlier("不是那个，这次是另外一个毛病", links)
    assert not denies_earlier("对，就是那个", links)


def on_file(ticket: Ticket, number: int, days_ago: int, **fields: str) -> Ticket:
    return replace(
        ticket,
        ticket_no=f"GD20261001-{number:06d}",
        call_id=f"old{number}",
        created_at=NOW - dt.timedelta(days=days_ago),
        fields={name: Fact(value) for name, value in fields.items()},
    )


def numbers(found: object) -> list[str]:
    return [each.ticket.ticket_no[-1] for each in found]  # type: ignore[attr-defined]


@pytest.fixture
def filed(ticket: Ticket) -> list[Ticket]:
    return [
        on_file(ticket, 1, 5, product="空调", problem="不制冷"),
        on_file(ticket, 2, 40, product="洗衣机", problem="脱水的时候声音大", order_no="DD1"),
        on_file(ticket, 3, 400, product="冰箱", problem="结霜"),
    ]


def test_pointing_to_last_time_offers_what_is_on_file_newest_first(filed: list[Ticket], links: LinkWords) -> None:
    assert numbers(candidates("和上次一样", None, filed, TODAY, links)) == ["1", "2"]


@pytest.mark.parametrize(
    ("said", "product", "problem", "expected"),
    [
        ("还是那个毛病", "洗衣机", None, ["2"]),
        ("洗衣机，甩干响得厉害", "洗衣机", "甩干响得厉害", ["2"]),
        ("空调又吹热风", "空调", "吹热风", ["1"]),
        ("空调漏水", "空调", "漏水", []),
        ("电视坏了", "电视", "不亮", []),
        ("老问题，洗衣机那个", None, None, ["2", "1"]),
        ("不是空调，是另一个", None, None, ["2"]),
        ("跟上次一样", "空调", "跟上次一样", ["1"]),
    ],
)
def test_another_product_or_problem_is_never_linked(
    filed: list[Ticket], links: LinkWords, said: str, product: str | None, problem: str | None, expected: list[str]
) -> None:
    assert numbers(candidates(said, product, filed, TODAY, links, problem=problem)) == expected


def test_another_order_number_is_another_matter(filed: list[Ticket], links: LinkWords) -> None:
    assert candidates("老问题", "洗衣机", filed, TODAY, links, facts={"order_no": "DD2"}) == ()
    assert numbers(candidates("老问题", "洗衣机", filed, TODAY, links, facts={"order_no": "DD1"})) == ["2"]


def test_at_most_three_and_of_a_chain_only_the_last(ticket: Ticket, links: LinkWords) -> None:
    many = [on_file(ticket, number, number, product="空调", problem="不制冷") for number in range(1, 6)]
    assert numbers(candidates("又坏了", None, many, TODAY, links)) == ["1", "2", "3"]
    chain = [replace(many[0], prior_ticket_no=many[1].ticket_no), many[1]]
    assert numbers(candidates("又坏了", None, chain, TODAY, links)) == ["1"]


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("不制冷", "开了半天吹热风", "遥控器丢了"),
        ("打不着火", "点不着，水是凉的", "漏水"),
        ("宽带老掉线", "一会儿有一会儿没有", "多扣了流量费"),
        ("退款一直没到账", "钱还没退给我", "发错颜色了"),
        ("右边镜腿松了", "镜腿又松动了", "镜片花了"),
    ],
)
def test_the_same_problem_in_other_words_is_more_alike(links: LinkWords, one: str, same: str, other: str) -> None:
    assert likeness(one, same, links) > 0.35 > likeness(one, other, links)
    assert likeness(one, one) == pytest.approx(1.0)
    assert likeness(one, "") == 0.0
