"""What the API's operations need; the composition root fills it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from ivr.customers.port import Customers
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Records:
    """The real world's; a published version of the hotlines' knowledge may change the taxonomy."""

    store: TicketStore
    customers: Callable[[str], Awaitable[Customers]]
    """Of a hotline; "" = those that all share."""
    taxonomy: Taxonomy


@dataclass(frozen=True, slots=True)
class Office:
    records: Callable[[], Awaitable[Records]]
    recordings: Path
    """Folder of the calls' recordings."""
    now: Callable[[], dt.datetime]
