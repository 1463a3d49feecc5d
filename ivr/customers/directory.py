"""Which CRM knows a hotline's callers: the unified layer over all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from ivr.customers.file import FileCustomers
from ivr.customers.guarded import Bounds, Guarded, Noted
from ivr.customers.mapping import CustomerMapping
from ivr.customers.port import Customers, NoCustomers, Source
from ivr.customers.secrets import secret_of
from ivr.errors import IvrError
from ivr.settings import CustomerSource, Settings

log = logging.getLogger(__name__)

DEFAULT = "default"


def open_none(settings: Settings, section: str, choice: CustomerSource) -> Source:
    return NoCustomers()


def open_file(settings: Settings, section: str, choice: CustomerSource) -> Source:
    return FileCustomers(settings.root / (choice.file or Path("data") / "customers.yml"))


def open_sql(settings: Settings, section: str, choice: CustomerSource) -> Source:
    from ivr.customers.sql import SqlCustomers

    place = f"customers.{section}"
    mapping = CustomerMapping(choice.map, place=place, vip=choice.vip, zone=settings.zone, own_names=True)
    password = secret_of(settings.var, section, "password")
    return SqlCustomers(choice.sql, mapping, place=f"{place}.sql", password=password, region=settings.region)


KINDS: Mapping[str, Callable[[Settings, str, CustomerSource], Source]] = {
    "none": open_none,
    "file": open_file,
    "sql": open_sql,
}
"""Drivers and clients are imported by what uses them."""


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
