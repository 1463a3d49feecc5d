"""A CRM that is slow, down or wrong never delays or breaks a call."""

from __future__ import annotations

import asyncio
import logging

from ivr.customers.port import Customers
from ivr.tickets.customer import Customer

log = logging.getLogger(__name__)


class Patient:
    """Asks `inner` for at most `timeout_s` seconds; what goes wrong is logged and counts as an unknown customer."""

    def __init__(self, inner: Customers, timeout_s: float = 0.3) -> None:
        self._inner = inner
        self._timeout_s = timeout_s

    async def of(self, number: str) -> Customer | None:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._inner.of(number)
        except TimeoutError:
            log.warning("CRM 在 %.0f 毫秒内没有答复，本次通话先不用客户资料。", self._timeout_s * 1000)
        except Exception:  # another system's fault of any kind must not end a call
            log.warning("CRM 查询失败，本次通话先不用客户资料。", exc_info=True)
        return None
