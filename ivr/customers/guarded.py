"""A CRM that is slow, down or wrong never delays or breaks a call: limit, cache, and a breaker that rests."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from ivr.customers.port import Customers
from ivr.errors import IvrError
from ivr.tickets.customer import Customer

log = logging.getLogger(__name__)

Outcome = Literal["found", "unknown", "cached", "timeout", "failed", "resting"]
Noted = Callable[[str, Outcome, float], None]
"""Told of every look-up: the source's name, what came of it, seconds."""
REMEMBERED = 1000
"""Numbers in the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    limit_s: float = 5.0
    """A look-up is given up then."""
    cache_s: float = 120.0
    failures: int = 3
    """So many in a row, and the source rests …"""
    rest_s: float = 30.0
    """… so long."""


class Guarded:
    """Asks `inner`; whatever goes wrong counts as an unknown customer and is told in the log once, not at every call.
    `clock`: monotonic seconds."""

    def __init__(
        self,
        inner: Customers,
        name: str,
        bounds: Bounds | None = None,
        *,
        noted: Noted = lambda name, outcome, took_s: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner, self._name, self._noted, self._clock = inner, name, noted, clock
        self._bounds = bounds or Bounds()
        self._cache: OrderedDict[str, tuple[float, Customer | None]] = OrderedDict()
        self._failed = 0
        self._rests_until = 0.0

    async def of(self, number: str) -> Customer | None:
        began = self._clock()
        customer, outcome = await self._asked(number, began)
        self._noted(self._name, outcome, self._clock() - began)
        return customer

    async def _asked(self, number: str, now: float) -> tuple[Customer | None, Outcome]:
        kept_until, customer = self._cache.get(number, (0.0, None))
        if now < kept_until:
            return customer, "cached"
        if now < self._rests_until:
            return None, "resting"
        try:
            async with asyncio.timeout(self._bounds.limit_s):
                customer = await self._inner.of(number)
        except TimeoutError:
            self._went_wrong(f"{self._bounds.limit_s:g} 秒没有答复")
            return None, "timeout"
        except IvrError as error:
            self._went_wrong(str(error))
            return None, "failed"
        except Exception as error:  # another system's fault of any kind must not end a call
            log.debug("customers %s", self._name, exc_info=True)
            self._went_wrong(f"{type(error).__name__}：{error}")
            return None, "failed"
        self._went_well()
        customer = replace(customer, source=self._name) if customer else None
        self._keep(number, customer)
        return customer, "found" if customer else "unknown"

    def _keep(self, number: str, customer: Customer | None) -> None:
        self._cache[number] = (self._clock() + self._bounds.cache_s, customer)
        self._cache.move_to_end(number)
        while len(self._cache) > REMEMBERED:
            self._cache.popitem(last=False)

    def _went_well(self) -> None:
        if self._failed:
            log.warning("客户资料来源 %s 又能用了。", self._name)
        self._failed, self._rests_until = 0, 0.0

    def _went_wrong(self, what: str) -> None:
        """After a rest one failure is enough for the next one."""
        self._failed += 1
        if self._failed == 1:
            log.warning("客户资料来源 %s 查不了：%s。通话照常，工单里先没有客户资料。", self._name, what.rstrip("。"))
        if self._failed >= self._bounds.failures:
            if not self._rests_until:
                log.warning(
                    "客户资料来源 %s 连续 %d 次失败，歇 %g 秒再试。", self._name, self._failed, self._bounds.rest_s
                )
            self._rests_until = self._clock() + self._bounds.rest_s
