from __future__ import annotations

import pytest

from ivr.conversation import topic

OWN, EVERY = {"billing", "consultation"}, {"billing", "consultation", "refund", "lost"}


def test_only_the_hotlines_own_categories_and_what_is_said_anywhere_compete() -> None:
    left = topic.competing({"billing": 0.4, "refund": 0.4, "inform": 0.1, "nlu_fallback": 0.3}, OWN, EVERY)
    assert left == {"billing": pytest.approx(0.8), "inform": pytest.approx(0.2)}


def test_what_belongs_to_another_hotline_makes_nothing_sure() -> None:
    left = topic.competing({"refund": 0.97, "billing": 0.02, "inform": 0.01}, OWN, EVERY)
    assert left["billing"] == pytest.approx(0.2)
    assert topic.competing({}, OWN, EVERY) == {}


def test_an_answer_that_also_complains_still_has_its_topic() -> None:
    sure = topic.beside_informing({"inform": 0.5, "billing": 0.3, "lost": 0.1})
    assert sure == {"billing": pytest.approx(0.6), "lost": pytest.approx(0.2)}
    assert topic.beside_informing({"inform": 0.98, "billing": 0.02})["billing"] == pytest.approx(0.05)
