"""A recogniser whose words are repaired."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from ivr.call.ports import Heard, Hint, RepairedTerm
from ivr.packs import load_packs
from ivr.speech.repair.repairing import Repairing
from ivr.speech.repair.sounds import load_sounds
from ivr.speech.repair.words import usual_words
from ivr.speech.revised import RevisedRecogniser
from tests.fakes.speech import FakeRecogniser

DATA = Path(__file__).parents[3] / "data"
REPAIRING = Repairing(load_packs(DATA), load_sounds(DATA), partial(usual_words, DATA))


def test_what_was_heard_stays_as_another_hypothesis() -> None:
    heard = Heard("空调布置冷了", 0.7, ("空调不知冷了",), loudness_dbov=-20.0)
    repaired = REPAIRING.repair(heard, Hint("appliance", ("problem",)))
    assert repaired.text == "空调不制冷了"
    assert repaired.alternatives == ("空调布置冷了", "空调不知冷了")
    assert [(one.heard, one.meant) for one in repaired.repairs] == [("布置冷", "不制冷")]
    assert (repaired.confidence, repaired.loudness_dbov) == (0.7, -20.0)


def test_repaired_words_are_no_surer_than_the_repair() -> None:
    repaired = REPAIRING.repair(Heard("我家空条坏了", 0.99), Hint("appliance"))
    [repair] = repaired.repairs
    assert repaired.confidence == repair.confidence < 0.99


def test_what_is_right_is_passed_on_as_it_is() -> None:
    heard = Heard("我想问一下", 0.9, ("我想问下",))
    assert REPAIRING.repair(heard, Hint("appliance")) == heard


def test_names_and_unknown_hotlines_are_left_alone() -> None:
    heard = Heard("空条", 0.9)
    assert REPAIRING.repair(heard, Hint("appliance", ("contact_name",))) == heard
    assert REPAIRING.repair(heard, Hint("nowhere")) == heard


async def _heard(script: str, hint: Hint) -> Heard:
    recogniser = RevisedRecogniser(FakeRecogniser([script]), REPAIRING.revise)
    listening = recogniser.listen(hint)
    listening.feed(bytes(320))
    return await listening.result()


def test_the_words_of_any_recogniser_are_repaired() -> None:
    heard = asyncio.run(_heard("空条坏了", Hint("appliance", ("product",))))
    assert heard.text == "空调坏了"
    assert [type(one) for one in heard.repairs] == [RepairedTerm]
