"""Several complaints in one call: which words belong to which, and what comes after the first is finished."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.conversation.complaints import (
    Division,
    Portion,
    aside,
    divide,
    following,
    opened,
    shared,
    with_announced,
    with_waiting,
)
from ivr.conversation.notes import Notes, of_slot, to_slot
from ivr.conversation.situation import Turn, Understood
from tests.unit.conversation.setting import Caller, draft, setting


def divided(text: str, first: str = "", *waiting: str) -> Division:
    caller = Caller()
    if first:
        caller.says(first, "description", intent="product_fault")
    others = []
    for words in waiting:
        other = Caller()
        other.says(words, "description", intent="product_fault")
        others.append(other.now.ticket)
    return divide(text, caller.now.ticket, others, setting())


@pytest.mark.parametrize(
    "text",
    [
        "洗衣机不转了，昨天开始的",
        "空调不制冷，另外还一直滴水",
        "还有个事要跟你说一下",
        "冰箱不制冷，型号是BCD五幺零，还有就是周六以后才有人在家",
        "第二次打电话了，空调还是漏水",
    ],
)
def test_one_complaint_stays_one(text: str) -> None:
    assert divided(text).whole


def test_two_things_announced_in_one_breath() -> None:
    division = divided("头一个，我家冰箱不制冷了，再一个，洗衣机甩不干，响得很")
    assert "冰箱" in division.mine
    assert division.fresh == (Portion("再一个，洗衣机甩不干，响得很", announced=True),)


def test_two_products_after_saying_that_there_are_two_things() -> None:
    division = divided("我有俩事，冰箱不制冷，洗衣机漏水")
    assert "洗衣机" not in division.mine
    assert division.fresh[0].words == "洗衣机漏水"


def test_another_matter_later_in_the_call() -> None:
    division = divided("对了，还有个事，我那个电视也黑屏了", "冰箱不制冷")
    assert "电视" in division.fresh[0].words
    assert "电视" not in division.mine


def test_facts_go_to_the_complaint_whose_product_is_named() -> None:
    division = divided("冰箱是前天开始的，洗衣机是昨天开始的", "冰箱不制冷", "洗衣机漏水")
    assert division == Division("冰箱是前天开始的", {0: "洗衣机是昨天开始的"})


def test_the_answer_to_anything_else_is_another_complaint() -> None:
    ticket = draft()
    assert divide("没了", ticket, [], setting(), announced=True).whole
    assert divide("有，热水器漏水", ticket, [], setting(), announced=True).fresh


def test_another_complaint_waits_and_is_then_in_hand() -> None:
    caller = Caller()
    mine = caller.says("冰箱不制冷", "description", intent="product_fault")
    portion = Portion("还有个事，洗衣机漏水", announced=True)
    other = opened(portion, Turn(portion.words, intents={"product_fault": 0.9}), mine, caller.setting)
    assert other is not None
    assert with_waiting(mine, [other], told_now=False).move == "inform"
    both = with_waiting(replace(mine, notes=replace(mine.notes, ticket_no="GD1", handled="m1")), [other])
    assert both.move == "also"
    notes = of_slot(to_slot(both.notes))
    after = following(notes)
    assert (after.topic, after.done, after.waiting, after.handled) == ("appliance_product_fault", ("GD1",), (), "m1")


def test_the_same_trouble_said_again_is_no_second_complaint() -> None:
    caller = Caller()
    mine = caller.says("冰箱不制冷", "description", intent="product_fault")
    portion = Portion("还有个问题，门关不严", announced=True)
    assert opened(portion, Turn(portion.words, intents={"product_fault": 0.9}), mine, caller.setting) is None


def test_a_danger_comes_first() -> None:
    caller = Caller()
    mine = caller.says("冰箱不制冷", "description", intent="product_fault")
    portion = Portion("还有个事，热水器漏电，把我手都电麻了", announced=True)
    other = opened(portion, Turn(portion.words, intents={"product_fault": 0.9}), mine, caller.setting)
    assert other is not None
    both = with_waiting(mine, [other])
    assert (both.move, both.ticket.value("product"), both.notes.handoff) == ("danger", "热水器", "p1")
    assert len(both.notes.waiting) == 1


def test_nothing_waits() -> None:
    with pytest.raises(IndexError):
        following(Notes())
    assert with_waiting(Understood(draft(), Notes(), "inform"), []).notes.waiting == ()


def test_somebody_who_is_rude_beside_a_fault() -> None:
    caller = Caller(hotline="auto")
    said = "我车子的大灯进水了，礼拜一发现的，还有啊，你们城南那个店昨天打电话来，那女的说话难听得很"
    division = divide(said, caller.now.ticket, [], caller.setting)
    assert division.mine == "我车子的大灯进水了，礼拜一发现的"
    assert "城南" in division.fresh[0].words


def test_a_rude_guard_is_another_matter_than_the_app() -> None:
    caller = Caller(hotline="bank")
    said = "手机银行老是闪退，昨天开始的。对了，还有个事，你们东门支行那个保安，今天冲我吆喝"
    division = divide(said, caller.now.ticket, [], caller.setting)
    assert division.mine.startswith("手机银行")
    assert "保安" in division.fresh[0].words


def test_a_matter_that_is_only_announced_is_kept_open_and_filled_when_told() -> None:
    caller = Caller()
    said = "我有两件事，先说第一件，冰箱不制冷"
    mine = with_announced(caller.says(said, "description", intent="product_fault"), said, caller.setting)
    assert len(mine.notes.waiting) == 1
    division = divide("第二件呢，洗衣机漏水", mine.ticket, [draft()], caller.setting)
    assert division == Division("", {0: "第二件呢，洗衣机漏水"})


def test_no_other_matter_after_all() -> None:
    caller = Caller()
    caller.now = replace(caller.now, notes=Notes(done=("GD1",)))
    assert caller.says("没了", "description", intent="deny").move == "goodbye"


def test_a_clause_that_only_mentions_the_first_thing_stays_with_the_second_matter() -> None:
    division = divided("一个是冰箱不制冷，另一个是送货的小伙子姓宫，我说冰箱不冷，他把我骂了一顿")
    assert division.mine == "一个是冰箱不制冷"
    assert "骂了一顿" in division.fresh[0].words


def test_what_is_settled_is_no_complaint_beside_another() -> None:
    assert divided("我上次冰箱那个事你们修好了，今天是另外一个，电视老是黑屏").whole


def test_one_more_digit_is_not_one_more_matter() -> None:
    assert divided("型号是三个六，再一个幺，冰箱不制冷").whole


def test_a_wish_for_a_human_beside_another_complaint_is_the_calls() -> None:
    caller = Caller()
    mine = caller.says("冰箱不制冷", "description", intent="product_fault")
    portion = Portion("还有个事，洗衣机也漏水，转人工", announced=True)
    other = opened(portion, Turn(portion.words, intents={"product_fault": 0.9}), mine, caller.setting)
    assert other is not None
    both = with_waiting(mine, [other])
    assert (both.move, both.notes.handoff) == ("human", "caller_request")


def test_another_parcel_is_another_complaint() -> None:
    caller = Caller(hotline="courier")
    mine = caller.says("我的快递一个礼拜没动了，单号SF1234567890", "description", intent="delay")
    portion = Portion("还有一个快递也没动，单号SF9999567890", announced=True)
    other = opened(portion, Turn(portion.words, intents={"delay": 0.9}), mine, caller.setting)
    assert other is not None
    assert other.ticket.value("tracking_no") == "SF9999567890"


def test_who_the_caller_is_holds_for_all_complaints() -> None:
    one, other = Caller(), Caller()
    one.says("冰箱不制冷", "description", intent="product_fault")
    other.says("洗衣机漏水，我姓王", "description", intent="product_fault")
    mine, _ = shared([one.now, other.now])
    assert mine.ticket.value("contact_name") == "王"


def test_talking_only_of_the_other_matter_does_not_go_on_for_ever() -> None:
    turn = aside(draft(), Notes())
    for _ in range(3):
        turn = aside(turn.ticket, turn.notes)
    assert (turn.move, turn.notes.handoff) == ("lost", "no_understanding")
