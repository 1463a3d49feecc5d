"""`var/secrets.toml`: texts and tables of texts, for its owner only. Who needs a secret generates it there.

Several programs write their own part of it, so a part is changed by reading all and writing all.
"""

from __future__ import annotations

import fcntl
import json
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError

HEAD = "# Generated. Only trunk_password, database_password and what the documents name is for people to fill in."


def read(file: Path) -> dict[str, Any]:
    """Everything in the file; nothing when there is none. Raises `SettingsError` naming the file."""
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"密钥文件 {file} 有误：{error}。可以删掉它，下次启动会重新生成（中继密码要重新填）。"
        ) from error


def change(file: Path, alter: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """`alter` is given all that is in the file and returns what shall be; nobody else writes meanwhile."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file.parent / ".secrets.lock", os.O_RDWR | os.O_CREAT, 0o600)) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = read(file)
        wanted = alter(dict(known))
        if wanted != known or not file.exists():
            _write(file, to_toml(wanted))
        return wanted


def to_toml(content: Mapping[str, Any]) -> str:
    tables = {name: value for name, value in content.items() if isinstance(value, Mapping)}
    lines = [HEAD, *(f"{_key(name)} = {_value(value)}" for name, value in content.items() if name not in tables)]
    for name, table in tables.items():
        lines += ["", f"[{_key(name)}]", *(f"{_key(key)} = {_value(value)}" for key, value in sorted(table.items()))]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, str):
        # A JSON string is a basic string of TOML, but for DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(value) if isinstance(value, bool | int | float) else value.isoformat()  # TOML's dates


def _write(file: Path, text: str) -> None:
    fresh = file.with_suffix(f".{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(file)
