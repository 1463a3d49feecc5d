"""The one customer that a simulated call's seed knows."""

from __future__ import annotations

from pathlib import Path

from ivr.customers.record import customer_of
from ivr.tickets.customer import Customer
from ivr.tickets.seed import Seed, read_seed


class SeedCustomers:
    """`seed`, or the file it is read from. Raises `SettingsError` when the seed's customer is not in the contract's
    form."""

    def __init__(self, seed: Seed | Path) -> None:
        seed = read_seed(seed) if isinstance(seed, Path) else seed
        self._number = seed.caller
        self._customer = customer_of(seed.customer, f"模拟 {seed.id}") if seed.customer else None

    async def of(self, number: str) -> Customer | None:
        return self._customer if number == self._number else None
