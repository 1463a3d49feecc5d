"""The adapter against a real Tryton 8.0, started here and stopped here."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from ivr.customers.directory import open_source
from ivr.customers.tryton import TrytonCustomers
from ivr.errors import CustomersDown, IvrError, WireError
from ivr.settings import CustomerSource, CustomerTryton, Settings
from ivr.tickets.customer import Complaint, Customer, Purchase
from tests.contract.customers import tryton_server
from tests.contract.customers.tryton_server import PASSWORD, Clerk, Tryton


async def fill(tryton: Tryton) -> None:
    async with aiohttp.ClientSession() as http:
        clerk = Clerk(http, tryton)
        await clerk.log_in()
        await clerk.open_shop()
        cooler, washer = await clerk.product("空调", "KFR35GW"), await clerk.product("洗衣机", "XQG100")
        vip = await clerk.create("party.category", name="VIP")
        wang = await clerk.customer("王芳", "+86 138-0001-0001", vip)
        await clerk.sell(wang, cooler, dt.date(2026, 3, 31))
        await clerk.sell(wang, washer, dt.date(2026, 5, 1), confirmed=False)
        await clerk.complain(wang, "空调漏水", dt.date(2026, 6, 1))
        await clerk.customer("李雷", "13900010009")
        for name in ("赵父", "赵子"):
            await clerk.customer(name, "13700010007")


def opened(tryton: Tryton, var: Path, password: str = PASSWORD) -> TrytonCustomers:
    (var / "secrets.toml").write_text(f'[customers.default]\npassword = "{password}"\n', "utf-8")
    own = CustomerTryton(address=tryton.url, database="crm", user="ivr", warranty_months=6)
    choice = CustomerSource(kind="tryton", tryton=own, limit_s=20)
    source = open_source(Settings(var=var, customers={"default": choice}), "default")
    assert isinstance(source, TrytonCustomers)
    return source


@pytest.mark.skipif(not tryton_server.FOLDER.exists(), reason="make prepare test brings Tryton")
async def test_a_real_tryton(tmp_path: Path) -> None:
    with tryton_server.running(tmp_path) as tryton:
        await fill(tryton)
        source = opened(tryton, tmp_path)
        await everything_is_found(source)
        await a_session_that_ended_is_renewed(source)
        await source.close()
        await a_wrong_password_is_told(tryton, tmp_path)
    gone = opened(tryton, tmp_path)
    with pytest.raises(CustomersDown, match="连不上"):
        await gone.of("13800010001")
    await gone.close()


async def everything_is_found(source: TrytonCustomers) -> None:
    shared = await source.mapped("13700010007")
    assert (shared.customer, "2 位客户" in shared.doubts[0]) == (None, True)
    wang = await source.of("13800010001")
    assert wang is not None
    assert wang == Customer(
        "王芳",
        "vip",
        (Purchase("空调", "KFR35GW", wang.purchases[0].order_no, dt.date(2026, 3, 31), dt.date(2026, 9, 30)),),
        complaints=(Complaint("空调漏水", dt.date(2026, 6, 1), "草稿", wang.complaints[0].reference),),
        customer_no=wang.customer_no,
    )
    assert wang.purchases[0].order_no
    plain = await source.of("13900010009")
    assert plain is not None
    assert (plain.name, plain.tier, plain.purchases) == ("李雷", "normal", ())
    assert await source.of("13700000000") is None


async def a_session_that_ended_is_renewed(source: TrytonCustomers) -> None:
    source._session = "Session aXZyOjI6bm9uc2Vuc2U="
    known = await source.of("13800010001")
    assert known is not None


async def a_wrong_password_is_told(tryton: Tryton, var: Path) -> None:
    stranger = opened(tryton, var, "falsch")
    with pytest.raises(CustomersDown, match="密码"):
        await stranger.of("13800010001")
    await stranger.close()


# --- a Tryton that answers nonsense


@pytest.fixture
async def nonsense(tmp_path: Path) -> AsyncIterator[tuple[TrytonCustomers, dict[str, object]]]:
    from tests.contract.customers.peers import Crm, running

    async with running(Crm()) as crm:
        source = opened(Tryton(crm.url, None, tmp_path), tmp_path)  # type: ignore[arg-type]
        yield source, crm.answers
        await source.close()


@pytest.mark.parametrize(
    "answer", [500, b"<html>", {"result": None}, {"result": [1]}, {"error": ["x", "y"]}, [], {"result": "xy"}, {}]
)
async def test_nonsense_is_told(nonsense: tuple[TrytonCustomers, dict[str, object]], answer: object) -> None:
    source, answers = nonsense
    answers["/crm/rpc/"] = answer
    with pytest.raises(IvrError) as error:
        await source.of("13800010001")
    assert isinstance(error.value, WireError | CustomersDown)
