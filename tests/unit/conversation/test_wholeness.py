"""Is it a whole answer? With the project's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.call.endpointing import Answer
from ivr.call.ports import Heard
from ivr.conversation.wholeness import TurnWords, Wholeness, load_turn_words
from ivr.errors import SettingsError
from ivr.packs import load_packs
from ivr.settings import PROJECT
from ivr.tickets.taxonomy import load_taxonomy

DATA = PROJECT / "data"
WORDS = load_turn_words(DATA)
WHOLENESS = Wholeness(WORDS, load_taxonomy(DATA).fields, load_packs(DATA)["appliance"])
WHOLE, OPEN, NUMBER, UNFINISHED = Answer.WHOLE, Answer.OPEN, Answer.NUMBER, Answer.UNFINISHED


@pytest.mark.parametrize(
    ("asks", "text", "answer"),
    [
        ("confirm", "对", WHOLE),
        ("confirm", "嗯。", WHOLE),
        ("handoff_offer", "2", WHOLE),
        ("handoff_offer", "3", OPEN),
        ("confirm", "不是", WHOLE),
        ("confirm", "没错，是的", WHOLE),
        ("confirm", "不对，那个", UNFINISHED),
        ("confirm", "不对，应该是幺三九开头的那个号码", OPEN),
        ("prior_ticket", "是的", WHOLE),
        ("prior_ticket", "空调那一件", OPEN),
        ("prior_ticket", "不是那个", WHOLE),
        ("anything_else", "没有了", WHOLE),
        ("anything_else", "还有就是", UNFINISHED),
        ("anything_else", "还有就是上次的发票没给我", OPEN),
        ("description", "这个价钱不对", OPEN),
        ("appointment", "周六下午三点以后", OPEN),
        ("order_no", "我没有订单号", OPEN),
        ("order_no", "订单号是", UNFINISHED),
        ("description", "喂，你好", UNFINISHED),
        ("description", "我想问一下", UNFINISHED),
        ("description", "是这样的", UNFINISHED),
        ("description", "我家空调坏了", OPEN),
        ("description", "我家空调坏了，因为", UNFINISHED),
        ("description", "我家空调坏了，然后", UNFINISHED),
        ("description", "那个，嗯", UNFINISHED),
        ("description", "转人工", OPEN),
        ("description", "", OPEN),
        ("product", "空调", WHOLE),
        ("product", "就是那个微波炉", WHOLE),
        ("product", "一台去年买的放在厨房里的微波炉", OPEN),
        ("product", "那个", UNFINISHED),
        ("card_last4", "八八六六", WHOLE),
        ("card_last4", "尾号八八六六", WHOLE),
        ("card_last4", "八八", UNFINISHED),
        ("card_last4", "尾号是", UNFINISHED),
        ("card_last4", "我不记得了", OPEN),
        ("contact_number", "幺三八零零零幺", UNFINISHED),
        ("contact_number", "一三八，零零零一，零零零一", WHOLE),
        ("contact_number", "就打这个电话", OPEN),
        ("contact_number", "一三八零零零一零零零一，等一下", UNFINISHED),
        ("order_no", "DD二零二六零三", UNFINISHED),
        ("order_no", "DD二零二六零三零一零零一", NUMBER),
        ("order_no", "EC二零二六一一二二二三四一", WHOLE),
        ("order_no", "我找找", UNFINISHED),
        ("error_code", "E四", NUMBER),
        ("product,order_no", "空调，二零二六零三零一零零零一", NUMBER),
    ],
)
def test_answers(asks: str, text: str, answer: Answer) -> None:
    assert WHOLENESS(text, tuple(asks.split(","))) is answer


@pytest.mark.parametrize(("text", "is_one"), [("嗯。", True), ("对对，对", True), ("等等", False), ("不对", False)])
def test_backchannels(text: str, *, is_one: bool) -> None:
    assert WORDS.is_backchannel(text) is is_one


def test_a_fault_in_the_file_is_told(tmp_path: Path) -> None:
    assert load_turn_words(tmp_path) == TurnWords()
    (tmp_path / "turn_taking.yml").write_text("unfinished: ['(']", "utf-8")
    with pytest.raises(SettingsError, match="turn_taking"):
        load_turn_words(tmp_path)


def test_a_language_may_tell_that_a_sentence_is_over() -> None:
    korean = Wholeness(TurnWords(finished=("(요|다)",), unfinished=("(고|는데)",)), {})
    assert korean("배송이 너무 늦어요", ("description",)) is Answer.WHOLE
    assert korean("배송이 늦고", ("description",)) is Answer.UNFINISHED
    assert korean("배송이", ("description",)) is Answer.OPEN


def test_of_the_hypotheses_the_one_with_so_many_digits_as_asked_for() -> None:
    heard = Heard("八百二十六", 0.8, ("爸爸二六", "八八二六。", "八八二流"))
    chosen = WHOLENESS.fitting(heard, ("card_last4",))
    assert chosen.text == "八八二六。"
    assert chosen.alternatives == ("八百二十六", "爸爸二六", "八八二流")
    assert chosen.confidence == 0.6
    assert [(one.heard, one.meant) for one in chosen.repairs] == [("八百二十六", "八八二六。")]


@pytest.mark.parametrize(
    ("asks", "heard"),
    [
        ("card_last4", Heard("三三零九", 0.5, ("三三零六",))),
        ("card_last4", Heard("我不知道", 0.5, ("五八八六",))),
        ("card_last4", Heard("尾号是", 0.5, ("尾号是五八八六",))),
        ("card_last4", Heard("八八二六八", 0.5, ("八八二六八六", "爸爸"))),
        ("confirm", Heard("不对，那个", 0.5, ("不对",))),
        ("mileage", Heard("三万", 0.5, ("三万两千",))),
    ],
)
def test_all_else_stays_as_it_was_heard(asks: str, heard: Heard) -> None:
    assert WHOLENESS.fitting(heard, (asks,)) == heard
