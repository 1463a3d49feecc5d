"""What AMI's events say of calls on their way to a human. No sockets; `at` is any clock in seconds.

Events: `IvrHandoff` is ours (extensions.conf), the others app_queue's. What was not heard (a new line process, AMI
away) is caught up with (catching_up.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ivr.telephony.asterisk.catching_up import Caller, Known, number

StepKind = Literal["queued", "ringing", "missed"]
Result = Literal["answered", "no_agent", "declined", "abandoned", "failed"]

NOBODY = frozenset({"TIMEOUT", "FULL", "JOINEMPTY", "LEAVEEMPTY", "JOINUNAVAIL", "LEAVEUNAVAIL", "WITHDRAW"})
"""QUEUESTATUS when no agent took the call."""
CALL_BACK = "CALLBACK"
"""… when the caller pressed the key for a call-back (extensions.conf)."""
LONGEST_S = 7200.0
"""A hand-over without an end is forgotten after this."""
REFUSED_S = 0.3
"""A telephone that rang less was busy or could not be reached: no human declines so quickly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffOutcome:
    """How a hand-over ended."""

    call_id: str
    ticket_no: str | None
    queue: str
    reason: str
    """Why the call was handed over; `failed` where the bot could not go on."""
    outcome: Result
    agent: str | None = None
    """Extension of who answered."""
    waited_s: float = 0.0
    hotline: str | None = None
    """None: nobody could be asked when the call arrived."""
    caller: str | None = None
    """As the dialplan knows it (+0-9); None = withheld."""
    simulation: str | None = None
    """Token of a simulated call."""
    wants_call_back: bool = False
    """The caller chose it while waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffStep:
    """A hand-over is under way: the call joins its queue, an agent's telephone rings, rings no more unanswered."""

    kind: StepKind
    call_id: str
    ticket_no: str | None
    queue: str
    reason: str
    agent: str | None = None
    """Extension that rings."""
    waited_s: float = 0.0
    hotline: str | None = None
    caller: str | None = None
    """As the dialplan knows it (+0-9); None = withheld."""
    simulation: str | None = None


@dataclass(slots=True)
class _Handoff:
    queue: str
    ticket_no: str | None
    reason: str
    started: float
    hotline: str | None
    caller: str | None
    simulation: str | None
    declined: int = 0
    unanswered: int = 0
    rings: dict[str, float] = field(default_factory=dict)
    """Agent whose telephone rings → since when."""


