from pathlib import Path

import pytest

from ivr.call.ports import Hint
from ivr.packs import Pack
from ivr.speech.prompting import ANSWERS, LONGEST, prompt, terms
from ivr.tickets.taxonomy import load_taxonomy

PACK = Pack(
    hotline="appliance",
    name="美家电器",
    dialled=("4001000001",),
    lexicon={
        "product": {"空调": ("挂机",), "洗衣机": ("滚筒",), "微波炉": ()},
        "problem": {"不制冷": ("布置冷", "吹热风"), "漏水": ("露水",)},
        "kind": {"refund_exchange": ("退货",)},
    },
)


def test_what_was_asked_for_comes_first() -> None:
    text = prompt(Hint("appliance", asks=("product",)), PACK)
    assert text.startswith("美家电器客服热线。")
    assert text.index("空调") < text.index("微波炉")


def test_other_fields_have_no_place_in_the_prompt() -> None:
    assert "不制冷" not in prompt(Hint("appliance", asks=("product",)), PACK)
    assert "空调" not in prompt(Hint("appliance", asks=("amount",)), PACK)


def test_a_yes_or_no_keeps_the_hotlines_words() -> None:
    """With nothing but yes, no and the call's own terms, these come back for whatever is short."""
    assert "空调" in prompt(Hint("appliance", asks=("handoff_offer",), terms=("转人工",)), PACK)


@pytest.mark.parametrize("field", ["card_last4", "account_no", "contact_number", "order_no", "tracking_no"])
def test_a_question_for_a_number_holds_every_digit(field: str) -> None:
    text = prompt(Hint("appliance", asks=(field,)), PACK)
    assert set("零一二三四五六七八九幺") <= set(text)


def test_an_open_question_holds_what_is_complained_about() -> None:
    text = prompt(Hint("appliance"), PACK)
    assert "空调" in text
    assert "不制冷" in text


def test_terms_of_the_call_come_before_those_of_the_hotline() -> None:
    text = prompt(Hint("appliance", asks=("product",), terms=("风管机",)), PACK)
    assert text.index("风管机") < text.index("空调")


def test_form_of_the_answer() -> None:
    assert "不是" in prompt(Hint("appliance", asks=("confirm",)), PACK)


def test_errors_of_recognisers_are_not_taught() -> None:
    everything = terms(Hint("appliance"), PACK)
    assert "布置冷" not in everything
    assert "露水" not in everything
    assert "吹热风" in everything


def test_ids_are_not_spoken() -> None:
    assert not [term for term in terms(Hint("appliance"), PACK) if term.isascii()]


@pytest.mark.parametrize("asks", [(), ("confirm", "contact_number"), *((ask,) for ask in ANSWERS)])
def test_is_short(asks: tuple[str, ...]) -> None:
    many = Pack(hotline="x", name="某某", dialled=(), lexicon={"product": {f"产品{n}": () for n in range(500)}})
    assert len(prompt(Hint("x", asks=asks), many)) <= LONGEST + 5


def test_an_unknown_hotline_still_gets_one() -> None:
    assert prompt(Hint("elsewhere"), None)


def test_every_field_of_the_taxonomy_has_a_form_or_terms() -> None:
    fields = load_taxonomy(Path(__file__).parents[3] / "data").fields
    assert set(fields) - set(ANSWERS) <= {"product", "problem"}


def test_words_that_only_contain_a_name_are_not_taught() -> None:
    shop = Pack(hotline="ecommerce", name="商城", dialled=(), lexicon={"product": {"手机": (), "不算": ("手机号",)}})
    everything = terms(Hint("ecommerce"), shop)
    assert "手机" in everything
    assert not {"不算", "手机号"} & set(everything)
