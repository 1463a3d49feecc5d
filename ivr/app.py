"""The composition root: the only module that picks implementations and wires them. Importing it builds nothing."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.call.ports import CallInfo
from ivr.customers.port import Customers
from ivr.errors import SettingsError
from ivr.packs import Pack, load_packs
from ivr.settings import Settings
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy

log = logging.getLogger(__name__)

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,80}")
"""A simulation's token names files, so it is nothing but a name."""


@dataclass(frozen=True, slots=True)
class World:
    """What a call's dialogue knows and writes to."""

    store: TicketStore
    customers: Customers
    packs: Mapping[str, Pack]
    taxonomy: Taxonomy


class Worlds:
    """The real world, and one apart for each simulated call: its own store, seeded with its own customer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._packs = load_packs(settings.root / "data")
        self._taxonomy = load_taxonomy(settings.root / "data")
        self._open: dict[str | None, World] = {}
        self._lock = asyncio.Lock()

    async def of(self, call: CallInfo) -> World:
        """Raises `SettingsError` for a simulated call on a line that takes real ones."""
        async with self._lock:
            if call.simulation not in self._open:
                self._open[call.simulation] = await self._make(call.simulation)
            return self._open[call.simulation]

    async def close(self) -> None:
        for world in self._open.values():
            await world.store.close()
        self._open.clear()

    async def _make(self, token: str | None) -> World:
        from ivr.customers.file import FileCustomers
        from ivr.customers.seed import SeedCustomers

        settings = self._settings
        if token is None:
            store = TicketStore(settings.database_url, settings.zone)
            customers: Customers = FileCustomers(settings.root / "data" / "customers.yml")
        else:
            file = simulation_file(settings, token, ".json")
            store = TicketStore(f"sqlite+aiosqlite:///{file.with_suffix('.db')}", settings.zone)
            customers = SeedCustomers(file)
        await store.open()
        return World(store, customers, self._packs, self._taxonomy)


def simulation_file(settings: Settings, token: str, suffix: str) -> Path:
    """Where a simulated call's seed (.json) and store (.db) are."""
    if not settings.simulation:
        raise SettingsError("这条线路不接受模拟来电：请在 ivr.toml 里设 simulation = true，真实线路上不要设。")
    if not TOKEN.fullmatch(token):
        raise SettingsError(f"模拟来电的标识 {token!r} 不对：只能是字母、数字、- 和 _。")
    return settings.var / "simulation" / f"{token}{suffix}"
