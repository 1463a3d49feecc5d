"""AMI: who is free, who waits, whose telephone rings, and what became of calls that were handed over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from ivr.call.ports import Humans
from ivr.settings import Settings
from ivr.telephony.asterisk.ami_link import AmiLink, AmiLogin, AmiTimes, Connection
from ivr.telephony.asterisk.catching_up import ASKED, FAMILY, known
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
        self._unsettled: dict[str, HandoffOutcome] = {}
        """By call: told, but not yet on its ticket."""
        self._link = AmiLink(self, times)
        self._connection: Connection | None = None

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
        before, answers = self._handoffs.under_way, list[Mapping[str, str]]()
        refused = [action["Action"] for action in ASKED if not await self._asked(connection, action, answers)]
        for event in answers:
            self._told.take(event)
        self._queues, self._connection = self._told, connection
        if refused:
            log.warning("AMI refused %s: what was not heard of hand-overs is not caught up with", "、".join(refused))
            return
        found = known(answers)
        for call_id in [each.get("CallId", "") for each in found.ended]:
            if call_id in self._unsettled:
                self._on_outcome(self._unsettled[call_id])
            elif self._handoffs.told(call_id):
                self._forget(call_id)
        for told in self._handoffs.catch_up(found, before, time.monotonic()):
            self._tell(told)

    async def _asked(self, connection: Connection, action: Mapping[str, str], answers: list[Mapping[str, str]]) -> bool:
        events = await connection.events(self._times.answer_timeout_s, action)
        answers += events
        return not any(event.get("Response") == "Error" for event in events)

    def settled(self, call_id: str) -> None:
        """What became of this hand-over is on its ticket: Asterisk need not keep it any longer."""
        self._unsettled.pop(call_id, None)
        self._forget(call_id)

    def _forget(self, call_id: str) -> None:
        if self._connection and call_id:  # without a call it would be all of them
            # DBDel would warn in Asterisk's log of every call that it keeps nothing of.
            self._connection.tell({"Action": "DBDelTree", "Family": FAMILY, "Key": call_id})

    def event(self, event: Mapping[str, str]) -> None:
        self._told.take(event)
        told = self._handoffs.take(event, time.monotonic())
        if told:
            self._tell(told)
        elif event.get("UserEvent") == "IvrHandoff" and event.get("CallId", "") not in self._unsettled:
            self._forget(event.get("CallId", ""))  # its outcome was told when the agent answered, and is on the ticket

    def _tell(self, told: HandoffStep | HandoffOutcome) -> None:
        match told:
            case HandoffStep():
                log.info("call %s: %s, queue %s, agent %s", told.call_id, told.kind, told.queue, told.agent)
                self._on_step(told)
            case HandoffOutcome():
                log.info("call %s: hand-over %s, agent %s", told.call_id, told.outcome, told.agent)
                self._unsettled[told.call_id] = told
                self._on_outcome(told)

    def lost(self) -> None:
        self._queues = self._connection = None