@dataclass(slots=True)
class Handoffs:
    ring_timeout_s: float
    """A telephone that stops ringing earlier was declined by its agent."""
    _open: dict[str, _Handoff] = field(default_factory=dict)
    _told: dict[str, float] = field(default_factory=dict)
    """Calls whose outcome was told, and when."""

    def take(self, event: Mapping[str, str], at: float) -> HandoffStep | HandoffOutcome | None:
        """One event; an outcome when it is the last of a hand-over."""
        kind = event.get("Event", "")
        if kind == "UserEvent" and event.get("UserEvent") == "IvrHandoff":
            return self._ours(event, at)
        call = event.get("Uniqueid", "")
        handoff = self._open.get(call)
        if handoff is None:
            return None
        agent = _agent(event)
        match kind:
            case "AgentCalled":
                handoff.rings[agent or ""] = at
                return _step("ringing", call, handoff, at, agent)
            case "AgentConnect":
                return self._end(call, "answered", at, agent=agent)
            case "AgentRingNoAnswer":
                rang_s = at - handoff.rings.pop(agent or "", at)
                if REFUSED_S <= rang_s < self.ring_timeout_s - 0.5:
                    handoff.declined += 1
                else:
                    handoff.unanswered += 1
                return _step("missed", call, handoff, at, agent)
            case _:
                pass
        return None

    @property
    def under_way(self) -> frozenset[str]:
        """Calls that no human has answered yet."""
        return frozenset(self._open)

    def told(self, call: str) -> bool:
        """Its outcome."""
        return call in self._told

    def catch_up(self, known: Known, before: frozenset[str], at: float) -> Iterator[HandoffStep | HandoffOutcome]:
        """`before`: what was under way when Asterisk was asked. One of these that has no channel any more, and of whose
        end Asterisk does not know, was cut off."""
        for ended in known.ended:
            if told := self._ours(ended, at, number(ended.get("Waited", ""))):
                yield told
        for call, caller in known.callers.items():
            if call not in self._told:
                yield from self._still_there(call, caller, at)
        for call in before - known.channels - self._told.keys():
            yield self._end(call, "failed", at)
        for call, handoff in self._open.items():
            before_it, now = handoff.rings, [agent for of, agent in known.ringing if of == call]
            handoff.rings = {agent: before_it.get(agent, at) for agent in now}
            for agent in handoff.rings.keys() - before_it.keys():
                yield _step("ringing", call, handoff, at, agent)

    def _still_there(self, call: str, caller: Caller, at: float) -> Iterator[HandoffStep | HandoffOutcome]:
        if call not in self._open:
            self._open[call] = _handoff(caller.whose, at - caller.waited_s)
            if not caller.agent:
                yield _step("queued", call, self._open[call], at)
        if caller.agent:
            yield self._end(call, "answered", at, caller.agent, caller.waited_s)

    def _ours(
        self, event: Mapping[str, str], at: float, waited_s: float | None = None
    ) -> HandoffStep | HandoffOutcome | None:
        """`waited_s`: where it ended before now."""
        call = event.get("CallId", "")
        if not call or call in self._told:
            return None
        if event.get("Step") == "started":
            self._forget_old(at)
            self._open[call] = _handoff(event, at)
            return _step("queued", call, self._open[call], at)
        # What began before we listened (a new line process, AMI away) is told at its end.
        handoff = self._open.setdefault(call, _handoff(event, at - number(event.get("Waited", ""))))
        status = event.get("Status", "")
        if agent := event.get("Agent"):
            return self._end(call, "answered", at, agent, number(event.get("Waited", "")))
        if status == "HANGUP":
            return self._end(call, "abandoned", at, waited_s=waited_s)
        if status == CALL_BACK:
            return replace(self._end(call, "no_agent", at, waited_s=waited_s), wants_call_back=True)
        if status not in NOBODY:
            return self._end(call, "failed", at, waited_s=waited_s)
        declined = handoff.declined and not handoff.unanswered
        return self._end(call, "declined" if declined else "no_agent", at, waited_s=waited_s)

    def _end(
        self, call: str, outcome: Result, at: float, agent: str | None = None, waited_s: float | None = None
    ) -> HandoffOutcome:
        """`waited_s`: where it is not until now."""
        handoff = self._open.pop(call)
        self._told[call] = at
        return HandoffOutcome(
            call_id=call,
            ticket_no=handoff.ticket_no,
            queue=handoff.queue,
            reason=handoff.reason,
            outcome=outcome,
            agent=agent,
            waited_s=round(max(0.0, at - handoff.started) if waited_s is None else waited_s, 1),
            hotline=handoff.hotline,
            caller=handoff.caller,
            simulation=handoff.simulation,
        )

    def _forget_old(self, at: float) -> None:
        for call in [c for c, h in self._open.items() if at - h.started > LONGEST_S]:
            del self._open[call]
        for call in [c for c, told in self._told.items() if at - told > LONGEST_S]:
            del self._told[call]


def _handoff(event: Mapping[str, str], started: float) -> _Handoff:
    return _Handoff(
        queue=event.get("Queue", ""),
        ticket_no=event.get("Ticket") or None,
        reason=event.get("Reason", ""),
        started=started,
        hotline=event.get("Hotline") or None,
        caller=event.get("Caller") or None,
        simulation=event.get("Simulation") or None,
    )


def _step(kind: StepKind, call: str, handoff: _Handoff, at: float, agent: str | None = None) -> HandoffStep:
    return HandoffStep(
        kind=kind,
        call_id=call,
        ticket_no=handoff.ticket_no,
        queue=handoff.queue,
        reason=handoff.reason,
        agent=agent,
        waited_s=round(max(0.0, at - handoff.started), 1),
        hotline=handoff.hotline,
        caller=handoff.caller,
        simulation=handoff.simulation,
    )


def _agent(event: Mapping[str, str]) -> str | None:
    return event.get("MemberName") or event.get("Interface", "").rpartition("/")[2] or None
