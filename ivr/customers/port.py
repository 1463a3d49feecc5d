"""The CRM as one question: who is this number?"""

from __future__ import annotations

from typing import Protocol

from ivr.tickets.customer import Agreement, Customer, Purchase, Vehicle

__all__ = ["Agreement", "Customer", "Customers", "Purchase", "Vehicle"]


class Customers(Protocol):
    async def of(self, number: str) -> Customer | None:
        """The customer of a normalised national number; None when unknown."""


class NoCustomers:
    """Where no CRM is connected."""

    async def of(self, number: str) -> Customer | None:
        del number
        return None
