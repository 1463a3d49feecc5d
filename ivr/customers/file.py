"""Customers from a YAML file: caller number → customer. For demonstrations and small shops."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ivr.customers.mapping import Mapped
from ivr.customers.record import customer_of
from ivr.packs import read_yaml
from ivr.tickets.customer import Customer


class FileCustomers:
    """Reads `file` when made; raises `SettingsError` naming the customer that is wrong."""

    def __init__(self, file: Path) -> None:
        raw = read_yaml(file)
        self._customers: Mapping[str, Customer] = {
            str(number): customer_of(record, f"{file} 的 {number}") for number, record in raw.items()
        }

    async def of(self, number: str) -> Customer | None:
        return self._customers.get(number)

    async def mapped(self, number: str) -> Mapped:
        return Mapped(self._customers.get(number))

    async def close(self) -> None:
        """Nothing is open."""
