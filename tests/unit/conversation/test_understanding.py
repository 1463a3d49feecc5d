"""One turn after another: what the ticket holds, and what the caller is taken to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.conversation.situation import Turn
from ivr.tickets.customer import Customer, Purchase
from ivr.tickets.linking import speaks_of_earlier
from tests.unit.conversation.setting import Caller, on_file, setting

WASHER = Purchase(product="洗衣机", model="XQG80", order_no="DD20251003018")
FRIDGE = Purchase(product="冰箱", model="BCD510", order_no="DD20240218011")


def test_everything_in_one_sentence_is_kept() -> None:
    caller = Caller()
    turn = caller.says("油烟机从昨天起就不转了", "description", intent="product_fault")
    assert turn.move == "inform"
    assert turn.notes.topic == "appliance_product_fault"
    assert (caller.value("product"), caller.value("since")) == ("油烟机", "2026-11-21")
    assert "不转" in (caller.value("problem") or "")
    assert turn.ticket.missing == ()


def test_vague_trouble_is_no_problem_yet() -> None:
    caller = Caller()
    caller.says("我家洗衣机坏了", "description", intent="product_fault")
    assert caller.value("product") == "洗衣机"
    assert caller.value("problem") is None


def test_an_answer_to_another_question_counts() -> None:
    caller = Caller()
    caller.says("洗衣机坏了", "description", intent="product_fault")
    turn = caller.says("前天开始的", "problem")
    assert caller.value("since") == "2026-11-20"
    assert turn.move == "inform"
    assert turn.answered is None


def test_correction_replaces() -> None:
    caller = Caller()
    caller.says("冰箱不制冷", "description", intent="product_fault")
    caller.says("说错了，不是冰箱，是空调", "since")
    assert caller.value("product") == "空调"


def test_purchase_date_is_not_since() -> None:
    caller = Caller()
    caller.says("上个月买的烤箱，不加热", "description", intent="product_fault")
    assert caller.value("since") is None


def test_the_only_purchase_is_not_asked_for_and_goes_when_it_does_not_fit() -> None:
    caller = Caller(Customer(name="王芳", purchases=(WASHER,)))
    caller.says("你们那东西坏了", "description", intent="product_fault")
    assert (caller.value("product"), caller.value("model")) == ("洗衣机", "XQG80")
    caller.says("冰箱不制冷", "problem")
    assert caller.value("product") == "冰箱"
    assert caller.value("model") is None


def test_contradiction_with_the_crm_is_asked_once() -> None:
    caller = Caller(Customer(name="王芳", purchases=(WASHER,)))
    turn = caller.says("洗衣机门坏了，漏水，我要退货，订单号DD20251003019", "description", intent="refund_exchange")
    assert turn.notes.doubt is not None
    assert (turn.notes.doubt.field, turn.notes.doubt.value) == ("order_no", "DD20251003018")
    insisted = caller.says("不对，就是我说的那个", "confirm", intent="deny")
    assert insisted.notes.doubt is None
    assert "conflicting_facts" in insisted.ticket.review.reasons
    assert caller.value("order_no") == "DD20251003019"


def test_giving_way_takes_the_crms_value() -> None:
    caller = Caller(Customer(name="王芳", purchases=(WASHER,)))
    caller.says("洗衣机漏水，我要退货，订单号DD20251003019", "description", intent="refund_exchange")
    turn = caller.says("对，是这个", "confirm", intent="affirm")
    assert caller.value("order_no") == "DD20251003018"
    assert turn.ticket.review.reasons == ()


def test_p1_is_told_at_once_then_a_human() -> None:
    caller = Caller()
    turn = caller.says("微波炉冒烟了", "description", intent="product_fault")
    assert (turn.move, turn.notes.handoff, turn.ticket.urgency) == ("danger", "p1", "P1")
    assert caller.says("今天中午", "since").move == "hand_over"
    assert caller.value("since") == "2026-11-22"


@pytest.mark.parametrize("text", ["转人工", "给我找个人工客服", "我要跟真人说话"])
def test_a_human_after_one_question(text: str) -> None:
    caller = Caller()
    caller.says("空调漏水", "description", intent="product_fault")
    assert caller.says(text, "since", intent="request_human").move == "human"
    assert caller.says("昨天", "since").move == "hand_over"


def test_insisting_takes_no_question() -> None:
    assert Caller().says("赶紧给我转人工，不跟机器说", "description", intent="request_human").move == "hand_over"


@pytest.mark.parametrize("text", ["不用转人工，你记下来就行", "你是真人还是机器人"])
def test_these_want_no_human(text: str) -> None:
    assert Caller().says(text, "description", intent="request_human").move not in {"human", "hand_over"}


def test_a_doubtful_wish_for_a_human_counts_when_said_again() -> None:
    caller = Caller()
    caller.says("空调漏水", "description", intent="product_fault")
    assert caller.says("转人工", "since", certainty=0.2).move == "unclear"
    assert caller.says("转人工", "since", certainty=0.2).move == "human"


def test_zero_is_a_human() -> None:
    turn = Caller().keys("0", "description")
    assert (turn.move, turn.notes.handoff) == ("hand_over", "caller_request")


def test_keys_fill_the_number_asked_for() -> None:
    caller = Caller()
    caller.says("电饭煲掉漆，我要退货", "description", intent="refund_exchange")
    caller.keys("20261105331#", "order_no")
    fact = caller.now.ticket.fields["order_no"]
    assert (fact.value, fact.source) == ("20261105331", "keys")


def test_required_is_given_up_after_two_questions() -> None:
    caller = Caller()
    caller.says("空调漏水", "description", intent="product_fault")
    assert caller.says("我不记得了", "since", intent="dont_know").notes.gave_up == ()
    assert caller.says("真想不起来", "since", intent="dont_know").notes.gave_up == ("since",)


def test_optional_is_given_up_at_once() -> None:
    caller = Caller()
    caller.says("空调漏水", "description", intent="product_fault")
    assert caller.says("不知道", "model", intent="dont_know").notes.gave_up == ("model",)


def test_three_silences() -> None:
    caller = Caller()
    assert [caller.is_silent(n).move for n in (1, 2, 3)] == ["silence", "silence", "silence_over"]
    assert caller.now.notes.handoff == "no_input"


def test_not_understood_twice() -> None:
    caller = Caller()
    caller.says("空调漏水", "description", intent="product_fault")
    first = caller.says("咕噜咕噜", "since", intent="nlu_fallback", certainty=0.1)
    assert first.move == "unclear"
    second = caller.says("哗啦哗啦", "since", intent="nlu_fallback", certainty=0.1)
    assert (second.move, second.notes.handoff) == ("lost", "no_understanding")


HEATER = on_file("GD20261110-000012", 12, product="热水器", problem="打不着火")
WASHING = on_file("GD20261028-000031", 25, product="洗衣机", problem="脱水的时候响")


def test_same_as_last_yes() -> None:
    caller = Caller(earlier=(HEATER,))
    turn = caller.says("跟上次一样，又坏了", "description", intent="product_fault")
    assert (turn.notes.earlier, turn.notes.candidates) == ("which", ("GD20261110-000012",))
    linked = caller.says("对，就是那个", "prior_ticket", intent="affirm")
    assert linked.ticket.prior_ticket_no == "GD20261110-000012"
    assert linked.ticket.occurrence == 2
    assert (caller.value("product"), caller.value("problem")) == ("热水器", "打不着火")
    assert linked.ticket.urgency == "P2"


def test_same_as_last_denied() -> None:
    caller = Caller(earlier=(HEATER,))
    caller.says("又坏了，还是老毛病", "description", intent="product_fault")
    denied = caller.says("不是，这次是冰箱", "prior_ticket", intent="deny")
    assert denied.ticket.prior_ticket_no is None
    assert (denied.notes.earlier, caller.value("product")) == ("denied", "冰箱")


@pytest.mark.parametrize("text", ["洗衣机那个", "第二个"])
def test_which_of_several(text: str) -> None:
    caller = Caller(earlier=(HEATER, WASHING))
    assert len(caller.says("还是上次那个事", "description", intent="product_fault").notes.candidates) == 2
    assert caller.says(text, "prior_ticket").ticket.prior_ticket_no == "GD20261028-000031"


def test_nothing_on_file_is_said_once() -> None:
    caller = Caller()
    assert caller.says("跟上次一样的问题", "description", intent="product_fault").move == "no_earlier"
    assert caller.says("空调漏水", "problem").move == "inform"


def test_another_kind_of_complaint() -> None:
    caller = Caller()
    caller.says("电饭煲内胆掉皮", "description", intent="product_fault")
    turn = caller.says("算了我不修了，我要退货", "since", intent="refund_exchange")
    assert turn.move == "new_topic"
    assert turn.ticket.category == "refund_exchange"
    assert "掉皮" in (caller.value("problem") or "")


AIRCON = Purchase(product="空调", model="K1", order_no="DD20240101001")
LEAKY = on_file("GD20261105-000003", 17, product="洗衣机", problem="不脱水")


@pytest.mark.parametrize("text", ["跟上次一样，又坏了", "喂，跟上次一样的问题"])
def test_the_crms_only_product_does_not_rule_out_what_happened_before(text: str) -> None:
    caller = Caller(Customer(name="王芳", purchases=(AIRCON,)), earlier=(LEAKY,))
    assert caller.says(text, "description", intent="product_fault").notes.candidates == ("GD20261105-000003",)
    caller.says("对", "prior_ticket", intent="affirm")
    assert (caller.value("product"), caller.value("problem")) == ("洗衣机", "不脱水")
    assert caller.value("model") is None


def test_the_crm_still_adds_to_the_earlier_ticket_that_it_fits() -> None:
    same = on_file("GD20261105-000004", 17, product="空调", problem="漏水")
    caller = Caller(Customer(name="王芳", purchases=(AIRCON, FRIDGE)), earlier=(same,))
    caller.says("跟上次一样，又坏了", "description", intent="product_fault")
    caller.says("对", "prior_ticket", intent="affirm")
    assert (caller.value("product"), caller.value("model")) == ("空调", "K1")


@pytest.mark.parametrize(
    ("text", "intent"),
    [("没听清", "repeat"), ("你是机器人吗", "ask_if_robot"), ("你们是骗子公司", "abuse"), ("等一下", "small_talk")],
)
def test_turns_that_bring_nothing_end_with_a_human(text: str, intent: str) -> None:
    caller = Caller()
    caller.says("空调漏水", "description", intent="product_fault")
    moves = [caller.says(text, "since", intent=intent).move for _ in range(4)]
    assert "lost" not in moves[:3]
    assert (moves[3], caller.now.notes.handoff) == ("lost", "no_understanding")


def test_an_answer_between_begins_the_count_anew() -> None:
    caller = Caller()
    caller.says("空调漏水", "description", intent="product_fault")
    for _ in range(3):
        caller.says("你再说一遍", "since", intent="repeat")
    caller.says("昨天", "since")
    assert caller.says("你再说一遍", "model", intent="repeat").move == "repeat"


def test_what_the_hotline_gives_to_a_human_goes_there_when_all_is_noted() -> None:
    caller = Caller()
    pack = replace(caller.setting.pack, hand_over=("product_fault",))
    caller.setting = replace(caller.setting, pack=pack)
    assert caller.says("洗衣机不转了", "description", intent="product_fault").notes.handoff is None
    assert caller.says("昨天", "since").notes.handoff == "policy"


def test_the_earlier_ticket_says_which_kind_of_complaint_it_is_unless_words_of_this_call_do() -> None:
    before = on_file("GD20261105-000004", 17, product="空调", problem="漏水")
    caller = Caller(earlier=(before,))
    caller.says("还是上回那个事", "description", intent="installation")
    caller.now = replace(caller.now, notes=caller.now.notes.asking("prior_ticket"))
    linked = caller.says("对", "prior_ticket", intent="affirm")
    assert linked.ticket.category == "product_fault"
    assert linked.move == "inform"  # the opening form goes on; there is no other form to leave
    other = Caller(earlier=(before,))
    other.says("还是上回那个，我不修了，我要退货", "description", intent="refund_exchange")
    assert other.says("对", "prior_ticket", intent="affirm").ticket.category == "refund_exchange"


def test_a_repairman_is_no_human_but_a_human_beside_one_is() -> None:
    said = setting().evidence
    assert "human" not in said.moves_in("赶紧叫人来修")
    assert "human" in said.moves_in("叫人来修，转人工")
    assert "human" not in said.moves_in("不用转人工，叫个师傅来")


def test_say_it_again_is_not_an_earlier_ticket() -> None:
    words = setting().taxonomy.judgement.linking
    assert not speaks_of_earlier("你再说一遍", words)
    assert not speaks_of_earlier("我都说了好几遍了，空调不冷", words)
    assert speaks_of_earlier("我都报了两遍了，还没来修", words)


def test_a_keyed_number_of_another_length_is_not_taken() -> None:
    caller = Caller(hotline="bank")
    caller.says("我的卡扣了我一笔年费", "description", intent="fee_dispute")
    caller.keys("6222021234567#", "card_last4")
    assert caller.value("card_last4") in {None, "4567"}
    caller.keys("60#", "card_last4")
    assert caller.value("card_last4") != "60"


def test_the_car_is_not_the_part_that_is_waited_for() -> None:
    caller = Caller(hotline="auto")
    caller.says("我那个远山L6前保险杠撞坏了", "description", intent="vehicle_fault")
    caller.says("配件等了一个月了还没到货，一直缺货", "problem", intent="parts_delay")
    assert caller.now.ticket.category == "parts_delay"
    assert caller.value("product") != "远山L6"


def test_a_fee_that_only_sounds_like_fraud_is_none() -> None:
    caller = Caller(hotline="bank")
    turn = caller.says("上个月被扣了三块钱短信费", "description", intent="card_fraud")
    assert turn.ticket.category != "card_fraud"
    assert turn.ticket.urgency != "P1"


def test_who_is_in_danger_does_not_only_ask() -> None:
    caller = Caller()
    turn = caller.says("我想问问，我那电暖器插头烧黑了，直冒火花", "description", intent="consultation")
    assert (turn.move, turn.ticket.category) == ("danger", "product_fault")


def test_mended_and_broken_again_tells_no_other_problem() -> None:
    caller = Caller(earlier=(on_file("GD20261105-000004", 17, product="空调", problem="漏水"),))
    turn = caller.says("我半个月前打过电话那个，修完没几天，又犯了，一模一样", "description", intent="product_fault")
    assert turn.notes.earlier == "which"


def test_a_few_of_a_set_are_not_the_thing_that_was_sent() -> None:
    caller = Caller(hotline="courier")
    caller.says("碎了仨杯子，壶嘴也磕了", "problem", intent="damaged")
    assert caller.value("product") is None


def test_a_noise_links_no_earlier_ticket() -> None:
    caller = Caller(earlier=(on_file("GD20261105-000004", 17, product="空调", problem="漏水"),))
    caller.says("空调又漏水了，跟上次一样", "description", intent="product_fault")
    assert caller.says("嗯", "prior_ticket", intent="affirm", certainty=0.05).ticket.prior_ticket_no is None


def test_a_wish_for_a_human_in_a_friendly_tone() -> None:
    said = setting().evidence
    assert all("human" in said.moves_in(words) for words in ("转人工吧", "你给我转人工吧", "能转人工吗"))
    assert not any("human" in said.moves_in(words) for words in ("你是真人吧", "你是人工还是机器", "是人工吗"))


def test_a_matter_that_was_told_is_guessed_when_asking_again_brings_nothing() -> None:
    caller = Caller(hotline="telecom")
    caller.now = replace(caller.now, notes=replace(caller.now.notes, asked={"topic": 2}))
    caller._turn(Turn(text="有个包月的玩意儿我想弄掉", asked=("description",), intents={"plan_change": 0.2}))
    caller._turn(Turn(text="这个我不掌握", asked=("description",), intents={"dont_know": 0.9}))
    assert caller.now.ticket.category == "plan_change"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("幸福住宅小区3号楼2单元", "幸福住宅小区3号楼2单元"),
        ("长沙市岳麓区在水一方小区3栋501", "长沙市岳麓区在水一方小区3栋501"),
        ("我住在幸福路1号2栋", "幸福路1号2栋"),
        ("我家住宝安区西乡街道3栋", "宝安区西乡街道3栋"),
    ],
)
def test_an_address_keeps_its_head(said: str, place: str) -> None:
    caller = Caller()
    caller.says("空调不制冷", "description", intent="product_fault")
    caller.says(said, "address")
    assert caller.value("address") == place
