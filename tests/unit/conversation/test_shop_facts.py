"""What callers of the shops say: order numbers with letters, goods of all kinds."""

from __future__ import annotations

import pytest

from tests.unit.conversation.setting import Caller


def test_an_order_number_needs_no_words_before_it_when_it_looks_like_one() -> None:
    caller = Caller(hotline="ecommerce")
    caller.says("炸锅那个嘛，E C 二零二六幺幺零三零零四五，拍下十天了没发货", "description", intent="delivery_delay")
    assert caller.value("order_no") == "EC202611030045"


@pytest.mark.parametrize("text", ["我手机上看物流三天没动了", "短信发到我手机号上了，东西没到"])
def test_a_phone_that_is_only_looked_at_is_not_the_goods(text: str) -> None:
    caller = Caller(hotline="ecommerce")
    caller.says(text, "description", intent="delivery_delay")
    assert caller.value("product") is None


def test_wrapping_is_no_bag() -> None:
    caller = Caller(hotline="luxury")
    caller.says("包装都是好好的，就是那条围巾勾丝了", "description", intent="quality")
    assert caller.value("product") == "围巾"
