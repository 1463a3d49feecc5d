"""Before a hand-over: what the caller is told of the wait, what they are asked, what their answer means."""

from dataclasses import replace

import pytest

from ivr.call.ports import Humans
from ivr.conversation.handing_over import OFFER, Prospect, decided, prospect, spoken
from ivr.conversation.notes import Choice, Notes
from ivr.conversation.situation import Turn
from ivr.tickets.ticket import Ticket
from tests.unit.conversation.setting import draft, setting

BUSY, AWAY, FREE = Prospect(situation="busy"), Prospect(situation="away"), Prospect(situation="free")
DUE = Notes(handoff="caller_request", turn=3)


def after(turn: Turn, known: Prospect, notes: Notes = DUE, ticket: Ticket | None = None) -> Notes:
    shown = setting().evidence.moves_in(turn.text)
    return decided(turn, ticket or draft(), notes, known, shown=shown, least_certainty=0.35)


def asked(known: Prospect, times: int = 1) -> Notes:
    notes = after(Turn(text="转人工"), known)
    assert notes.handing == "offer"
    return replace(notes, asked={OFFER: times})


@pytest.mark.parametrize(
    ("humans", "priority", "situation", "said"),
    [
        (None, 0, None, {}),
        (Humans(at_work=0, free=0), 0, "away", {}),
        (Humans(at_work=2, free=1), 0, "free", {}),
        (Humans(at_work=2, free=1, waiting=(0,)), 0, "busy", {"ahead": "1"}),
        (Humans(at_work=2, free=1, waiting=(0,)), 20, "free", {}),
        (Humans(at_work=2, free=0), 0, "busy", {}),
        (Humans(at_work=2, free=0, talk_s=200), 0, "busy", {"wait": "两分钟"}),
        (Humans(at_work=2, free=0, waiting=(0, 20), talk_s=200), 0, "busy", {"ahead": "两", "wait": "5分钟"}),
        (Humans(at_work=2, free=0, waiting=(0, 20), talk_s=200), 10, "busy", {"ahead": "1", "wait": "4分钟"}),
        (Humans(at_work=1, free=0, talk_s=7200), 0, "busy", {"wait": "半个多小时"}),
    ],
)
def test_what_is_known_of_the_wait(
    humans: Humans | None, priority: int, situation: str | None, said: dict[str, str]
) -> None:
    known = prospect(humans, priority, hours=True)
    assert known.situation == situation
    assert spoken(known) == said


def test_closed_whatever_is_known() -> None:
    assert prospect(Humans(at_work=2, free=2), 0, hours=False).situation == "closed"
    assert prospect(None, 0, hours=False).situation == "closed"


@pytest.mark.parametrize("known", [Prospect(), FREE])
def test_nothing_is_asked_when_somebody_is_free_or_nothing_is_known(known: Prospect) -> None:
    assert after(Turn(text="转人工"), known).handing is None


def test_nothing_is_asked_before_a_hand_over_is_due_nor_of_a_caller_who_is_silent() -> None:
    assert after(Turn(text="空调坏了"), BUSY, Notes()).handing is None
    assert after(Turn(silent=3), AWAY, Notes(handoff="no_input")).handing is None


def test_danger_goes_first_and_is_offered_a_call_back_only_where_there_is_nobody() -> None:
    danger = replace(draft(), urgency="P1")
    assert after(Turn(text="冒烟了"), BUSY, replace(DUE, handoff="p1"), danger).handing is None
    assert after(Turn(text="冒烟了"), AWAY, replace(DUE, handoff="p1"), danger).handing == "offer"


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("我等吧", "wait"),
        ("愿意", "wait"),
        ("好的，转人工", "wait"),
        ("那我等一会儿", "wait"),
        ("不用回电，我等着", "wait"),
        ("给我回电吧", "call_back"),
        ("你们打给我", "call_back"),
        ("不等了", "call_back"),
        ("我等不了，你们回头打给我", "call_back"),
        ("不用转了，你帮我记上就行", "call_back"),
        ("不愿意", "call_back"),
        ("没空等", "call_back"),
        ("这个嘛", None),
    ],
)
def test_an_answer_while_all_are_busy(text: str, choice: Choice | None) -> None:
    notes = after(Turn(text=text, asked=(OFFER,)), BUSY, asked(BUSY))
    assert notes.choice == choice
    assert notes.handing == {"wait": None, "call_back": "call_back", None: "offer"}[choice]


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("好的", "call_back"),
        ("可以", "call_back"),
        ("行，打给我", "call_back"),
        ("不用了", "nothing"),
        ("我等着", None),
    ],
)
def test_an_answer_while_nobody_is_at_work(text: str, choice: Choice | None) -> None:
    notes = after(Turn(text=text, asked=(OFFER,)), AWAY, asked(AWAY))
    assert notes.choice == choice
    assert notes.handing == (choice or "offer")


@pytest.mark.parametrize(
    ("keys", "known", "choice"),
    [
        ("1", BUSY, "wait"),
        ("2", BUSY, "call_back"),
        ("0", BUSY, "wait"),
        ("1#", AWAY, "call_back"),
        ("2", AWAY, "nothing"),
        ("9", AWAY, None),
    ],
)
def test_keys(keys: str, known: Prospect, choice: Choice | None) -> None:
    assert after(Turn(keys=keys, asked=(OFFER,)), known, asked(known)).choice == choice


def test_a_yes_means_what_was_asked_although_things_changed_meanwhile() -> None:
    assert after(Turn(text="好的", asked=(OFFER,)), FREE, asked(AWAY)).handing == "call_back"
    assert after(Turn(text="我等", asked=(OFFER,)), FREE, asked(BUSY)).handing is None
    assert after(Turn(text="什么", asked=(OFFER,)), FREE, asked(BUSY)).handing is None, "somebody is free now"


@pytest.mark.parametrize(("known", "handing"), [(BUSY, None), (AWAY, "call_back")])
def test_without_an_answer_twice_what_can_be_done_is_done(known: Prospect, handing: str | None) -> None:
    assert after(Turn(silent=1, asked=(OFFER,)), known, asked(known)).handing == "offer"
    assert after(Turn(silent=1, asked=(OFFER,)), known, asked(known, times=2)).handing == handing


def test_words_that_were_hardly_heard_choose_nothing() -> None:
    assert after(Turn(text="回电", certainty=0.1, asked=(OFFER,)), BUSY, asked(BUSY)).choice is None


def test_whoever_withholds_the_number_is_asked_for_one_and_not_for_ever() -> None:
    withheld = replace(draft(), caller_number=None)
    notes = after(Turn(text="回电", asked=(OFFER,)), BUSY, asked(BUSY), withheld)
    assert notes.handing == "number"
    notes = replace(notes, asked={**notes.asked, "contact_number": 2})
    assert after(Turn(text="嗯"), BUSY, notes, withheld).handing == "call_back"
