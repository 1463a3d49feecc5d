"""The receivers' secrets: table `webhooks` of `var/secrets.toml`, address → secret (several, while it is changed)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError
from ivr.secret_file import change
from ivr.webhooks.wire import PREFIX, key_of

BYTES = 32


def load(file: Path, addresses: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Address → its secrets, the newest first; what is missing is made and written. Raises `SettingsError`."""
    wanted = list(addresses)
    if not wanted:
        return {}
    known = change(file, lambda content: _completed(content, wanted)).get("webhooks", {})
    found = {address: _as_tuple(known[address]) for address in wanted}
    for secret in (one for each in found.values() for one in each):
        key_of(secret)
    return found


def fresh() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def _completed(content: dict[str, Any], addresses: list[str]) -> dict[str, Any]:
    known = dict(content.get("webhooks", {}))
    for address in addresses:
        if not known.get(address):
            known[address] = fresh()
    return content | {"webhooks": known}


def _as_tuple(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in values):
        raise SettingsError("var/secrets.toml 的 [webhooks]：每个地址后面是一个密钥，或几个密钥的列表。")
    return tuple(values)
