"""What Asterisk still knows of hand-overs that we did not hear of: a new line process, AMI away. No sockets.

The dialplan keeps whose call it is on the caller's channel (IVR_HANDOFF), and what became of it in Asterisk's database
until it is on the ticket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

FAMILY = "ivr"
"""Of Asterisk's database; the key is the call."""
ASKED: tuple[Mapping[str, str], ...] = (
    {"Action": "QueueStatus"},
    {"Action": "Status", "Variables": "IVR_HANDOFF,IVR_CALL_ID,IVR_STATUS,MEMBERNAME,QUEUEWAIT"},
    {"Action": "DBGetTree", "Family": FAMILY},
)
"""Who waits; all channels; what ended: asked last, so that whoever has lost the channel meanwhile is among them."""
RINGING = "Ringing"
UNSET = "(null)"
"""Value of a variable that the channel does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Waits for a human, or speaks with one."""

    whose: Mapping[str, str]
    """Fields as in the event `IvrHandoff`."""
    agent: str | None
    """Who answered."""
    waited_s: float


@dataclass(frozen=True, slots=True)
class Known:
    ended: list[Mapping[str, str]] = field(default_factory=list)
    """Fields as in the event `IvrHandoff`."""
    callers: dict[str, Caller] = field(default_factory=dict)
    """By call."""
    channels: set[str] = field(default_factory=set)
    """All of them: a call that has none is over."""
    ringing: list[tuple[str, str]] = field(default_factory=list)
    """(call, agent whose telephone rings for it)"""


def known(answers: Iterable[Mapping[str, str]]) -> Known:
    """From the events with which Asterisk answered `ASKED`."""
    result, waited = Known(), dict[str, float]()
    for event in answers:
        match event.get("Event", ""):
            case "QueueEntry":
                waited[event.get("Uniqueid", "")] = number(event.get("Wait", ""))
            case "Status":
                _take_channel(result, event, waited)
            case "DBGetTreeResponse":
                result.ended.append({**_fields(event.get("Val", "")), "Step": "ended"})
            case _:
                pass
    return result


def _take_channel(result: Known, event: Mapping[str, str], waited: Mapping[str, float]) -> None:
    channel, variables = event.get("Uniqueid", ""), _variables(event)
    result.channels.add(channel)
    if variables.get("IVR_HANDOFF"):
        whose, agent = _fields(variables["IVR_HANDOFF"]), variables.get("MEMBERNAME") or None
        waited_s = number(variables.get("QUEUEWAIT", "")) if agent else waited.get(channel, 0.0)
        if not variables.get("IVR_STATUS"):  # else its queue is over, it hears the last announcement
            result.callers[channel] = Caller(whose=whose, agent=agent, waited_s=waited_s)
    elif (call := variables.get("IVR_CALL_ID")) and event.get("ChannelStateDesc") == RINGING:
        agent = event.get("Channel", "").rpartition("/")[2].rpartition("-")[0]
        result.ringing.append((call, agent))


def _variables(event: Mapping[str, str | list[str]]) -> dict[str, str]:
    """panoramisk makes a list of what stands several times."""
    raw = event.get("Variable", [])
    pairs = (each.partition("=") for each in ([raw] if isinstance(raw, str) else raw))
    return {name: value for name, _, value in pairs if value != UNSET}


def _fields(raw: str) -> dict[str, str]:
    """`CallId: 1.1,Queue: bank`"""
    pairs = (each.partition(":") for each in raw.split(","))
    return {name.strip(): value.strip() for name, _, value in pairs}


def number(raw: str) -> float:
    return float(raw) if raw.isascii() and raw.isdigit() else 0.0
