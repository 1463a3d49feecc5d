"""The adapters, made as the settings say. Drivers and clients are imported by what uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ivr.customers.file import FileCustomers
from ivr.customers.mapping import CustomerMapping
from ivr.customers.port import NoCustomers, Source
from ivr.customers.secrets import needed, secret_of
from ivr.errors import SettingsError
from ivr.settings import CustomerHttp, CustomerSource, Settings

if TYPE_CHECKING:
    from ivr.customers.credentials import Credentials

BACKSTOP_S = 1.0
"""So much later than a look-up is given up, its connection is."""


def open_none(settings: Settings, section: str, choice: CustomerSource) -> Source:
    return NoCustomers()


def open_file(settings: Settings, section: str, choice: CustomerSource) -> Source:
    return FileCustomers(settings.root / (choice.file or Path("data") / "customers.yml"))


def open_sql(settings: Settings, section: str, choice: CustomerSource) -> Source:
    from ivr.customers.sql import SqlCustomers

    place = f"customers.{section}"
    mapping = CustomerMapping(
        choice.map, place=place, vip=choice.vip, zone=settings.zone, own_names=True, region=settings.region
    )
    password = secret_of(settings.var, section, "password")
    return SqlCustomers(choice.sql, mapping, place=f"{place}.sql", password=password, region=settings.region)


def open_http(settings: Settings, section: str, choice: CustomerSource) -> Source:
    from ivr.customers.http import HttpCustomers
    from ivr.customers.templates import templates

    place, http = f"customers.{section}", choice.http
    mapping = CustomerMapping(choice.map, place=place, vip=choice.vip, zone=settings.zone, region=settings.region)
    return HttpCustomers(
        _address(http.address, f"{place}.http.address"),
        templates(http.requests, f"{place}.http"),
        mapping,
        _credentials(settings, section, http),
        region=settings.region,
        timeout_s=choice.limit_s + BACKSTOP_S,
        longest_kb=http.longest_kb,
    )


def open_tryton(settings: Settings, section: str, choice: CustomerSource) -> Source:
    from ivr.customers.tryton import TrytonCustomers

    place, tryton = f"customers.{section}.tryton", choice.tryton
    _address(tryton.address, f"{place}.address")
    if not tryton.database or not tryton.user:
        raise SettingsError(f"{place} 缺少 database 或 user。")
    password = needed(settings.var, section, "password")
    return TrytonCustomers(tryton, password, region=settings.region, timeout_s=choice.limit_s + BACKSTOP_S)


def _credentials(settings: Settings, section: str, http: CustomerHttp) -> Credentials:
    from ivr.customers import credentials

    def secret(name: str) -> str:
        return needed(settings.var, section, name)

    match http.auth:
        case "none":
            return credentials.Fixed({})
        case "token":
            return credentials.token(http.header, http.scheme, secret("token"))
        case "basic":
            return credentials.basic(http.user, secret("password"))
        case "oauth2":
            address = _address(http.token_address, f"customers.{section}.http.token_address")
            return credentials.ClientCredentials(
                address, http.user, secret("client_secret"), scope=http.scope, in_body=http.secret_in_body
            )


def _address(address: str, place: str) -> str:
    parts = urlsplit(address)
    if parts.username or parts.password or "@" in parts.netloc + parts.path:
        raise SettingsError(f"{place} 里有用户名或密码：请去掉，写进 var/secrets.toml（见 docs/customers.md）。")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(f"{place} = {address!r} 不是 http:// 或 https:// 的地址。")
    return address


KINDS: Mapping[str, Callable[[Settings, str, CustomerSource], Source]] = {
    "none": open_none,
    "file": open_file,
    "sql": open_sql,
    "http": open_http,
    "tryton": open_tryton,
}
