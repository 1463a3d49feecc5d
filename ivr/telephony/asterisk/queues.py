"""The queues as AMI tells of them: who is at work, who is free, who waits, how long calls take. No sockets.

Kept current by events, so that a call only looks at it. What no event has told is unknown, never guessed.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.call.ports import Humans

NOT_IN_USE = "1"
"""AST_DEVICE_NOT_INUSE."""
AWAY = frozenset({"0", "4", "5"})
"""AST_DEVICE_UNKNOWN, INVALID, UNAVAILABLE: a telephone that nobody can be reached at."""
REMEMBERED_CALLS = 20
"""So many conversations of a queue make its mean."""
BEFORE_ALL = 1_000_000
"""Priority of who waits in another queue for agents of ours."""


@dataclass(frozen=True, slots=True)
class _Member:
    status: str = "0"
    paused: bool = False

    @property
    def at_work(self) -> bool:
        return not self.paused and self.status not in AWAY

    @property
    def free(self) -> bool:
        return not self.paused and self.status == NOT_IN_USE


@dataclass(slots=True)
class _Queue:
    members: dict[str, _Member] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    """Call → its priority."""
    talks_s: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED_CALLS))
    asterisk_talk_s: float = 0.0
    """Mean that Asterisk had when we began to listen; 0 = none."""
    weight: int = 0

    @property
    def at_work(self) -> set[str]:
        return {name for name, member in self.members.items() if member.at_work}

    def talk_s(self) -> float | None:
        if self.talks_s:
            return sum(self.talks_s) / len(self.talks_s)
        return self.asterisk_talk_s or None


@dataclass(slots=True)
class Queues:
    """`take` is told every event, `humans` answers at once."""

    _queues: dict[str, _Queue] = field(default_factory=dict)
    _priorities: dict[str, int] = field(default_factory=dict)
    """Of calls that are about to join a queue: our own event comes before app_queue's."""

    def take(self, event: Mapping[str, str]) -> None:
        name = event.get("Queue", "")
        match event.get("Event", ""):
            case "QueueParams":
                self._of(name).asterisk_talk_s = _number(event.get("TalkTime"))
                self._of(name).weight = int(_number(event.get("Weight")))
            case "QueueMember" | "QueueMemberStatus" | "QueueMemberAdded" | "QueueMemberPause":
                self._of(name).members[_interface(event)] = _Member(
                    event.get("Status", "0"), event.get("Paused", "0") != "0"
                )
            case "QueueMemberRemoved":
                self._of(name).members.pop(_interface(event), None)
            case "QueueEntry":
                self._of(name).waiting[event.get("Uniqueid", "")] = int(_number(event.get("Priority")))
            case "QueueCallerJoin":
                call = event.get("Uniqueid", "")
                self._of(name).waiting[call] = self._priorities.pop(call, 0)
            case "QueueCallerLeave" | "QueueCallerAbandon":
                self._of(name).waiting.pop(event.get("Uniqueid", ""), None)
            case "AgentComplete":
                if (talk_s := _number(event.get("TalkTime"))) > 0:
                    self._of(name).talks_s.append(talk_s)
            case "UserEvent" if event.get("UserEvent") == "IvrHandoff":
                self._ours(event)
            case _:
                pass

    def humans(self, queue: str) -> Humans | None:
        """None: no such queue is known."""
        known = self._queues.get(queue)
        if known is None:
            return None
        return Humans(
            at_work=len(known.at_work),
            free=sum(member.free for member in known.members.values()),
            waiting=(*known.waiting.values(), *[BEFORE_ALL] * self._ahead_elsewhere(known)),
            talk_s=known.talk_s(),
        )

    def _ahead_elsewhere(self, ours: _Queue) -> int:
        """Callers of queues no lighter than ours whom agents of ours will take: their share of those queues' agents."""
        ahead = 0.0
        for other in self._queues.values():
            if other is not ours and other.weight >= ours.weight and other.at_work:
                ahead += len(other.waiting) * len(other.at_work & ours.at_work) / len(other.at_work)
        return math.ceil(ahead)

    def _of(self, name: str) -> _Queue:
        return self._queues.setdefault(name, _Queue())

    def _ours(self, event: Mapping[str, str]) -> None:
        call = event.get("CallId", "")
        if event.get("Step") == "started":
            self._priorities[call] = int(_number(event.get("QueuePriority")))
        else:
            self._priorities.pop(call, None)


def _interface(event: Mapping[str, str]) -> str:
    return event.get("Interface") or event.get("Location", "")


def _number(raw: str | None) -> float:
    return float(raw) if raw and raw.isascii() and raw.isdigit() else 0.0
