from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from ivr.api.access import Access, FailedLogins
from ivr.api.metrics import ApiMetrics
from ivr.api.office import Office, Records
from ivr.api.operations import handlers
from ivr.api.server import ApiServer
from ivr.customers.port import Customers
from ivr.settings import PROJECT
from ivr.tickets.customer import Customer, Purchase
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Callback, Handoff, Ticket, TranscriptLine
from ivr.tickets.tokens import Tokens
from tests.contract.conftest import NOW
from tests.fakes.customers import FakeCustomers

FAILED_LOGINS = 5


@dataclass
class Api:
    """A client with a token of scope write; `ask` with another token, or None."""

    http: TestClient[Any, Any]
    store: TicketStore
    tokens: Tokens
    recordings: Path
    write: str
    read: str
    now: list[float] = field(default_factory=lambda: [0.0])
    """Seconds of the log-in limit's clock."""

    async def ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        token: str | None = "write",  # noqa: S107  (the name of one)
        headers: dict[str, str] | None = None,
        **how: Any,
    ) -> tuple[int, Any, Mapping[str, str]]:
        given = {"write": self.write, "read": self.read}.get(token or "", token)
        authorization = {"Authorization": f"Bearer {given}"} if given else {}
        how |= {"json": json} if json is not None else {}
        async with self.http.request(method, path, headers=authorization | (headers or {}), **how) as response:
            raw = await response.read()
            is_json = "json" in response.content_type
            return (
                response.status,
                (await response.json(content_type=None) if is_json and raw else raw),
                response.headers,
            )

    async def ended(self, draft: Ticket) -> str:
        """The number of a ticket whose call is over."""
        made = await self.store.create(draft)
        await self.store.add_line(made.call_id, TranscriptLine("caller", "客厅那个挂机不制冷", 2.1, 0.88))
        asked = Handoff("caller_request", "appliance", NOW)
        gone = replace(made, status="incomplete", category="product_fault", handoff=asked)
        await self.store.save(gone, by="bot", why="转人工")
        await self.store.record_callback(made.ticket_no, Callback(NOW, "13800010001", "没有坐席"))
        return made.ticket_no


@pytest.fixture
def failed_logins() -> int:
    """In a minute."""
    return FAILED_LOGINS


@pytest.fixture
async def api(store: TicketStore, tmp_path: Path, failed_logins: int) -> AsyncIterator[Api]:
    taxonomy = load_taxonomy(PROJECT / "data")
    known = FakeCustomers({"13800010001": Customer("王芳", "vip", (Purchase("空调", "KFR35GW"),))})

    async def customers(hotline: str) -> Customers:
        del hotline
        return known

    async def records() -> Records:
        return Records(store, customers, taxonomy)

    tokens, now = Tokens(store.database), [0.0]
    office = Office(records, tmp_path / "recordings", lambda: NOW)
    access = Access(tokens, FailedLogins(failed_logins, lambda: now[0]))
    metrics = ApiMetrics(CollectorRegistry())
    server = ApiServer("127.0.0.1", 0, access, handlers(office), metrics, try_store=store.release)
    write = await tokens.add("客服系统", "write", at=NOW)
    read = await tokens.add("报表", "read", at=NOW)
    async with TestClient(TestServer(server.application())) as http:
        yield Api(http, store, tokens, tmp_path / "recordings", write, read, now)
