"""A CRM that knows what it is told, as slowly or wrongly as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ivr.tickets.customer import Customer


class FakeCustomers:
    def __init__(self, known: Mapping[str, Customer], *, delay_s: float = 0.0, fails: Exception | None = None) -> None:
        self._known, self._delay_s, self._fails = known, delay_s, fails

    async def of(self, number: str) -> Customer | None:
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        if self._fails:
            raise self._fails
        return self._known.get(number)
