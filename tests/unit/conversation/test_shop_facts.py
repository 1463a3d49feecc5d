"""What callers of the shops say: order numbers with letters, goods of all kinds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.conversation.setting import Caller, on_file


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


@pytest.mark.parametrize(
    ("hotline", "category", "text", "words"),
    [
        ("ecommerce", "quality", "那个高压锅盖子合不严", "合不严"),
        ("ecommerce", "quality", "床垫睡了两宿中间塌了个坑", "塌"),
        ("ecommerce", "wrong_item", "我拍的是雾霾蓝，寄过来个藏青", "藏青"),
        ("ecommerce", "refund", "凭什么自动续费扣我一百四十八", "续费"),
        ("luxury", "authenticity", "表拿去师傅那儿，他说机芯是国产的", "机芯"),
        ("luxury", "quality", "钱包里面的皮黏糊糊的", "黏"),
    ],
)
def test_what_is_wrong_in_many_words(hotline: str, category: str, text: str, words: str) -> None:
    caller = Caller(hotline=hotline)
    caller.says(text, "description", intent=category)
    assert words in (caller.value("problem") or "")


def test_goods_that_no_lexicon_has_are_named_in_passing() -> None:
    caller = Caller(hotline="ecommerce")
    caller.says("我买了你们家一个织布机，装不起来", "description", intent="quality")
    assert caller.value("product") == "织布机"


def test_an_earlier_matter_that_is_denied_is_not_chosen() -> None:
    earlier = replace(on_file("GD20261115-000009", 7, product="沙发", problem="没送到"), hotline="ecommerce")
    caller = Caller(earlier=(earlier,), hotline="ecommerce")
    caller.says("又是我，上次打过电话的，又没送到", "description", intent="same_as_last")
    caller.says("沙发啊？沙发送到了，这回不是沙发，是个茶几", "prior_ticket", intent="deny")
    assert caller.now.ticket.prior_ticket_no is None
