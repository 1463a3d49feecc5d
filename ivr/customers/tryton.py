"""Customers in Tryton: parties by their telephone, what was sold to them, their subscriptions and complaints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import aiohttp

from ivr.customers import tryton_wire as wire
from ivr.customers.bodies import json_of
from ivr.customers.mapping import CustomerMapping, Mapped, shared
from ivr.customers.numbers import written
from ivr.customers.port import believed
from ivr.errors import CustomersDown, WireError
from ivr.settings import CustomerTryton
from ivr.tickets.customer import Customer

LONGEST_KB = 512


class TrytonCustomers:
    """As a user of Tryton who may read sales. Logs in when it is first asked, and again when the session has ended.
    Raises `CustomersDown` or `WireError` when asked."""

    def __init__(self, tryton: CustomerTryton, password: str, *, region: str = "CN", timeout_s: float = 5.0) -> None:
        self._tryton, self._password, self._region, self._timeout_s = tryton, password, region, timeout_s
        self._url = f"{tryton.address.rstrip('/')}/{quote(tryton.database, safe='')}/rpc/"
        self._mapping = CustomerMapping({}, place="tryton", vip=("true",), own_names=True)
        self._http: aiohttp.ClientSession | None = None
        self._login = asyncio.Lock()
        self._session = ""
        self._context: dict[str, Any] = {}

    async def of(self, number: str) -> Customer | None:
        return believed(await self.mapped(number))

    async def mapped(self, number: str) -> Mapped:
        await self._logged_in()
        numbers = written(number, self._region)
        contacts = await self._search(
            "party.contact_mechanism", wire.contacts(numbers), "id", ["party", "party.rec_name"]
        )
        parties = {contact.get("party") for contact in contacts}
        if len(parties) > 1:
            return Mapped(None, doubts=(shared(len(parties)),))
        return self._mapping.of(await self._of_party(contacts[0]), number) if contacts else Mapped(None)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _of_party(self, contact: wire.Row) -> dict[str, Any]:
        party, months = contact.get("party"), self._tryton.warranty_months
        named = [["id", "=", party], ["categories.name", "=", self._tryton.vip_category]]
        sold = [["sale.party", "=", party], ["sale.state", "in", list(wire.SOLD)], ["product", "!=", None]]
        runs = [["subscription.party", "=", party], ["subscription.state", "=", "running"]]
        of_sale = ["product.name", "product.code", "sale.number", "sale.sale_date"]
        of_plan = ["service.rec_name", "end_date", "subscription.end_date"]
        of_case = ["number", "date", "state", "description", "type.name"]
        vip, sales, plans, cases = await asyncio.gather(
            self._search("party.party", named, "id", ["id"]),
            self._search("sale.line", sold, "sale.sale_date", of_sale),
            self._if_there("sale.subscription.line", runs, "id", of_plan),
            self._if_there("sale.complaint", [["customer", "=", party]], "date", of_case),
        )
        return {
            "customer": {
                "name": (contact.get("party.") or {}).get("rec_name"),
                "tier": bool(vip),
                "customer_no": party,
            },
            "purchases": [wire.purchase(row, months) for row in sales],
            "agreements": _each(wire.agreement, plans),
            "complaints": _each(wire.complaint, cases),
        }

    async def _if_there(self, model: str, domain: Sequence[Any], order: str, names: Sequence[str]) -> list[wire.Row]:
        """Nothing where the module is not activated, or the user may not read it."""
        try:
            return await self._search(model, domain, order, names)
        except WireError:
            return []

    async def _search(self, model: str, domain: Sequence[Any], order: str, names: Sequence[str]) -> list[wire.Row]:
        status, answer = await self._post(wire.search(model, domain, order, names, self._context), self._session)
        if status == 401:
            await self._logged_in(instead_of=self._session)
            status, answer = await self._post(wire.search(model, domain, order, names, self._context), self._session)
        rows = _checked(status, answer)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise WireError("Tryton 的答复不是记录的列表")
        return rows

    async def _logged_in(self, instead_of: str = "") -> None:
        """A session other than that which has ended; whoever comes second finds it."""
        async with self._login:
            if self._session != instead_of:
                return
            who = self._tryton.user
            status, answer = await self._post(wire.call("common.db.login", who, {"password": self._password}, "zh_CN"))
            if status == 401:
                raise CustomersDown(f"Tryton 不认用户 {who} 的密码")
            session = wire.session(who, *wire.login_of(_checked(status, answer)))
            preferences = _checked(*await self._post(wire.call("model.res.user.get_preferences", True, {}), session))
            self._context = preferences if isinstance(preferences, dict) else {}
            self._session = session

    async def _post(self, body: dict[str, Any], session: str = "") -> tuple[int, Any]:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout_s))
        headers = {"Authorization": session} if session else {}
        try:
            async with self._http.post(self._url, json=body, headers=headers, allow_redirects=False) as response:
                known = response.status == 200 or response.content_type == "application/json"
                return response.status, await json_of(response, LONGEST_KB) if known else None
        except TimeoutError:
            raise CustomersDown(f"Tryton {self._timeout_s:g} 秒没有答复") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise CustomersDown(f"连不上 Tryton {self._tryton.address}：{type(error).__name__}") from error


def _each(make: Callable[[wire.Row], dict[str, Any]], rows: Sequence[wire.Row]) -> list[dict[str, Any]]:
    return [make(row) for row in rows]


def _checked(status: int, answer: Any) -> Any:
    if status != 200:
        raise WireError(f"Tryton 答复 {status}")
    return wire.result_of(answer)
