"""Every CRM of the settings asked once, for whoever sets them up."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from ivr.customers.directory import DEFAULT, choice_of, name_of, open_source
from ivr.customers.mapping import Mapped
from ivr.errors import IvrError
from ivr.settings import Settings

NOBODY = "13000000000"
"""A number that is asked about when any will do."""


@dataclass(frozen=True, slots=True)
class Trial:
    section: str
    name: str
    took_ms: float
    mapped: Mapped | None = None
    wrong: str | None = None
    """One sentence; None = it answers."""


async def tried(settings: Settings, number: str = NOBODY) -> list[Trial]:
    """All sources, one after the other."""
    return [await try_one(settings, section, number) for section in dict.fromkeys((*settings.customers, DEFAULT))]


async def try_one(settings: Settings, section: str, number: str) -> Trial:
    """Past cache and breaker, with the same limit as in calls. Never raises what is wrong with the CRM."""
    choice = choice_of(settings, section)
    name, began = name_of(section, choice), time.monotonic()
    mapped, wrong = None, None
    try:
        source = open_source(settings, section)
        try:
            began = time.monotonic()
            async with asyncio.timeout(choice.limit_s):
                mapped = await source.mapped(number)
        finally:
            await source.close()
    except TimeoutError:
        wrong = f"{choice.limit_s:g} 秒没有答复"
    except IvrError as error:
        wrong = str(error)
    except Exception as error:  # noqa: BLE001  (an adapter may meet anything; here a person reads it)
        wrong = f"{type(error).__name__}：{error}"
    return Trial(section, name, 1000 * (time.monotonic() - began), mapped, wrong)
