from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ivr.errors import SettingsError, TicketError
from ivr.packs import OpenHours
from ivr.tickets import lifecycle
from ivr.tickets.callbacks import next_open
from ivr.tickets.completeness import How, completeness, confidence, missing, settle
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Fact, Review, Status, Ticket
from tests.unit.tickets.conftest import DATA, NOW

FACTS = {
    "product": Fact("空调", confidence=0.9),
    "problem": Fact("不制冷", confidence=0.7),
    "since": Fact("2026-11-19"),
}


def fault(ticket: Ticket, *known: str) -> Ticket:
    return replace(ticket, category="product_fault", fields={name: FACTS[name] for name in known})


def test_missing_is_what_the_category_requires(ticket: Ticket, taxonomy: Taxonomy) -> None:
    assert missing(ticket, taxonomy) == ("category",)
    assert missing(fault(ticket, "problem"), taxonomy) == ("product", "since")
    assert missing(fault(ticket, *FACTS), taxonomy) == ()


def test_completeness_and_confidence_are_of_required_fields(ticket: Ticket, taxonomy: Taxonomy) -> None:
    assert completeness(ticket, taxonomy) == 0.0
    assert completeness(fault(ticket, "problem"), taxonomy) == 0.33
    assert completeness(fault(ticket, *FACTS), taxonomy) == 1.0
    doubtful = fault(ticket, "product", "problem").with_fact("address", Fact("某处", confidence=0.1))
    assert confidence(doubtful, taxonomy) == 0.7
    assert confidence(ticket, taxonomy) == 0.0


def test_every_category_of_every_hotline_can_be_completed(ticket: Ticket, taxonomy: Taxonomy) -> None:
    for hotline in taxonomy.hotlines.values():
        for category in hotline.categories.values():
            full = replace(
                ticket,
                hotline=hotline.id,
                category=category.id,
                fields={name: Fact("某值") for name in category.required},
            )
            assert settle(full, "caller_hung_up", taxonomy).status == "complete"
            for name in category.required:
                assert settle(full.without_fact(name), "caller_hung_up", taxonomy).missing == (name,)


def test_an_unknown_category_is_told(ticket: Ticket, taxonomy: Taxonomy) -> None:
    with pytest.raises(SettingsError, match="card_fraud"):
        missing(replace(ticket, category="card_fraud"), taxonomy)


@pytest.mark.parametrize(
    ("how", "known", "expected"),
    [
        ("bot_hung_up", tuple(FACTS), "complete"),
        ("caller_hung_up", tuple(FACTS), "complete"),
        ("handed_over", tuple(FACTS), "complete"),
        ("failed", tuple(FACTS), "complete"),
        ("bot_hung_up", ("product",), "incomplete"),
        ("handed_over", ("product",), "incomplete"),
        ("failed", ("product",), "incomplete"),
        ("caller_hung_up", ("product",), "abandoned"),
    ],
)
def test_how_a_call_ends_and_what_is_known_decide(
    ticket: Ticket, taxonomy: Taxonomy, how: How, known: tuple[str, ...], expected: Status
) -> None:
    settled = settle(fault(ticket, *known), how, taxonomy)
    assert settled.status == expected
    assert (settled.callback is not None) == (expected == "abandoned")


def test_whoever_hung_up_is_called_back_soon_and_in_open_hours(ticket: Ticket, taxonomy: Taxonomy) -> None:
    hours = OpenHours(opens="09:00", closes="18:00")
    urgent = settle(replace(fault(ticket), urgency="P1"), "caller_hung_up", taxonomy, at=NOW, hours=hours)
    assert urgent.callback is not None
    assert urgent.callback.due - NOW == dt.timedelta(minutes=15)
    assert urgent.callback.number == "13800010001"
    assert "产品" in urgent.callback.why
    evening = NOW.replace(hour=17, minute=30)
    later = settle(fault(ticket), "caller_hung_up", taxonomy, at=evening, hours=hours)
    assert later.callback is not None
    assert later.callback.due == (evening + dt.timedelta(days=1)).replace(hour=9, minute=0, second=0)


def test_the_number_the_caller_gave_is_called_back(ticket: Ticket, taxonomy: Taxonomy) -> None:
    withheld = replace(fault(ticket), caller_number=None)
    given = settle(withheld.with_fact("contact_number", Fact("01088886666")), "caller_hung_up", taxonomy)
    assert given.callback is not None
    assert given.callback.number == "01088886666"
    nobody = settle(withheld, "caller_hung_up", taxonomy)
    assert nobody.callback is not None
    assert nobody.callback.number is None


def test_a_settled_ticket_stays_as_it_is(ticket: Ticket, taxonomy: Taxonomy) -> None:
    settled = settle(fault(ticket, "product"), "handed_over", taxonomy)
    assert settle(settled, "caller_hung_up", taxonomy) == settled


def test_review_moves_the_stage_when_the_call_is_over(ticket: Ticket, taxonomy: Taxonomy) -> None:
    reviewed = replace(fault(ticket, *FACTS), review=Review(True, ("p1",)))
    assert settle(reviewed, "bot_hung_up", taxonomy).stage == "in_review"
    assert settle(fault(ticket, *FACTS), "bot_hung_up", taxonomy).stage == "new"


def test_never_open_is_now() -> None:
    assert next_open(NOW, OpenHours(days=())) == NOW


@pytest.mark.parametrize(("key", "to"), lifecycle.STAGE.items())
def test_a_step_of_the_table_leads_where_it_says(
    ticket: Ticket, key: tuple[lifecycle.Stage, lifecycle.Step], to: lifecycle.Stage
) -> None:
    stage, step = key
    before = replace(ticket, stage=stage)
    after = lifecycle.moved(before, step)
    assert after.stage == to
    lifecycle.check_followed(before, after)


@pytest.mark.parametrize(("stage", "step"), [("new", "reopen"), ("closed", "accept"), ("in_review", "close")])
def test_a_step_outside_the_table_is_refused(ticket: Ticket, stage: lifecycle.Stage, step: lifecycle.Step) -> None:
    with pytest.raises(TicketError, match=lifecycle.STAGE_ZH[stage]):
        lifecycle.moved(replace(ticket, stage=stage), step)


def test_the_diagram_shows_every_step() -> None:
    drawn = lifecycle.diagram()
    assert all(f"{stage} --> {to}: {step}" in drawn for (stage, step), to in lifecycle.STAGE.items())


def test_the_picture_in_the_docs_is_drawn_from_the_table() -> None:
    assert lifecycle.diagram() in (DATA.parent / "docs" / "tickets.md").read_text("utf-8")


def test_the_summary_of_a_settled_ticket_says_what_is_missing(taxonomy: Taxonomy) -> None:
    draft = Ticket(
        hotline="appliance", category="product_fault", call_id="1", caller_number=None, created_at=NOW,
        fields={"product": Fact("空调"), "problem": Fact("不制冷")},
    )  # fmt: skip
    assert "还缺：开始时间" in settle(draft, "caller_hung_up", taxonomy).summary
