"""What designers edit: read, and wrong edits told with file and place."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from ivr.errors import SettingsError
from ivr.tickets.seed import PriorTicket, Seed, prior_ticket, read_seed, seed_of
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy
from tests.unit.tickets.conftest import DATA, ZONE


def test_all_hotlines_and_categories_are_there(taxonomy: Taxonomy) -> None:
    assert len(taxonomy.hotlines) == 7
    assert len(taxonomy.fields) == 20
    fault = taxonomy.category("appliance", "product_fault")
    assert fault is not None
    assert fault.required == ("product", "problem", "since")
    assert taxonomy.category("appliance", None) is None
    assert taxonomy.field_name("since") == "开始时间"
    with pytest.raises(SettingsError, match="appliance"):
        taxonomy.hotline("nowhere")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    shutil.copy(DATA / "taxonomy.yml", tmp_path)
    shutil.copytree(DATA / "judgement", tmp_path / "judgement")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("taxonomy.yml", "required: [product, problem, since]", "required: [product, prblem]", "prblem"),
        ("taxonomy.yml", "kind: money", "kin: money", "kind"),
        ("judgement/urgency.yml", "漏电|触电", "漏电(|触电", "漏电"),
        ("judgement/emotion.yml", "weaker: (", "weaker: ((", "weaker"),
    ],
)
def test_a_wrong_edit_is_told_with_file_and_place(data: Path, file: str, old: str, new: str, told: str) -> None:
    path = data / file
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(SettingsError, match=told) as error:
        load_taxonomy(data)
    assert path.name in str(error.value)


SCENARIO = {
    "id": "fridge-frost",
    "hotline": "appliance",
    "date": dt.date(2026, 11, 22),
    "caller": "13800019999",
    "customer": {"name": "王芳", "tier": "vip", "purchases": [{"product": "冰箱", "purchased": dt.date(2026, 3, 1)}]},
    "prior_tickets": [
        {
            "ticket_no": "GD20261101-000001",
            "category": "product_fault",
            "days_ago": 21,
            "stage": "closed",
            "fields": {"product": "冰箱", "problem": "结霜", "since": dt.date(2026, 10, 30)},
        }
    ],
}


def test_a_scenario_becomes_a_seed(tmp_path: Path, taxonomy: Taxonomy) -> None:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(seed_of(SCENARIO, ZONE), ensure_ascii=False), "utf-8")
    seed = read_seed(file)
    assert seed.now == dt.datetime(2026, 11, 22, 10, 0, tzinfo=ZONE)
    assert seed.customer is not None
    assert seed.customer["purchases"][0]["purchased"] == "2026-03-01"
    ticket = prior_ticket(seed.prior_tickets[0], seed, taxonomy)
    assert ticket.created_at == seed.now - dt.timedelta(days=21)
    assert (ticket.caller_number, ticket.stage, ticket.status) == ("13800019999", "closed", "complete")
    assert ticket.value("since") == "2026-10-30"


def test_a_time_of_day_in_a_scenario_is_kept() -> None:
    assert seed_of({**SCENARIO, "date": "2026-11-22 23:30"}, ZONE)["now"] == "2026-11-22T23:30:00+08:00"


@pytest.mark.parametrize("content", ["{", "[]", '{"id": "a", "hotline": "appliance", "now": "2026-11-22T10:00:00"}'])
def test_a_broken_seed_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "seed.json"
    with pytest.raises(SettingsError, match="找不到"):
        read_seed(file)
    file.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match="seed"):
        read_seed(file)


def test_a_prior_ticket_of_a_category_that_does_not_exist_is_told(taxonomy: Taxonomy) -> None:
    seed = Seed("x", "bank", dt.datetime(2026, 11, 22, tzinfo=ZONE))
    broken = seed_of(SCENARIO, ZONE)["prior_tickets"][0]
    with pytest.raises(SettingsError, match="product_fault"):
        prior_ticket(PriorTicket(**broken), seed, taxonomy)
