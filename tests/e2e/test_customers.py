"""Real calls to a hotline whose CRM is late, then away: the caller notices neither."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ivr.commands.telephones import agent_logins
from ivr.simulate.agent import AgentPhone
from tests.contract.customers.peers import CONTACT, Crm, running
from tests.e2e.caller import a_caller, ticket_of
from tests.e2e.conftest import CRM_HOTLINE, RunningLine

pytestmark = pytest.mark.line
DIALLED = "4001000005"


async def test_a_crm_that_is_late_or_away_changes_nothing_for_the_caller(line: RunningLine, tmp_path: Path) -> None:
    (login, *_) = agent_logins(line.settings)
    async with AgentPhone(login, answers="ignore"):  # somebody is at work: zero leads to the queue
        await late(line, tmp_path)
        await away(line, tmp_path)
    metrics = f"http://127.0.0.1:{line.settings.ports.events}/metrics"
    async with aiohttp.ClientSession() as http, http.get(metrics) as response:
        page = await response.text()
    for outcome in ("found", "failed"):
        assert f'ivr_customer_look_ups_total{{outcome="{outcome}",source="会员系统"}} 1.0' in page
    assert line.log("line").count("客户资料来源 会员系统 查不了") == 1


async def late(line: RunningLine, folder: Path) -> None:
    """It answers when the caller is already in the human's queue."""
    crm, answers = Crm(), asyncio.Event()

    async def contact(request: web.Request) -> Any:
        await answers.wait()
        return CONTACT

    crm.answers["/contacts"] = contact
    port = int(line.settings.customers[CRM_HOTLINE].http.address.rpartition(":")[2])
    async with running(crm, port), a_caller(line, folder, DIALLED) as caller:
        await caller.phone.key("0")
        await caller.event("handoff")
        assert (await ticket_of(line, caller.call_id)).customer is None
        answers.set()
        async with asyncio.timeout(5):
            while (ticket := await ticket_of(line, caller.call_id)).customer is None:
                await asyncio.sleep(0.1)
    assert (ticket.customer.name, ticket.customer.tier, ticket.customer.source) == ("王芳", "vip", "会员系统")
    assert ticket.value("contact_name") == "王芳"
    assert "vip" in ticket.review.reasons


async def away(line: RunningLine, folder: Path) -> None:
    async with a_caller(line, folder, DIALLED) as caller:
        await caller.phone.key("0")
        await caller.event("handoff")
    ticket = await ticket_of(line, caller.call_id)
    assert ticket.customer is None
    assert ticket.handoff is not None
