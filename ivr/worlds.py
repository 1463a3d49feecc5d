"""What a call's dialogue knows and writes to: the real world, or one of its own for a simulated call."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ivr.call.ports import CallInfo
from ivr.conversation.servers import LineServers
from ivr.customers.directory import Directory
from ivr.customers.guarded import Noted
from ivr.customers.port import Customers
from ivr.customers.seed import SeedCustomers
from ivr.errors import SettingsError
from ivr.knowledge import Shelf
from ivr.packs import Pack
from ivr.settings import Settings
from ivr.tickets.seed import read_seed
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,80}")
"""A simulation's token names files, so it is nothing but a name."""
SIMULATED_WORLDS = 64
"""Simulated calls whose store stays open; of more, the longest unused are closed."""


@dataclass(frozen=True, slots=True)
class World:
    """What a call's dialogue knows and writes to."""

    store: TicketStore
    customers: Customers
    packs: Mapping[str, Pack]
    taxonomy: Taxonomy


@dataclass(frozen=True, slots=True)
class _Open:
    store: TicketStore
    customers_of: Callable[[str], Customers]
    """By hotline."""


class Worlds:
    """The real world, and one apart for each simulated call: its own store, seeded with its own customer.

    `servers`: where each call's version of the hotlines' knowledge is; without them it is that of the settings.
    `noted`: told of every look-up in a CRM."""

    def __init__(
        self,
        settings: Settings,
        servers: LineServers | None = None,
        noted: Noted = lambda name, outcome, took_s: None,
    ) -> None:
        self._settings = settings
        self._servers = servers
        self._directory = Directory(settings, noted)
        self.shelf = Shelf(servers.data_of("") if servers else settings.data)
        self._open: OrderedDict[str | None, _Open] = OrderedDict()
        self._lock = asyncio.Lock()

    async def of(self, call: CallInfo) -> World:
        """Raises `SettingsError` for a simulated call on a line that takes real ones."""
        known = self.shelf.current
        if self._servers:
            known = await self.shelf.of(self._servers.data_of(call.call_id))
        async with self._lock:
            if call.simulation not in self._open:
                self._open[call.simulation] = await self._make(call.simulation)
            self._open.move_to_end(call.simulation)
            await self._close_forgotten()
            world = self._open[call.simulation]
        return World(world.store, world.customers_of(call.hotline), known.packs, known.taxonomy)

    async def _close_forgotten(self) -> None:
        simulated = [token for token in self._open if token is not None]
        for token in simulated[:-SIMULATED_WORLDS]:
            await self._open.pop(token).store.close()

    def now(self, token: str | None) -> dt.datetime:
        """The time in that world: a simulated call takes place at its seed's."""
        return self._settings.now() if token is None else read_seed(simulation_file(self._settings, token, ".json")).now

    async def close(self) -> None:
        for world in self._open.values():
            await world.store.close()
        self._open.clear()
        await self._directory.close()

    async def _make(self, token: str | None) -> _Open:
        settings = self._settings
        if token is None:
            store = TicketStore(settings.database_url, settings.zone)
            customers_of = self._directory.of_hotline
        else:
            file = simulation_file(settings, token, ".json")
            store = TicketStore(f"sqlite+aiosqlite:///{file.with_suffix('.db')}", settings.zone)
            customers_of = partial(_always, SeedCustomers(file))
        await store.open()
        return _Open(store, customers_of)


def _always(customers: Customers, hotline: str) -> Customers:
    return customers


def simulation_file(settings: Settings, token: str, suffix: str) -> Path:
    """Where a simulated call's seed (.json) and store (.db) are."""
    if not settings.simulation:
        raise SettingsError("这条线路不接受模拟来电：请在 ivr.toml 里设 simulation = true，真实线路上不要设。")
    if not TOKEN.fullmatch(token):
        raise SettingsError(f"模拟来电的标识 {token!r} 不对：只能是字母、数字、- 和 _。")
    return settings.var / "simulation" / f"{token}{suffix}"
