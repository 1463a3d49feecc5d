"""Who calls: asked of the CRM as the call begins, so that the greeting covers the wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from ivr.tickets.customer import Customer

log = logging.getLogger(__name__)

PATIENCE_S = 0.3
"""Since the call began: turns wait no longer than this for the CRM; what comes later goes with a later turn."""


class Customers(Protocol):
    """The CRM (`ivr.customers.port`). Bounds its own time."""

    async def of(self, number: str) -> Customer | None: ...


CustomersOf = Callable[[], Awaitable[Customers]]


class LookUp:
    """One call's question. `customers_of`: where to ask, which may have to be opened first. Nothing here raises what
    went wrong: a caller is served without a CRM."""

    def __init__(self, customers_of: CustomersOf, number: str | None, name: str) -> None:
        self._until = asyncio.get_running_loop().time() + PATIENCE_S
        self._asking = asyncio.create_task(_asked(customers_of, number), name=f"customer {name}")

    async def known(self) -> Customer | None:
        """What is known by now; waits, but not beyond `PATIENCE_S` since the call began."""
        left = self._until - asyncio.get_running_loop().time()
        if left > 0 and not self._asking.done():
            await asyncio.wait([self._asking], timeout=left)
        return self.now

    @property
    def now(self) -> Customer | None:
        """What is known without any wait."""
        return self._asking.result() if self.over and not self._asking.cancelled() else None

    @property
    def over(self) -> bool:
        """Nothing more will come."""
        return self._asking.done()

    async def at_last(self) -> Customer | None:
        """When the CRM has answered, however long that takes. Who stops waiting stops the question."""
        return await self._asking

    async def stop(self) -> None:
        self._asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._asking


async def _asked(customers_of: CustomersOf, number: str | None) -> Customer | None:
    if number is None:
        return None
    try:
        return await (await customers_of()).of(number)
    except Exception:  # another system's fault of any kind must not end a call
        log.exception("the customer of this call could not be looked up")
        return None
