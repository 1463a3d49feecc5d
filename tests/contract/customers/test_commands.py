"""`ivr customers` for whoever sets a CRM up: against a local peer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ivr import doctor
from ivr.customers.directory import Directory
from ivr.customers.trial import tried, try_one
from ivr.settings import CustomerHttp, CustomerSource, Settings
from tests.contract.customers.peers import Crm, running
from tests.contract.customers.test_http import MAP, REQUESTS, WANG


def settings(crm: Crm, var: Path) -> Settings:
    own = CustomerHttp(address=crm.url, requests=REQUESTS)
    http = CustomerSource(kind="http", name="会员系统", http=own, map=MAP, vip=("黑金",), limit_s=0.2)
    return Settings(var=var, customers={"appliance": http, "default": CustomerSource(kind="none")})


async def test_a_number_is_looked_up_past_cache_and_breaker(tmp_path: Path) -> None:
    async with running(Crm()) as crm:
        trial = await try_one(settings(crm, tmp_path), "appliance", "13800010001")
        assert (trial.name, trial.wrong) == ("会员系统", None)
        assert trial.mapped is not None
        assert trial.mapped.customer == WANG
        assert trial.mapped.unmapped


async def test_every_source_is_tried(tmp_path: Path) -> None:
    async with running(Crm(delay_s=5)) as crm:
        slow, none = await tried(settings(crm, tmp_path))
    assert "没有答复" in (slow.wrong or "")
    assert none.wrong is None
    found = doctor.customer_source(slow.name, slow.took_ms, slow.wrong)
    assert (found.verdict, found.what) == (doctor.Verdict.WARN, "客户资料 会员系统")
    assert doctor.customer_source(none.name, none.took_ms, none.wrong).verdict is doctor.Verdict.OK


async def test_each_hotline_has_its_source_and_they_are_guarded(tmp_path: Path) -> None:
    noted: list[tuple[str, str]] = []
    async with running(Crm()) as crm:
        directory = Directory(settings(crm, tmp_path), lambda name, outcome, took_s: noted.append((name, outcome)))
        assert await directory.of_hotline("appliance").of("13800010001") == replace(WANG, source="会员系统")
        assert await directory.of_hotline("appliance").of("13800010001") is not None
        assert await directory.of_hotline("auto").of("13800010001") is None
        crm.answers.clear()
        assert await directory.of_hotline("appliance").of("13800010002") is None
        await directory.close()
    assert noted == [("会员系统", "found"), ("会员系统", "cached"), ("会员系统", "unknown")]


async def test_wrong_settings_leave_calls_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = Directory(Settings(var=tmp_path, customers={"default": CustomerSource(kind="sql")}))
    assert await directory.of_hotline("appliance").of("13800010001") is None
    assert "通话里不查客户" in caplog.text
    await directory.close()
