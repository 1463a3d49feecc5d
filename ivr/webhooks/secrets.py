"""The receivers' secrets: table `webhooks` of `var/secrets.toml`, address → secret (several, while it is changed)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError
from ivr.secret_file import change, read
from ivr.webhooks.wire import PREFIX, key_of

BYTES = 32


def load(file: Path, addresses: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Address → its secrets, the newest first; what is missing is made and written. Raises `SettingsError`."""
    wanted = list(addresses)
    if not wanted:
        return {}
    known = _table(change(file, lambda content: _completed(content, wanted)))
    return {address: _good(known[address]) for address in wanted}


def check(file: Path, addresses: Iterable[str]) -> None:
    """As `load`, and makes nothing."""
    known = _table(read(file))
    for address in addresses:
        if known.get(address):
            _good(known[address])


def fresh() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def _completed(content: dict[str, Any], addresses: list[str]) -> dict[str, Any]:
    known = dict(_table(content))
    for address in addresses:
        if not known.get(address):
            known[address] = fresh()
    return content | {"webhooks": known}


def _table(content: dict[str, Any]) -> dict[str, Any]:
    table = content.get("webhooks", {})
    if not isinstance(table, dict):
        raise SettingsError(_FORM)
    return table


def _good(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in values):
        raise SettingsError(_FORM)
    for secret in values:
        key_of(secret)
    return tuple(values)


_FORM = "var/secrets.toml 的 [webhooks] 是一张表：每个地址后面是一个密钥，或几个密钥的列表。"
