from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from ivr.customers.file import FileCustomers
from ivr.customers.guarded import Guarded
from ivr.customers.port import Customer, Customers, NoCustomers
from ivr.customers.seed import SeedCustomers
from ivr.errors import SettingsError
from ivr.tickets.seed import Seed
from tests.fakes.customers import FakeCustomers

DATA = Path(__file__).resolve().parents[3] / "data"
SEED = Seed(
    "x",
    "appliance",
    dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC),
    "13800138001",
    {"name": "王芳", "purchases": [{"product": "空调", "purchased": "2026-03-01"}], "vehicles": None},
)


@pytest.mark.parametrize(
    "customers",
    [
        FileCustomers(DATA / "customers.yml"),
        SeedCustomers(SEED),
        Guarded(SeedCustomers(SEED), "种子"),
        FakeCustomers({"13800138001": Customer("王芳")}),
    ],
    ids=lambda customers: type(customers).__name__,
)
async def test_every_maker_knows_its_customer_and_no_other(customers: Customers) -> None:
    known = await customers.of("13800138001")
    assert known is not None
    assert known.name == "王芳"
    assert await customers.of("13999999999") is None


async def test_no_crm_knows_nobody() -> None:
    assert await NoCustomers().of("13800138001") is None


async def test_a_seed_without_a_customer_or_a_number_knows_nobody() -> None:
    assert await SeedCustomers(Seed("x", "appliance", SEED.now, "1")).of("1") is None
    assert await SeedCustomers(Seed("x", "appliance", SEED.now, None, {"name": "王芳"})).of("1") is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('"1": {nme: 王芳}', "nme"),
        ('"1": {tier: gold}', "gold|tier"),
        ('"1": {purchases: [{model: K1}]}', "product"),
        ("[]", "键"),
    ],
)
def test_a_wrong_customer_is_told_with_its_place(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "customers.yml"
    file.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match=told) as error:
        FileCustomers(file)
    assert "customers.yml" in str(error.value)
