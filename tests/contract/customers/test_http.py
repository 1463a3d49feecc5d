"""The HTTP adapter against a local peer that behaves like a CRM, and like a broken one."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ivr.customers.directory import open_source
from ivr.customers.http import HttpCustomers
from ivr.errors import CustomersDown, IvrError, SettingsError, WireError
from ivr.settings import CustomerHttp, CustomerRequest, CustomerSource, Settings
from ivr.tickets.customer import Agreement, Customer, Purchase
from tests.contract.customers.peers import CONTACT, PLANS, Crm, running

REQUESTS = {
    "contact": CustomerRequest(path="/contacts?phone={e164}"),
    "orders": CustomerRequest(path="/owners/{contact.data[0].id}/orders"),
    "plans": CustomerRequest(
        path="/plans", method="POST", body='{"owner": "{contact.data[0].id}", "of": "号码 {number}"}'
    ),
}
MAP = {
    "customer": {"name": "contact.data[0].full_name", "tier": "contact.data[0].level"},
    "purchases": {
        "each": "orders.items", "product": "what", "model": "type", "order_no": "no", "purchased": "at",
        "warranty_until": "until",
    },
    "agreements": {"each": "plans", "name": "title", "until": "ends"},
}  # fmt: skip
WANG = Customer(
    "王芳",
    "vip",
    (Purchase("空调", "KFR35GW", "DD1", dt.date(2026, 3, 1), dt.date(2032, 2, 27)),),
    agreements=(Agreement("延长保修", dt.date(2030, 6, 18)),),
)


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    async with running(Crm()) as peer:
        yield peer


@asynccontextmanager
async def opened(crm: Crm, var: Path, *, limit_s: float = 5.0, **http: Any) -> AsyncIterator[HttpCustomers]:
    own = CustomerHttp(address=crm.url, requests=REQUESTS, **http)
    choice = CustomerSource(kind="http", http=own, map=MAP, vip=("黑金",), limit_s=limit_s)
    source = open_source(Settings(var=var, customers={"default": choice}), "default")
    assert isinstance(source, HttpCustomers)
    try:
        yield source
    finally:
        await source.close()


@pytest.fixture
async def source(crm: Crm, tmp_path: Path) -> AsyncIterator[HttpCustomers]:
    async with opened(crm, tmp_path) as made:
        yield made


async def test_several_requests_are_joined(crm: Crm, source: HttpCustomers) -> None:
    bodies: list[Any] = []

    async def plans(request: web.Request) -> Any:
        bodies.append(await request.json())
        return PLANS

    crm.answers["/plans"] = plans
    crm.delay_s = 0.05
    known = await source.mapped("13800010001")
    assert known.customer == WANG
    assert known.unmapped == ("contact.data.id", "contact.data.secret")
    assert crm.asked[0] == "GET /contacts?phone=%2B8613800010001"
    assert bodies == [{"owner": 7, "of": "号码 13800010001"}]
    assert crm.most_at_once == 2  # those that wait for the first go out together


@pytest.mark.parametrize("answer", [404, {"data": []}, {"data": None}, {"data": [{}]}, [], None, 5.5, "x"])
async def test_a_stranger_is_nobody_and_nothing_more_is_asked(crm: Crm, source: HttpCustomers, answer: Any) -> None:
    crm.answers["/contacts"] = answer
    assert await source.of("13800010001") is None
    assert len(crm.asked) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (500, CustomersDown),
        (302, CustomersDown),
        (401, CustomersDown),
        (403, CustomersDown),
        (b"<html>", WireError),
        (b"", WireError),
        (b"\xff\xfe{}", WireError),
        (b"[" * 200_000, WireError),
        (b'"' + b"x" * 2_000_000 + b'"', WireError),
    ],
    ids=["500", "redirect", "401", "403", "html", "empty", "not utf-8", "deep", "huge"],
)
async def test_a_broken_crm_is_told(crm: Crm, source: HttpCustomers, answer: Any, error: type[IvrError]) -> None:
    crm.answers["/contacts"] = answer
    with pytest.raises(error):
        await source.of("13800010001")


async def test_one_broken_answer_of_several_is_told(crm: Crm, source: HttpCustomers) -> None:
    crm.answers["/owners/7/orders"] = 500
    with pytest.raises(CustomersDown, match="500"):
        await source.of("13800010001")


async def test_nobody_there(tmp_path: Path, unused_tcp_port: int) -> None:
    async with opened(Crm(url=f"http://127.0.0.1:{unused_tcp_port}"), tmp_path) as source:
        with pytest.raises(CustomersDown, match="连不上"):
            await source.of("13800010001")


async def test_a_slow_crm_is_given_up(crm: Crm, tmp_path: Path) -> None:
    crm.delay_s = 30
    async with opened(crm, tmp_path, limit_s=0.05) as source:
        with pytest.raises(CustomersDown, match="没有答复"):
            await source.of("13800010001")


@pytest.mark.parametrize("answer", [{"data": [{"id": "../../admin?x=1&y", "full_name": "王芳"}]}])
async def test_what_is_filled_in_stays_in_its_place(crm: Crm, source: HttpCustomers, answer: Any) -> None:
    crm.answers["/contacts"] = answer
    await source.of("13800010001")
    assert "GET /owners/..%2F..%2Fadmin%3Fx%3D1%26y/orders" in crm.asked


# --- who we are


async def test_a_token(crm: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_CUSTOMERS_DEFAULT_TOKEN", "geheim")
    crm.good_tokens = {"geheim"}
    async with opened(crm, tmp_path, auth="token") as source:
        assert await source.of("13800010001") == WANG


@pytest.mark.parametrize("in_body", [False, True])
async def test_oauth2_gets_a_token_once_and_a_new_one_when_it_is_refused(
    crm: Crm, tmp_path: Path, in_body: bool
) -> None:
    (tmp_path / "secrets.toml").write_text('[customers.default]\nclient_secret = "geheim"\n', "utf-8")
    auth = {"user": "ivr", "token_address": f"{crm.url}/token", "scope": "read", "secret_in_body": in_body}
    async with opened(crm, tmp_path, auth="oauth2", **auth) as source:
        assert await source.of("13800010001") == WANG
        assert await source.of("13800010001") == WANG
        tokens = [each for each in crm.asked if each.startswith("token")]
        assert tokens == ["token client_credentials read True"]
        crm.good_tokens = {"another"}  # theirs ended earlier than they said
        assert await source.of("13800010001") == WANG
        assert len([each for each in crm.asked if each.startswith("token")]) == 2


async def test_a_token_is_renewed_before_it_ends(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text('[customers.default]\nclient_secret = "geheim"\n', "utf-8")
    crm.lasts_s = 0
    async with opened(crm, tmp_path, auth="oauth2", user="ivr", token_address=f"{crm.url}/token") as source:
        assert await source.of("13800010001") == WANG
        assert len([each for each in crm.asked if each.startswith("token")]) > 1


@pytest.mark.parametrize("answer", [b"<html>", {"error": "invalid_client"}, [], {"access_token": 5}])
async def test_a_token_server_that_is_wrong_is_told(crm: Crm, tmp_path: Path, answer: Any) -> None:
    (tmp_path / "secrets.toml").write_text('[customers.default]\nclient_secret = "geheim"\n', "utf-8")
    crm.answers["/tokens"] = answer
    async with opened(crm, tmp_path, auth="oauth2", user="ivr", token_address=f"{crm.url}/tokens") as source:
        with pytest.raises((CustomersDown, WireError)) as error:
            await source.of("13800010001")
        assert "geheim" not in str(error.value)


@pytest.mark.parametrize(
    ("http", "told"),
    [
        (CustomerHttp(address="crm.example"), "地址"),
        (CustomerHttp(address="https://u:p@crm.example"), "secrets.toml"),
        (CustomerHttp(address="https://crm.example", auth="token"), "token"),
        (CustomerHttp(address="https://crm.example", requests={"a": CustomerRequest(path="/{nobody}")}), "nobody"),
        (CustomerHttp(address="https://crm.example", requests={"a": CustomerRequest(path="/{number[}")}), "JMESPath"),
        (CustomerHttp(address="https://crm.example", requests={"a": CustomerRequest(path="/", body="{")}), "JSON"),
        (
            CustomerHttp(
                address="https://crm.example",
                requests={"a": CustomerRequest(path="/{b.x}"), "b": CustomerRequest(path="/{a.x}")},
            ),
            "互相",
        ),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, http: CustomerHttp, told: str) -> None:
    choice = CustomerSource(kind="http", http=http, map={"customer": {"name": "a.name"}})
    with pytest.raises(SettingsError, match=told):
        open_source(Settings(var=tmp_path, customers={"default": choice}), "default")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "customer"),
        ({"customer": {"nme": "x"}}, "nme"),
        ({"customer": {"name": "a["}}, "JMESPath"),
        ({"customer": {"name": "a"}, "cars": {"each": "a"}}, "cars"),
        ({"customer": {"name": "a"}, "vehicles": {"plate_no": "a"}}, "each"),
        ({"customer": {"name": "a"}, "vehicles": {"each": "a"}}, "plate_no"),
    ],
)
def test_a_wrong_mapping_is_told(tmp_path: Path, given: Any, told: str) -> None:
    choice = CustomerSource(kind="http", http=CustomerHttp(address="https://crm.example"), map=given)
    with pytest.raises(SettingsError, match=told):
        open_source(replace(Settings(), var=tmp_path, customers={"default": choice}), "default")


def test_the_answer_of_the_example_has_what_is_asked_for() -> None:
    assert CONTACT["data"][0]["id"] == 7
