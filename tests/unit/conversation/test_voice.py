"""How loud and fast a caller speaks, from utterance to ticket."""

from __future__ import annotations

from dataclasses import replace

from ivr.conversation.complaints import Portion, opened
from ivr.conversation.notes import CALL_WIDE, of_slot, to_slot
from ivr.conversation.situation import Turn, Understood
from ivr.tickets.judgement.tone import Tone
from tests.unit.conversation.setting import Caller

CALMLY, SHOUTING = Tone(-24.0, 4.5), Tone(-13.0, 5.0)
FIRST, THEN = "你好，我家洗衣机不转了", "这也太过分了吧"


def says(caller: Caller, text: str, tone: Tone) -> Understood:
    return caller._turn(Turn(text=text, intents={"inform": 0.9}, tone=tone))


def test_the_same_words_shouted_are_angry() -> None:
    quiet, loud = Caller(), Caller()
    for caller, tone in ((quiet, CALMLY), (loud, SHOUTING)):
        says(caller, FIRST, CALMLY)
        says(caller, THEN, tone)
    assert quiet.now.ticket.emotion.label == "annoyed"
    assert loud.now.ticket.emotion.label == "angry"


def test_text_is_judged_by_words_alone() -> None:
    caller = Caller()
    caller.says(FIRST)
    caller.says(THEN)
    assert caller.now.notes.raised == (0.0, 0.0)
    assert caller.now.notes.opening == ()
    assert caller.now.ticket.emotion.label == "annoyed"


def test_each_line_said_has_its_voice_and_keys_have_none() -> None:
    caller = Caller()
    says(caller, FIRST, CALMLY)
    caller.keys("13800010001", "contact_number")
    says(caller, THEN, SHOUTING)
    assert len(caller.now.notes.raised) == len(caller.now.notes.said) == 2
    assert caller.now.notes.raised[1] > 0.2
    assert of_slot(to_slot(caller.now.notes)) == caller.now.notes


def test_another_complaint_is_compared_with_the_same_beginning() -> None:
    caller = Caller()
    mine = says(caller, FIRST, CALMLY)
    portion = Portion("空调也太过分了，不制冷", announced=True)
    turn = replace(Turn(portion.words, intents={"product_fault": 0.9}), tone=SHOUTING)
    other = opened(portion, turn, mine, caller.setting)
    assert other is not None
    assert other.notes.raised[0] > 0.2
    assert "opening" in CALL_WIDE
