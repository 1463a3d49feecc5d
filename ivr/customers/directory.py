"""Which CRM knows a hotline's callers: the unified layer over all of them."""

from __future__ import annotations

import asyncio
import logging

from ivr.customers.adapters import KINDS
from ivr.customers.guarded import Bounds, Guarded, Noted
from ivr.customers.port import Customers, NoCustomers, Source
from ivr.errors import IvrError
from ivr.settings import CustomerSource, Settings

log = logging.getLogger(__name__)

DEFAULT = "default"


def section_of(settings: Settings, hotline: str) -> str:
    return hotline if hotline in settings.customers else DEFAULT


def choice_of(settings: Settings, section: str) -> CustomerSource:
    return settings.customers.get(section, CustomerSource())


def name_of(section: str, choice: CustomerSource) -> str:
    return choice.name or (choice.kind if section == DEFAULT else f"{choice.kind}-{section}")


def open_source(settings: Settings, section: str) -> Source:
    """The bare adapter of a section. Raises `SettingsError` or `NotPrepared`; reaches nothing yet."""
    choice = choice_of(settings, section)
    return KINDS[choice.kind](settings, section, choice)


class Directory:
    """Sources by hotline, each opened at its first look-up and guarded. One that the settings describe wrongly knows
    nobody: calls go on, the log and `ivr doctor` say so."""

    def __init__(self, settings: Settings, noted: Noted = lambda name, outcome, took_s: None) -> None:
        self._settings, self._noted = settings, noted
        self._open: dict[str, Customers] = {}
        self._sources: list[Source] = []

    def of_hotline(self, hotline: str) -> Customers:
        section = section_of(self._settings, hotline)
        if section not in self._open:
            self._open[section] = self._guarded(section)
        return self._open[section]

    async def close(self) -> None:
        await asyncio.gather(*(source.close() for source in self._sources))

    def _guarded(self, section: str) -> Customers:
        choice = choice_of(self._settings, section)
        try:
            source = open_source(self._settings, section)
        except IvrError as error:
            log.error("客户资料来源用不了，通话里不查客户：%s", error)  # noqa: TRY400  (a sentence, for a person)
            return NoCustomers()
        self._sources.append(source)
        if choice.kind == "none":
            return source
        bounds = Bounds(limit_s=choice.limit_s, cache_s=choice.cache_s, failures=choice.failures, rest_s=choice.rest_s)
        return Guarded(source, name_of(section, choice), bounds, noted=self._noted)
