"""AMI: how many agents are free, and what became of calls that were handed over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from ivr.settings import Settings
from ivr.telephony.asterisk.ami_link import AmiLink, AmiLogin, AmiTimes, Connection
from ivr.telephony.asterisk.config import APP
from ivr.telephony.asterisk.handoffs import Agents, HandoffOutcome, Handoffs
from ivr.telephony.asterisk.secrets import load_secrets

log = logging.getLogger(__name__)


class QueueWatch:
    """Follows AMI. `on_outcome` is called in the event loop and must not block."""

    def __init__(
        self,
        settings: Settings,
        on_outcome: Callable[[HandoffOutcome], None] = lambda _: None,
        *,
        times: AmiTimes = AmiTimes(),  # noqa: B008  (frozen)
    ) -> None:
        self._settings = settings
        self._on_outcome = on_outcome
        self._times = times
        self._handoffs = Handoffs(settings.telephony.ring_timeout_s)
        self._told = Agents()
        """What this connection has told; all of it once we are logged in."""
        self._agents: Agents | None = None
        self._link = AmiLink(self, times)

    @property
    def connected(self) -> bool:
        return self._agents is not None

    def free_agents(self, queue: str) -> int | None:
        """Agents of a queue who could take a call now; None = unknown (AMI is away, or there is no such queue)."""
        return self._agents.free(queue) if self._agents else None

    async def start(self) -> None:
        """Raises `TelephonyDown` when AMI cannot be reached or refuses us; what is lost later is mended by itself."""
        await self._link.start()

    async def stop(self) -> None:
        await self._link.stop()

    # --- what the link tells ---

    def login(self) -> AmiLogin:
        self._told = Agents()
        secret = load_secrets(self._settings.var / "secrets.toml").ami
        host, port = self._settings.ami
        return AmiLogin(host=host, port=port, user=APP, secret=secret)

    async def logged_in(self, connection: Connection) -> None:
        for event in await connection.ask(self._times.answer_timeout_s, {"Action": "QueueStatus"}, as_list=True):
            self._told.take(dict(event.items()))
        self._agents = self._told

    def event(self, event: Mapping[str, str]) -> None:
        self._told.take(event)
        outcome = self._handoffs.take(event, time.monotonic())
        if outcome:
            log.info("call %s: hand-over %s, agent %s", outcome.call_id, outcome.outcome, outcome.agent)
            self._on_outcome(outcome)

    def lost(self) -> None:
        self._agents = None
