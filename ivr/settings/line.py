"""All settings of one line."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from ivr.errors import SettingsError
from ivr.settings.customers import CustomerSource
from ivr.settings.others import Api, Delivery, Webhook
from ivr.settings.speech import Speech, Turns
from ivr.settings.telephony import Ports, Telephony

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    timeout_s: float = 4.0
    """Rasa must have answered a turn by then; the caller goes to a human otherwise."""
    python: str = ""
    """Python 3.10 for Rasa; empty = looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what callers said is kept. What is older is deleted at night; `ivr tickets prune` shows it before."""

    tickets_days: int = 0
    """Days after which a ticket is deleted with its transcript, history and recording; 0 = kept for ever."""
    recordings_days: int = 0
    """Days after which a recording is deleted while its ticket stays; 0 = with its ticket."""
    at: str = "03:30"
    """Time of day, business time zone."""

    def __post_init__(self) -> None:
        if self.tickets_days < 0 or self.recordings_days < 0:
            raise ValueError("retention 的天数不能是负的")
        dt.time.fromisoformat(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    root: Path = PROJECT
    """The project's folder: `data/`, `dialogue/`, `telephony_config/`."""
    var: Path = PROJECT / "var"
    """What changes at run time: database, secrets, logs, recordings, Asterisk's own files."""
    tools: Path = PROJECT / ".tools"
    """What `make prepare` fetched: Asterisk, models, spoken sentences."""
    content: str = ""
    """Folder of a published version, whose `dialogue/` and `data/` hold in place of the project's. Set by the line."""
    host: str = "127.0.0.1"
    """Address of everything that only this machine's processes use."""
    time_zone: str = "Asia/Shanghai"
    """Business time zone; the machine's own is never used."""
    database: str = ""
    """Where tickets are: `postgresql://USER@HOST/NAME` (its password is `database_password` in `var/secrets.toml`), or
    `sqlite:////FILE`; empty = SQLite in `var`."""
    region: str = "CN"
    """Country of caller numbers without a country code."""
    simulation: bool = False
    """Accept simulated calls with a seed of their own. Never on a line that takes real calls."""
    retention: Retention = field(default_factory=Retention)
    ports: Ports = field(default_factory=Ports)
    telephony: Telephony = field(default_factory=Telephony)
    turns: Turns = field(default_factory=Turns)
    speech: Speech = field(default_factory=Speech)
    dialogue: Dialogue = field(default_factory=Dialogue)
    customers: Mapping[str, CustomerSource] = field(default_factory=dict)
    """By hotline; `default` = all others. Without one: data/customers.yml."""
    webhooks: tuple[Webhook, ...] = ()
    """Who is told of tickets."""
    delivery: Delivery = field(default_factory=Delivery)
    api: Api = field(default_factory=Api)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def line_host(self) -> str:
        """Where we listen for whoever brings the calls."""
        return self.telephony.pbx.our_address if self.telephony.pbx.host else self.host

    @property
    def api_host(self) -> str:
        return self.api.host or self.host

    @property
    def ami(self) -> tuple[str, int]:
        """Where AMI listens."""
        pbx = self.telephony.pbx
        return (pbx.host, pbx.ami_port) if pbx.host else (self.host, self.ports.ami)

    @property
    def data(self) -> Path:
        """What the hotlines know."""
        return Path(self.content or self.root) / "data"

    @property
    def database_url(self) -> str:
        """The address with the password, where there is one: not to be shown."""
        if not self.database:
            return f"sqlite+aiosqlite:///{self.var / 'tickets.db'}"
        return _with_password(self.database, self.var / "secrets.toml")

    def now(self) -> dt.datetime:
        return dt.datetime.now(self.zone)


def _with_password(address: str, secrets: Path) -> str:
    """A user without a password in the address gets the one of the secrets' file; PGPASSWORD and ~/.pgpass also count,
    to the driver. Raises `SettingsError`."""
    parts = urlsplit(address)
    if not parts.scheme.startswith("postgres") or not parts.username or parts.password or not secrets.exists():
        return address
    try:
        password = tomllib.loads(secrets.read_text("utf-8")).get("database_password", "")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"密钥文件 {secrets} 有误：{error}。") from error
    user, _, where = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{where}")) if password else address
