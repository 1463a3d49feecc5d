"""The CRM as one question: who is this number?"""

from __future__ import annotations

from typing import Protocol

from ivr.customers.mapping import Mapped
from ivr.tickets.customer import Agreement, Customer, Purchase, Vehicle

__all__ = ["Agreement", "Customer", "Customers", "Mapped", "Purchase", "Source", "Vehicle"]


class Customers(Protocol):
    async def of(self, number: str) -> Customer | None:
        """The customer of a normalised national number; None when unknown."""


class Source(Customers, Protocol):
    """An adapter. Raises `CustomersDown` or `WireError` when the CRM does not do its part; bounds nothing itself."""

    async def mapped(self, number: str) -> Mapped:
        """As `of`, with what whoever writes the mapping should know."""

    async def close(self) -> None: ...


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
