"""The CRMs that know the callers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSql:
    """A CRM's database, asked by SELECTs. docs/customers.md has examples."""

    address: str = ""
    """SQLAlchemy address without the password, which is `password` of this source in `var/secrets.toml`."""
    queries: Mapping[str, str] = field(default_factory=dict)
    """`customer`, `purchases`, `vehicles`, `agreements`, `complaints` → SELECT. Parameters: `:numbers` (for IN: all
    ways to write the caller's number), `:number`; after `customer` also each of that row's columns."""
    pool: int = 4
    """Connections, at most: look-ups at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRequest:
    """One request to a CRM's HTTP interface. `{number}`, `{e164}`, … and `{other_request.path}` are filled in."""

    path: str
    """Behind `address`."""
    method: Literal["GET", "POST"] = "GET"
    body: str = ""
    """JSON with the same placeholders, for POST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHttp:
    """A CRM's HTTP interface that answers in JSON."""

    address: str = ""
    """https://… that all paths stand behind."""
    requests: Mapping[str, CustomerRequest] = field(default_factory=dict)
    """Name → request. One that uses another's answer waits for it; the others go out at once."""
    auth: Literal["none", "token", "basic", "oauth2"] = "none"
    """How we say who we are; the secret (`token`, `password`, `client_secret`) is in `var/secrets.toml`."""
    header: str = "Authorization"
    """Header of `token`."""
    scheme: str = "Bearer"
    """Word before the token; empty = none."""
    user: str = ""
    """Of `basic`; of `oauth2` the client id."""
    token_address: str = ""
    """OAuth2: where tokens are got (client credentials, RFC 6749 4.4)."""
    scope: str = ""
    """OAuth2: what is asked for; empty = what the client may."""
    secret_in_body: bool = False
    """OAuth2: client id and secret go in the form, for servers that do not take them as `basic`."""
    longest_kb: int = 512
    """A longer answer is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTryton:
    """A Tryton server (JSON-RPC), as a user who may read parties, sales, subscriptions and complaints."""

    address: str = ""
    """http://host:8000"""
    database: str = ""
    user: str = ""
    """Login; `password` is in `var/secrets.toml`."""
    vip_category: str = "VIP"
    """Parties of this category are VIP."""
    warranty_months: int = 0
    """Of every product sold, counted from the sale; 0 = Tryton does not tell, so nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSource:
    """The CRM that knows a hotline's callers."""

    kind: Literal["none", "file", "sql", "http", "tryton"] = "file"
    name: str = ""
    """As tickets, logs and metrics call it; empty = the name of the section."""
    file: str = ""
    """YAML file, form of data/customers.yml; relative to the project. Empty = that file."""
    sql: CustomerSql = field(default_factory=CustomerSql)
    http: CustomerHttp = field(default_factory=CustomerHttp)
    tryton: CustomerTryton = field(default_factory=CustomerTryton)
    map: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """`customer`, `purchases`, … → our key → their column, or JMESPath into their answer. `each` of a list: where it
    is. SQL columns that have our names need none."""
    vip: tuple[str, ...] = ("vip", "VIP", "true", "1")
    """Values of `tier` that mean VIP."""
    limit_s: float = 5.0
    """A look-up is given up then. The caller never waits for it: turns go without it after 0.3 s."""
    cache_s: float = 120.0
    """What was found of a number is kept so long."""
    failures: int = 3
    """So many in a row, and the source rests."""
    rest_s: float = 30.0
    """How long it is not asked then."""
