"""AMI: who is free, who waits, whose telephone rings, and what became of calls that were handed over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from ivr.call.ports import Humans
from ivr.settings import Settings
from ivr.telephony.asterisk.ami_link import AmiLink, AmiLogin, AmiTimes, Connection
from ivr.telephony.asterisk.config import APP
from ivr.telephony.asterisk.handoffs import HandoffOutcome, Handoffs, HandoffStep
from ivr.telephony.asterisk.queues import Queues
from ivr.telephony.asterisk.secrets import load_secrets

log = logging.getLogger(__name__)


class QueueWatch:
    """Follows AMI. `on_outcome` and `on_step` are called in the event loop and must not block."""

    def __init__(
        self,
        settings: Settings,
        on_outcome: Callable[[HandoffOutcome], None] = lambda _: None,
        *,
        on_step: Callable[[HandoffStep], None] = lambda _: None,
        times: AmiTimes = AmiTimes(),  # noqa: B008  (frozen)
    ) -> None:
        self._settings = settings
        self._on_outcome = on_outcome
        self._on_step = on_step
        self._times = times
        self._handoffs = Handoffs(settings.telephony.ring_timeout_s)
        self._told = Queues()
        """What this connection has told; all of it once we are logged in."""
        self._queues: Queues | None = None
        self._link = AmiLink(self, times)

    @property
    def connected(self) -> bool:
        return self._queues is not None

    def free_agents(self, queue: str) -> int | None:
        """Agents of a queue who could take a call now; None = unknown (AMI is away, or there is no such queue)."""
        humans = self.humans(queue)
        return humans.free if humans else None

    def humans(self, queue: str) -> Humans | None:
        """The humans of a queue, without asking anybody; None = unknown (AMI is away, or there is no such queue)."""
        return self._queues.humans(queue) if self._queues else None

    async def start(self) -> None:
        """Raises `TelephonyDown` when AMI cannot be reached or refuses us; what is lost later is mended by itself."""
        await self._link.start()

    async def stop(self) -> None:
        await self._link.stop()

    # --- what the link tells ---

    def login(self) -> AmiLogin:
        self._told = Queues()
        secret = load_secrets(self._settings.var / "secrets.toml").ami
        host, port = self._settings.ami
        return AmiLogin(host=host, port=port, user=APP, secret=secret)

    async def logged_in(self, connection: Connection) -> None:
        for event in await connection.ask(self._times.answer_timeout_s, {"Action": "QueueStatus"}, as_list=True):
            self._told.take(dict(event.items()))
        self._queues = self._told

    def event(self, event: Mapping[str, str]) -> None:
        self._told.take(event)
        match self._handoffs.take(event, time.monotonic()):
            case HandoffStep() as step:
                log.info("call %s: %s, queue %s, agent %s", step.call_id, step.kind, step.queue, step.agent)
                self._on_step(step)
            case HandoffOutcome() as outcome:
                log.info("call %s: hand-over %s, agent %s", outcome.call_id, outcome.outcome, outcome.agent)
                self._on_outcome(outcome)
            case None:
                pass

    def lost(self) -> None:
        self._queues = None
