"""The world of one simulated call: a seed that the line finds by its token, and a store of its own to read after it."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.settings import Settings
from ivr.simulate.checks import Ticket
from ivr.simulate.scenario import Scenario
from ivr.tickets.seed import read_seed, seed_of, sow
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import to_json

SAVED_S = 5.0
"""The line settles a ticket within this after it said that the call ended."""
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class SimulatedWorld:
    token: str
    store: TicketStore

    async def tickets(self, call_id: str, *, handed_over: bool = False) -> tuple[Ticket, ...]:
        """The tickets of the call in the contract's form, once they are settled (`handed_over`: and what became of the
        transfer is known), else as they are after `SAVED_S`."""
        until = time.monotonic() + SAVED_S
        while True:
            found = await self.store.of_call(call_id) if call_id else ()
            settled = all(ticket.status != "draft" for ticket in found) and not (
                handed_over and any(ticket.handoff and ticket.handoff.outcome is None for ticket in found)
            )
            if settled or time.monotonic() > until:
                return tuple(to_json(ticket) for ticket in found)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def sown(scenario: Scenario, settings: Settings, taxonomy: Taxonomy) -> AsyncIterator[SimulatedWorld]:
    """The scenario's seed and store in `var/simulation`, for as long as the block lasts."""
    folder = settings.var / "simulation"
    folder.mkdir(parents=True, exist_ok=True)
    token = token_of(scenario.id)
    seed, database = folder / f"{token}.json", folder / f"{token}.db"
    world = {
        "id": scenario.id,
        "hotline": scenario.hotline,
        "date": scenario.moment.isoformat(),
        "caller": scenario.caller,
        "customer": scenario.customer,
        "prior_tickets": list(scenario.prior_tickets),
    }
    seed.write_text(json.dumps(seed_of(world, settings.zone), ensure_ascii=False), "utf-8")
    store = TicketStore(f"sqlite+aiosqlite:///{database}", settings.zone)
    try:
        await store.open()
        await sow(store, read_seed(seed), taxonomy)
        yield SimulatedWorld(token, store)
    finally:
        await store.close()
        for file in (seed, *folder.glob(f"{token}.db*")):
            file.unlink(missing_ok=True)


def token_of(scenario_id: str) -> str:
    """A name that no other call has, fit for a file name, a SIP header and Asterisk's FILTER (no hyphens)."""
    readable = re.sub(r"[^A-Za-z0-9]+", "_", scenario_id).strip("_")[:LONGEST_NAME]
    return f"{readable or 'call'}_{secrets.token_hex(4)}"


def forget_old_records(folder: Path, *, keep: int = 60) -> None:
    """Recordings of calls long past: only the newest stay."""
    if not folder.is_dir():
        return
    calls = sorted((f for f in folder.iterdir() if f.is_dir()), key=lambda f: f.stat().st_mtime, reverse=True)
    for old in calls[keep:]:
        for file in old.glob("*.wav"):
            file.unlink(missing_ok=True)
        if not any(old.iterdir()):
            old.rmdir()
