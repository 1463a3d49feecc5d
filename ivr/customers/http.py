"""Customers behind an HTTP interface that answers in JSON: requests and mapping of the settings, joined."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from ivr.customers.bodies import json_of
from ivr.customers.credentials import Credentials
from ivr.customers.mapping import CustomerMapping, Mapped
from ivr.customers.port import believed
from ivr.customers.templates import Filled, Template, caller
from ivr.errors import CustomersDown
from ivr.tickets.customer import Customer

CONNECTIONS = 32
"""At the same time, to one CRM."""


class HttpCustomers:
    """Raises `CustomersDown` or `WireError` when asked. `timeout_s`: of each request; none is repeated, but once with
    a new token where the old one was refused. 404 means: unknown."""

    def __init__(
        self,
        address: str,
        templates: Mapping[str, Template],
        mapping: CustomerMapping,
        credentials: Credentials,
        *,
        region: str = "CN",
        timeout_s: float = 5.0,
        longest_kb: int = 512,
    ) -> None:
        self._address, self._templates, self._mapping = address.rstrip("/"), templates, mapping
        self._credentials, self._region = credentials, region
        self._timeout_s, self._longest_kb = timeout_s, longest_kb
        self._session: aiohttp.ClientSession | None = None

    async def of(self, number: str) -> Customer | None:
        return believed(await self.mapped(number))

    async def mapped(self, number: str) -> Mapped:
        known = caller(number, self._region)
        asking: dict[str, asyncio.Task[Any]] = {}
        try:
            async with asyncio.TaskGroup() as group:
                for name, template in _in_order(self._templates):
                    needs = {need: asking[need] for need in template.needs}
                    asking[name] = group.create_task(self._answer(template, needs, known), name=f"crm {name}")
        except ExceptionGroup as group_of_errors:
            raise group_of_errors.exceptions[0] from None
        return self._mapping.of({name: task.result() for name, task in asking.items()}, number)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _answer(
        self, template: Template, needs: Mapping[str, asyncio.Task[Any]], known: Mapping[str, Any]
    ) -> Any:
        """None: there was nothing to ask for, or nothing is known."""
        filled = template.filled({**{name: await task for name, task in needs.items()}, **known})
        return await self._ask(filled) if filled else None

    async def _ask(self, filled: Filled) -> Any:
        status, answer = await self._once(filled)
        if status == 401 and self._credentials.refused():
            status, answer = await self._once(filled)
        if status == 404:
            return None
        if status in (401, 403):
            raise CustomersDown(f"拒绝了我们（{status}）：请检查 var/secrets.toml 里的密钥和它的权限")
        if status != 200:
            raise CustomersDown(f"答复 {status}")
        return answer

    async def _once(self, filled: Filled) -> tuple[int, Any]:
        url = URL(self._address + filled.path, encoded=True)
        try:
            http = self._http()
            headers = {"Accept": "application/json", **await self._credentials.headers(http)}
            async with http.request(
                filled.method, url, json=filled.body, headers=headers, allow_redirects=False
            ) as response:
                if response.status != 200:
                    return response.status, None
                return 200, await json_of(response, self._longest_kb)
        except TimeoutError:
            raise CustomersDown(f"{self._timeout_s:g} 秒没有答复") from None
        except (aiohttp.ClientError, ValueError) as error:  # ValueError: an address that is none
            raise CustomersDown(f"{self._address} 连不上：{type(error).__name__}") from error

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _in_order(templates: Mapping[str, Template]) -> list[tuple[str, Template]]:
    """Each after those that it needs."""
    ordered: dict[str, Template] = {}
    while len(ordered) < len(templates):
        ready = {
            name: one for name, one in templates.items() if name not in ordered and ordered.keys() >= set(one.needs)
        }
        ordered |= ready
    return list(ordered.items())
