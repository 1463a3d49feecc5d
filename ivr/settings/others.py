"""Other systems: who is told of tickets, and who asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

WebhookEvent = Literal[
    "ticket.created",
    "ticket.completed",
    "ticket.incomplete",
    "ticket.abandoned",
    "ticket.handed_off",
    "ticket.ringing",
    "ticket.handoff_ended",
    "ticket.corrected",
]
"""What other systems are told of; docs/webhooks.md says when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Another system that is told of tickets. Its secret is in `var/secrets.toml`, made when it is first needed."""

    address: str
    """http:// or https://; redirects are not followed."""
    name: str = ""
    """What people and metrics call it; empty = its host."""
    events: tuple[WebhookEvent, ...] = ()
    """Empty = all."""
    hotlines: tuple[str, ...] = ()
    """Empty = all."""
    timeout_s: float = 10.0
    """An answer that is not there by then counts as none."""

    @property
    def shown(self) -> str:
        return self.name or urlsplit(self.address).netloc


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How long webhooks are tried and remembered."""

    give_up_days: float = 3.0
    """An event that nobody took for so long is given up; `ivr webhooks send-again` sends it after all."""
    keep_days: float = 14.0
    """Events that have been delivered, or given up, are forgotten after so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    host: str = ""
    """Address that the HTTP API listens on; empty = `Settings.host`. Others only behind a proxy that speaks TLS."""
    failed_logins: int = 20
    """Wrong tokens from one address in a minute; more are refused unread."""

    def __post_init__(self) -> None:
        if self.failed_logins < 1:
            raise ValueError("api.failed_logins 至少是 1")
