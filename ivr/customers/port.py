"""The CRM as one question: who is this number?"""

from __future__ import annotations

import logging
from typing import Protocol

from ivr.customers.mapping import Mapped
from ivr.tickets.customer import Agreement, Customer, Purchase, Vehicle

log = logging.getLogger(__name__)

__all__ = ["Agreement", "Customer", "Customers", "Mapped", "Purchase", "Source", "Vehicle"]


class Customers(Protocol):
    async def of(self, number: str) -> Customer | None:
        """The customer of a normalised national number; None when unknown."""


class Source(Customers, Protocol):
    """An adapter. Raises `CustomersDown` or `WireError` when the CRM does not do its part; bounds nothing itself."""

    async def mapped(self, number: str) -> Mapped:
        """As `of`, with what whoever writes the mapping should know."""

    async def close(self) -> None: ...


def believed(mapped: Mapped) -> Customer | None:
    """Why somebody whom the CRM named is not believed is in the log, without number or name."""
    if mapped.customer is None and mapped.doubts:
        log.info("客户资料：%s", mapped.doubts[0])
    return mapped.customer


class NoCustomers:
    """Where no CRM is connected."""

    async def of(self, number: str) -> Customer | None:
        del number
        return None

    async def mapped(self, number: str) -> Mapped:
        del number
        return Mapped(None)

    async def close(self) -> None:
        """Nothing is open."""
