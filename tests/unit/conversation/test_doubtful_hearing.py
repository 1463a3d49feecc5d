"""Words that a recogniser may have made up, keys that cannot be the number, wishes that only look like others."""

from __future__ import annotations

import pytest

from tests.unit.conversation.setting import Caller


def fridge() -> Caller:
    caller = Caller()
    caller.says("冰箱坏了", "description", intent="product_fault")
    return caller


def test_a_doubtful_goodbye_ends_nothing_until_it_is_said_again() -> None:
    caller = fridge()
    assert caller.says("再见", "problem", intent="goodbye", certainty=0.05).move == "unclear"
    assert caller.says("再见", "problem", intent="goodbye", certainty=0.05).move == "goodbye"


def test_a_clear_goodbye_counts_at_once() -> None:
    assert fridge().says("再见", "problem", intent="goodbye").move == "goodbye"


def test_words_made_up_do_not_complete_a_ticket() -> None:
    caller = fridge()
    turn = caller.says("谢谢观看字幕", "problem", certainty=0.05)
    assert (caller.value("problem"), turn.move) == (None, "unclear")
    assert "谢谢观看字幕" in turn.notes.said


def test_words_made_up_are_no_product() -> None:
    caller = Caller()
    caller.says("不制冷了", "description", intent="product_fault")
    assert caller.says("明镜与点点", "product", certainty=0.05).move == "unclear"
    assert caller.value("product") is None


def test_a_known_product_heard_badly_is_kept_and_read_back() -> None:
    caller = Caller()
    caller.says("不制冷了", "description", intent="product_fault")
    turn = caller.says("冰箱", "product", certainty=0.3)
    assert caller.value("product") == "冰箱"
    assert turn.notes.doubt is not None


@pytest.mark.parametrize("keys", ["#", "1", "*#", "12345"])
def test_keys_that_cannot_be_the_number(keys: str) -> None:
    caller = Caller()
    caller.says("电饭煲掉漆，我要退货", "description", intent="refund_exchange")
    told = caller.keys(keys, "order_no")
    assert told.move == ("wrong_keys" if keys.strip("#*") else "no_keys")
    assert caller.value("order_no") is None
    assert caller.keys(keys, "order_no").move == "dont_know"
    caller.keys("20261105331#", "order_no")
    caller.keys(keys, "order_no")
    assert caller.value("order_no") == "20261105331"


@pytest.mark.parametrize("text", ["找个人来修一下", "叫人来看看", "让人来修", "换个人来装", "要个人上门给我拆了"])
def test_a_repairman_is_no_agent(text: str) -> None:
    caller = fridge()
    assert "human" not in caller.setting.evidence.moves_in(text)
    assert caller.says(text, "problem", intent="request_human").notes.handoff is None


@pytest.mark.parametrize("text", ["找个人来跟我说", "叫人来接电话", "转人工", "换个人来听"])
def test_an_agent_is_one(text: str) -> None:
    assert "human" in Caller().setting.evidence.moves_in(text)
