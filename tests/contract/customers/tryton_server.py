"""A real Tryton on a loopback port, with a copy of the prepared database; filled over its own interface."""

from __future__ import annotations

import datetime as dt
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from ivr.customers import tryton_wire as wire
from ivr.prepare.tryton import ADMIN_PASSWORD, NAME
from ivr.settings import PROJECT

FOLDER = PROJECT / ".tools" / "tryton"
PASSWORD = "nur zum lesen 2026"
START_S = 60


@dataclass
class Tryton:
    url: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def running(folder: Path) -> Iterator[Tryton]:
    shutil.copy(FOLDER / f"{NAME}.sqlite", folder / f"{NAME}.sqlite")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings, log = folder / "trytond.conf", folder / "trytond.log"
    settings.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n", "utf-8")
    with log.open("wb") as out:
        words = [FOLDER / "venv-tryton" / "bin" / "trytond", "-c", settings, "-d", NAME]
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, cwd=folder)
    try:
        _await(process, port, log)
        yield Tryton(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text("utf-8", "replace"))


class Clerk:
    """Who enters the shop's data: the administrator, over JSON-RPC."""

    def __init__(self, http: aiohttp.ClientSession, tryton: Tryton) -> None:
        self._http, self._url = http, f"{tryton.url}/{NAME}/rpc/"
        self._session = ""
        self._context: dict[str, Any] = {}

    async def log_in(self) -> None:
        user, token = (await self._call("common.db.login", "admin", {"password": ADMIN_PASSWORD}))[:2]
        self._session = wire.session("admin", user, token)

    async def call(self, method: str, *params: Any) -> Any:
        return await self._call(method, *params, self._context)

    async def create(self, model: str, **values: Any) -> int:
        (made,) = await self.call(f"model.{model}.create", [values])
        return int(made)

    async def one(self, model: str, *domain: Any) -> int:
        (found,) = await self.call(f"model.{model}.search", list(domain), 0, 1, None)
        return int(found)

    async def _call(self, method: str, *params: Any) -> Any:
        headers = {"Authorization": self._session} if self._session else {}
        async with self._http.post(self._url, json=wire.call(method, *params), headers=headers) as response:
            answer = await response.json(content_type=None)
            assert "error" not in answer, (method, answer["error"][:2])
            return wire.result_of(answer)

    async def open_shop(self) -> int:
        currency = await self.create(
            "currency.currency",
            name="人民币",
            code="CNY",
            symbol="¥",
            rates=[["create", [{"date": day(2020, 1, 1), "rate": number("1")}]]],
        )
        party = await self.create("party.party", name="美家电器")
        company = await self.create("company.company", party=party, currency=currency)
        admin = await self.one("res.user", ["login", "=", "admin"])
        await self.call("model.res.user.write", [admin], {"companies": [["add", [company]]], "company": company})
        self._context = await self._call("model.res.user.get_preferences", True, {})
        sales = await self.one("res.group", ["name", "=", "Sales"])
        reader = {"name": "热线", "login": "ivr", "password": PASSWORD, "groups": [["add", [sales]]]}
        await self.create("res.user", **reader, companies=[["add", [company]]], company=company)
        return company

    async def product(self, name: str, code: str) -> int:
        unit = await self.one("product.uom", ["symbol", "=", "u"])
        product = [["create", [{"suffix_code": code}]]]
        kinds = {"type": "goods", "default_uom": unit, "sale_uom": unit, "salable": True, "list_price": number("3999")}
        template = await self.create("product.template", name=name, products=product, **kinds)
        return await self.one("product.product", ["template", "=", template])

    async def customer(self, name: str, telephone: str, *categories: int) -> int:
        means = [["create", [{"type": "mobile", "value": telephone}]]]
        address = [["create", [{"street": "人民路 1 号"}]]]
        named = [["add", list(categories)]]
        return await self.create(
            "party.party", name=name, contact_mechanisms=means, addresses=address, categories=named
        )

    async def sell(self, party: int, product: int, on: dt.date, *, confirmed: bool = True) -> int:
        unit = await self.one("product.uom", ["symbol", "=", "u"])
        home = await self.one("party.address", ["party", "=", party])
        line = {"type": "line", "product": product, "quantity": 1, "unit": unit, "unit_price": number("3999")}
        ways = {"invoice_method": "manual", "shipment_method": "manual"}
        where = {"invoice_address": home, "shipment_address": home}
        sale = await self.create(
            "sale.sale",
            party=party,
            sale_date=day(on.year, on.month, on.day),
            lines=[["create", [line]]],
            **ways,
            **where,
        )
        if confirmed:
            for step in ("quote", "confirm"):
                await self.call(f"model.sale.sale.{step}", [sale])
        return sale

    async def complain(self, party: int, what: str, on: dt.date) -> int:
        kind = await self.create(
            "sale.complaint.type", name="质量", origin=await self.one("ir.model", ["name", "=", "sale.sale"])
        )
        when = day(on.year, on.month, on.day)
        return await self.create("sale.complaint", customer=party, type=kind, description=what, date=when)


def day(year: int, month: int, of_month: int) -> dict[str, Any]:
    return {"__class__": "date", "year": year, "month": month, "day": of_month}


def number(text: str) -> dict[str, Any]:
    return {"__class__": "Decimal", "decimal": text}
