"""Reading back what was heard with doubt, and what the caller says to it."""

from __future__ import annotations

from ivr.conversation.notes import Doubt
from ivr.tickets.customer import Customer, Purchase
from tests.unit.conversation.setting import Caller

WASHER = Purchase(product="洗衣机", model="XQG80", order_no="DD20251003018")


def doubtful_product() -> Caller:
    caller = Caller()
    caller.says("空调漏水", "description", intent="product_fault", certainty=0.4)
    assert caller.now.notes.doubt == Doubt("product", "空调")
    return caller


def doubtful_order() -> Caller:
    caller = Caller()
    caller.says("电饭煲掉漆，我要退货", "description", intent="refund_exchange")
    caller.says("二零二六一一零五三三一", "order_no", certainty=0.5)
    assert caller.now.notes.doubt == Doubt("order_no", "20261105331")
    return caller


def test_the_second_hearing_is_not_read_back_again() -> None:
    caller = doubtful_product()
    read_back = 0
    for _ in range(3):
        if caller.now.notes.doubt:
            read_back += 1
            caller.says("不对", "confirm", intent="deny")
        caller.says("冰箱", "product", certainty=0.4)
    assert read_back == 1
    assert caller.value("product") == "冰箱"
    assert "low_confidence" in caller.now.ticket.review.reasons


def test_no_and_the_right_product_at_once() -> None:
    caller = doubtful_product()
    turn = caller.says("不对，是冰箱", "confirm", intent="deny")
    assert (caller.value("product"), turn.notes.doubt) == ("冰箱", None)


def test_the_right_product_without_a_no() -> None:
    caller = doubtful_product()
    caller.says("冰箱", "confirm")
    assert caller.value("product") == "冰箱"


def test_a_bare_no_is_no_product() -> None:
    caller = doubtful_product()
    caller.says("不对", "confirm", intent="deny")
    assert caller.value("product") is None


def test_no_and_the_right_number_at_once() -> None:
    caller = doubtful_order()
    turn = caller.says("不对，二零二六一一零五三三二", "confirm", intent="deny")
    assert (caller.value("order_no"), turn.notes.doubt) == ("20261105332", None)


def test_the_right_number_keyed_and_no_by_key() -> None:
    caller = doubtful_order()
    caller.keys("20261105332#", "confirm")
    assert caller.value("order_no") == "20261105332"
    caller = doubtful_order()
    caller.keys("2", "confirm")
    assert caller.value("order_no") is None


def test_a_sentence_heard_badly_corrects_nothing() -> None:
    caller = doubtful_product()
    caller.says("冰箱", "confirm", certainty=0.2)
    assert caller.value("product") == "空调"


def test_the_crms_number_said_after_all_leaves_no_conflict() -> None:
    caller = Caller(Customer(name="王芳", purchases=(WASHER,)))
    caller.says("洗衣机漏水，我要退货，订单号DD20251003019", "description", intent="refund_exchange")
    turn = caller.says("哦应该是DD20251003018", "confirm")
    assert caller.value("order_no") == "DD20251003018"
    assert "conflicting_facts" not in turn.ticket.review.reasons


def test_what_was_corrected_elsewhere_is_not_read_back() -> None:
    caller = doubtful_product()
    turn = caller.says("说错了，不是空调，是冰箱", "since")
    assert turn.notes.doubt is None
    caller.says("不对", "confirm", intent="deny")
    assert caller.value("product") == "冰箱"


def test_a_conflict_that_was_corrected_elsewhere_is_not_asked_about() -> None:
    caller = Caller(Customer(name="王芳", purchases=(WASHER,)))
    caller.says("洗衣机漏水，我要退货，订单号DD20251003019", "description", intent="refund_exchange")
    turn = caller.says("说错了，订单号是DD20251003018", "since")
    assert turn.notes.doubt is None
