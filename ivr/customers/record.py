"""A customer written down: the form of docs/contract/scenario.md, shared by demo data and simulations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ivr.errors import SettingsError
from ivr.tickets.customer import Customer


def customer_of(record: Mapping[str, Any], place: str) -> Customer:
    """`record` as YAML or JSON gives it. Raises `SettingsError` naming the place and the key that is wrong."""
    known = {"name", "tier", "purchases", "vehicles", "agreements", "complaints", "customer_no"}
    extra = sorted(set(record) - known)
    if extra:
        raise SettingsError(f"{place}：客户资料里有不认识的项 {'、'.join(extra)}；可用：{'、'.join(sorted(known))}。")
    given = {key: value for key, value in record.items() if value is not None}
    try:
        return msgspec.convert(given, Customer)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{place}：客户资料有误：{error}。格式见 docs/contract/scenario.md。") from error
