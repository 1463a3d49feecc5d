"""Secrets between Asterisk and us: generated at the first start, kept in `var/secrets.toml` for its owner only."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError
from ivr.secret_file import change

LETTERS = 24
"""Random bytes of a secret."""
BY_HAND = ("trunk_password", "database_password")


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
    known = change(file, lambda known: _completed(_checked(file, known), extensions))
    return Secrets(
        ari=known["ari"],
        ami=known["ami"],
        bot=known["bot"],
        agents=known["agents"],
        trunk_password=known["trunk_password"],
        database_password=known["database_password"],
    )


def _completed(known: dict[str, Any], extensions: Iterable[str]) -> dict[str, Any]:
    agents = dict(known.get("agents", {}))
    for extension in extensions:
        agents.setdefault(extension, secrets.token_urlsafe(LETTERS))
    ours = {name: known.get(name) or secrets.token_urlsafe(LETTERS) for name in ("ari", "ami", "bot")}
    ours |= {name: known.get(name, "") for name in BY_HAND}
    return {**ours, **known, **ours, "agents": agents}


def _checked(file: Path, known: dict[str, Any]) -> dict[str, Any]:
    """What goes into Asterisk's files must be readable there; the tables of others are none of ours."""
    for name in ("ari", "ami", "bot", *BY_HAND, "agents"):
        value = known.get(name, "")
        values = value.values() if name == "agents" and isinstance(value, dict) else [value]
        if any(not isinstance(v, str) or set(v) & set('";\\\r\n') for v in values):
            raise SettingsError(
                f"密钥文件 {file} 里的 {name} 不是文字，或含有引号、分号、反斜杠、换行，Asterisk 读不了。"
            )
    return known
