"""`ivr.toml` before the product's environment exists: its tables as they are. `ivr.settings` checks it later."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict

from ivr.errors import SettingsError

Tables = Dict[str, Dict[str, object]]


def read(file: Path) -> Tables:
    """Tables of the file, {} where there is none. Raises `SettingsError` for a file that is not TOML."""
    if not file.is_file():
        return {}
    text = file.read_text("utf-8")
    try:
        import tomllib
    except ImportError:  # Python 3.9 and 3.10
        return plain(text)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"设置文件 {file} 有误：{error}。") from error
    return {name: value for name, value in raw.items() if isinstance(value, dict)}


def plain(text: str) -> Tables:
    """The subset `[table]` and `name = "string"`, for a Python without tomllib."""
    tables: Tables = {}
    current: Dict[str, object] = {}
    for line in text.splitlines():
        head = re.fullmatch(r"\s*\[([\w.]+)\]\s*(?:#.*)?", line)
        pair = re.fullmatch(r"\s*(\w+)\s*=\s*[\"']([^\"']*)[\"']\s*(?:#.*)?", line)
        if head:
            current = tables.setdefault(head[1], {})
        elif pair:
            current[pair[1]] = pair[2]
    return tables
