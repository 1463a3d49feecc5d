"""Secrets between Asterisk and us: generated at the first start, kept in `var/secrets.toml` for its owner only."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError

LETTERS = 24
"""Random bytes of a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    ari: str = field(repr=False)
    """Password of the ARI user."""
    ami: str = field(repr=False)
    """Secret of the AMI user."""
    bot: str = field(repr=False)
    """What Asterisk shows us when it opens a websocket."""
    agents: Mapping[str, str] = field(repr=False)
    """Extension → SIP password of that telephone."""
    trunk_password: str = field(default="", repr=False)
    """The provider's; written into the file by hand."""
    database_password: str = field(default="", repr=False)
    """PostgreSQL's; written into the file by hand. `Settings.database_url` reads it there."""


def load_secrets(file: Path, extensions: Iterable[str] = ()) -> Secrets:
    """Secrets of `file`; what is missing (also a new agent's) is generated and written. Raises `SettingsError`."""
    known = _read(file)
    agents = {str(k): str(v) for k, v in dict(known.get("agents", {})).items()}
    for extension in extensions:
        agents.setdefault(extension, secrets.token_urlsafe(LETTERS))
    result = Secrets(
        ari=known.get("ari") or secrets.token_urlsafe(LETTERS),
        ami=known.get("ami") or secrets.token_urlsafe(LETTERS),
        bot=known.get("bot") or secrets.token_urlsafe(LETTERS),
        agents=agents,
        trunk_password=known.get("trunk_password", ""),
        database_password=known.get("database_password", ""),
    )
    text = _to_toml(result)
    if not file.exists() or file.read_text("utf-8") != text:
        _write(file, text)
    return result


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"密钥文件 {file} 有误：{error}。可以删掉它，下次启动会重新生成（中继密码要重新填）。"
        ) from error
    for name, value in content.items():
        values = value.values() if name == "agents" and isinstance(value, dict) else [value]
        if any(not isinstance(v, str) or set(v) & set('";\\\r\n') for v in values):
            raise SettingsError(
                f"密钥文件 {file} 里的 {name} 不是文字，或含有引号、分号、反斜杠、换行，Asterisk 读不了。"
            )
    return content


def _to_toml(content: Secrets) -> str:
    lines = [
        "# Generated. Only trunk_password and database_password are for people to fill in.",
        f'ari = "{content.ari}"',
        f'ami = "{content.ami}"',
        f'bot = "{content.bot}"',
        f'trunk_password = "{content.trunk_password}"',
        f'database_password = "{content.database_password}"',
        "",
        "[agents]",
        *(f'{extension} = "{password}"' for extension, password in sorted(content.agents.items())),
    ]
    return "\n".join(lines) + "\n"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(file)
