"""Which queue a hand-over joins."""

from __future__ import annotations

import pytest

from ivr.packs import HandoffRoute, HumanQueue, Pack, load_packs
from ivr.settings import PROJECT

PACK = Pack(
    hotline="bank",
    name="银行",
    dialled=(),
    queue="money",
    human_queues={"fraud": HumanQueue(skill="fraud"), "vip": HumanQueue()},
    routes=(
        HandoffRoute(queue="fraud", category=("card_fraud",)),
        HandoffRoute(queue="vip", tier=("vip",), urgency=("P1", "P2")),
        HandoffRoute(queue="fraud", reason=("p1",)),
    ),
)


@pytest.mark.parametrize(
    ("category", "urgency", "tier", "reason", "queue"),
    [
        ("card_fraud", "P1", "vip", "p1", "fraud"),
        ("app_issue", "P2", "vip", "caller_request", "vip"),
        ("app_issue", "P3", "vip", "caller_request", "money"),
        (None, "P1", "normal", "p1", "fraud"),
        (None, "P3", "normal", "no_understanding", "money"),
    ],
)
def test_the_first_route_that_fits_leads(
    category: str | None, urgency: str, tier: str, reason: str, queue: str
) -> None:
    assert PACK.queue_for(category=category, urgency=urgency, tier=tier, reason=reason) == queue


def test_the_queues_of_a_hotline() -> None:
    assert PACK.queue_names == ("money", "fraud", "vip")
    packs = load_packs(PROJECT / "data")
    assert packs["bank"].queue_names == ("bank", "bank_fraud")
    assert packs["courier"].queue_names == ("courier",)
    case = {"urgency": "P3", "tier": "normal", "reason": "caller_request"}
    assert packs["bank"].queue_for(category="card_fraud", **case) == "bank_fraud"
