"""A CRM that knows what it is told, as slowly or wrongly as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ivr.tickets.customer import Customer


class FakeCustomers:
    """`answers`: nothing is answered until it is set."""

    def __init__(
        self, known: Mapping[str, Customer], *, fails: Exception | None = None, answers: asyncio.Event | None = None
    ) -> None:
        self.known, self.fails, self.answers = dict(known), fails, answers
        self.asked: list[str] = []

    async def of(self, number: str) -> Customer | None:
        self.asked.append(number)
        if self.answers:
            await self.answers.wait()
        if self.fails:
            raise self.fails
        return self.known.get(number)
