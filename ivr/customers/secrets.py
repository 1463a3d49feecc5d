"""What a CRM wants to see of us: never in the settings, which are printed and handed to other processes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ivr.errors import SettingsError
from ivr.secret_file import read

TABLE = "customers"


def secret_of(var: Path, source: str, name: str) -> str:
    """`name` (password, token, client_secret) of a source: `$IVR_CUSTOMERS_<SOURCE>_<NAME>`, else in
    `var/secrets.toml` under `[customers.<source>]`; empty when there is none. Raises `SettingsError`."""
    if given := os.environ.get(variable(source, name)):
        return given
    file = var / "secrets.toml"
    tables = read(file).get(TABLE, {})
    found = tables.get(source, {}) if isinstance(tables, dict) else {}
    value = found.get(name, "") if isinstance(found, dict) else ""
    if not isinstance(value, str):
        raise SettingsError(f"密钥文件 {file} 里 [{TABLE}.{source}] 的 {name} 不是文字，请加引号。")
    return value


def needed(var: Path, source: str, name: str) -> str:
    """As `secret_of`; raises `SettingsError` when there is none."""
    found = secret_of(var, source, name)
    if not found:
        raise SettingsError(
            f"客户资料来源 {source} 没有 {name}：请在 {var / 'secrets.toml'} 的 [{TABLE}.{source}] 里写"
            f' {name} = "…"，或设环境变量 {variable(source, name)}。'
        )
    return found


def variable(source: str, name: str) -> str:
    return re.sub(r"\W", "_", f"IVR_CUSTOMERS_{source}_{name}", flags=re.ASCII).upper()
