"""What the search knows of a text."""

import pytest

from ivr.tickets.words import LONGEST_WORD, MOST_WORDS, indexed, question


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("空调", " 空调 调 "),
        ("不制冷。", " 不制 制冷 冷 "),
        ("客厅，冷", " 客厅 厅 冷 "),
        ("ＫＦＲ－35GW 挂机", " kfr 35gw 挂机 机 "),
        ("5号楼", " 5 号楼 楼 "),
        ("13800010001", " 13800010001 0001 "),
        ("GD20261122-000001", " gd20261122 000001 1122 "),
        ("。", " "),
        ("", " "),
    ],
)
def test_words(text: str, words: str) -> None:
    assert indexed(text) == words


def test_several_texts_do_not_run_into_each_other() -> None:
    assert indexed("空调", "漏水") == " 空调 调 漏水 水 "


def test_a_question_in_terms() -> None:
    asked = question("空调 不制冷 35GW 水")
    assert asked.words == (("空调", False), ("不制", False), ("制冷", False), ("35gw", True), ("水", True))
    assert asked.phrases == (" 不制 制冷",)


def test_what_is_in_every_address_is_not_asked_for_by_itself() -> None:
    asked = question("237弄41号")
    assert asked.words == (("237", False), ("41", False))
    assert asked.phrases == (" 237 弄 41 号",)
    assert question("号").words == (("号", True),)


@pytest.mark.parametrize("term", ["不制冷", "5号", "楼号5", "号5", "kfr-35gw空调", "000001", "GD20261122-000"])
def test_a_term_is_found_in_a_text_that_holds_it(term: str) -> None:
    there = indexed(f"不制冷，楼号5栋，KFR-35GW空调，5号院，3楼号5，GD20261122-000001，{term}")
    asked = question(term)
    assert all(f" {word}" in there for word, _ in asked.words)
    assert all(phrase in there for phrase in asked.phrases)


def test_nobody_asks_for_too_much() -> None:
    assert len(question("空调不制冷" * 100).words) <= MOST_WORDS
    assert len(question(" ".join(f"{n}x" for n in range(500))).words) == MOST_WORDS
    assert len(indexed("a" * 10_000)) < LONGEST_WORD + 20
