"""The trained model beside sentences that it was not trained with (tests/nlu/*.tsv)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ivr.commands.score_nlu import parsed
from ivr.errors import PeerDown
from tests.e2e.conftest import RunningLine
from tests.nlu.labelled import Labelled, entities, field_counts, intent_counts, intents, macro, micro, reading

pytestmark = pytest.mark.line

LEAST_INTENT_F1 = 0.80
LEAST_ENTITY_F1 = 0.93


async def parsed_all(line: RunningLine, cases: list[Labelled]) -> dict[str, Mapping[str, float]]:
    url = f"http://{line.settings.host}:{line.settings.ports.rasa}/model/parse"
    return {one.sentence: await parsed(url, one.sentence) for one in cases}


async def test_intents_of_unseen_sentences(line: RunningLine) -> None:
    cases = intents()
    confidences = await parsed_all(line, cases)
    found = [reading(one, confidences[one.sentence]).intent for one in cases]
    counts = intent_counts(cases, found)
    faults = [f"{one.hotline} {one.sentence} {one.intent} -> {got}" for one, got in zip(cases, found, strict=True)]
    wrong = [fault for fault, one, got in zip(faults, cases, found, strict=True) if got != one.intent]
    print(f"intents: {len(cases)} sentences, F1 {micro(counts):.3f}, mean of intents {macro(counts):.3f}")  # noqa: T201
    assert micro(counts) >= LEAST_INTENT_F1, "\n".join(wrong)


async def test_fields_of_labelled_sentences(line: RunningLine) -> None:
    cases = entities()
    confidences = await parsed_all(line, cases)
    counts, faults = field_counts(cases, confidences.__getitem__)
    print(f"fields: {len(cases)} sentences, F1 {micro(counts):.3f}, mean of fields {macro(counts):.3f}")  # noqa: T201
    assert micro(counts) >= LEAST_ENTITY_F1, "\n".join(faults)


async def test_every_intent_gets_its_confidence(line: RunningLine) -> None:
    url = f"http://{line.settings.host}:{line.settings.ports.rasa}/model/parse"
    assert sum((await parsed(url, "洗衣机甩不干")).values()) == pytest.approx(1.0, abs=0.02)
    with pytest.raises(PeerDown, match="Rasa"):
        await parsed("http://127.0.0.1:9/model/parse", "喂")
