"""Outcomes of hand-overs and free agents, from events."""

import pytest

from ivr.telephony.asterisk.handoffs import Agents, HandoffOutcome, Handoffs

CALL = {"Uniqueid": "1.1"}
STARTED = {
    "Event": "UserEvent",
    "UserEvent": "IvrHandoff",
    "Step": "started",
    "CallId": "1.1",
    "Queue": "appliance",
    "Ticket": "GD20261122-000123",
    "Reason": "caller_request",
}
DECLINED = {"Event": "AgentRingNoAnswer", "RingTime": "900", **CALL}
RANG_OUT = {"Event": "AgentRingNoAnswer", "RingTime": "15000", **CALL}


def ended(status: str) -> dict[str, str]:
    return {**STARTED, "Step": "ended", "Status": status}


def play(*events: dict[str, str]) -> list[HandoffOutcome]:
    handoffs = Handoffs(ring_timeout_s=15)
    return [o for at, event in enumerate(events) if (o := handoffs.take(event, at=float(at)))]


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([ended("TIMEOUT")], "no_agent"),
        ([ended("JOINEMPTY")], "no_agent"),
        ([RANG_OUT, DECLINED, ended("TIMEOUT")], "no_agent"),
        ([DECLINED, ended("TIMEOUT")], "declined"),
        ([ended("HANGUP")], "abandoned"),
        ([ended("")], "failed"),
        ([DECLINED, {"Event": "AgentConnect", "MemberName": "8002", **CALL}], "answered"),
    ],
)
def test_outcome(events: list[dict[str, str]], outcome: str) -> None:
    (told,) = play(STARTED, *events)
    assert told.outcome == outcome
    assert (told.call_id, told.ticket_no, told.queue, told.reason) == (
        "1.1",
        "GD20261122-000123",
        "appliance",
        "caller_request",
    )
    assert told.waited_s == len(events)


def test_who_answered() -> None:
    (told,) = play(STARTED, {"Event": "AgentConnect", "MemberName": "8002", **CALL}, ended("HANGUP"))
    assert (told.outcome, told.agent) == ("answered", "8002")


def test_a_timeout_is_told_once_though_the_caller_hangs_up_afterwards() -> None:
    assert [o.outcome for o in play(STARTED, ended("TIMEOUT"), ended("HANGUP"))] == ["no_agent"]


def test_other_calls_and_other_events_tell_nothing() -> None:
    assert not play(STARTED, {"Event": "AgentConnect", "Uniqueid": "2.2"}, {}, {"Event": "UserEvent"})


def test_what_began_before_we_listened_is_told_at_its_end() -> None:
    """A line process that was killed hands its caller over before the next one listens."""
    (told,) = play({**ended("HANGUP"), "Agent": "8002", "Waited": "7"}, {**ended("HANGUP"), "Agent": "8002"})
    assert (told.outcome, told.agent, told.ticket_no, told.waited_s) == ("answered", "8002", "GD20261122-000123", 7.0)
    assert [o.outcome for o in play(ended("TIMEOUT"), ended("HANGUP"))] == ["no_agent"]
    assert [o.outcome for o in play(ended("HANGUP"))] == ["abandoned"]


def test_a_call_without_a_ticket() -> None:
    assert play({**STARTED, "Ticket": ""}, ended("TIMEOUT"))[0].ticket_no is None


def test_whose_call_it_is_though_there_is_no_ticket() -> None:
    whose = {"Ticket": "", "Hotline": "bank", "Caller": "13800010001", "Simulation": "tok1"}
    (told,) = play({**STARTED, **whose}, ended("TIMEOUT"))
    assert (told.hotline, told.caller, told.simulation) == ("bank", "13800010001", "tok1")
    (told,) = play({**ended("HANGUP"), **whose})
    assert (told.hotline, told.caller, told.simulation) == ("bank", "13800010001", "tok1")
    (told,) = play({**STARTED, "Hotline": "", "Caller": "", "Simulation": ""}, ended("TIMEOUT"))
    assert (told.hotline, told.caller, told.simulation) == (None, None, None)


def member(status: str, paused: str = "0", name: str = "PJSIP/8001") -> dict[str, str]:
    return {
        "Event": "QueueMemberStatus",
        "Queue": "appliance",
        "Interface": name,
        "Status": status,
        "Paused": paused,
    }


def test_free_agents() -> None:
    agents = Agents()
    assert agents.free("appliance") is None
    agents.take({"Event": "QueueParams", "Queue": "appliance"})
    assert agents.free("appliance") == 0
    agents.take(member("1"))
    agents.take(member("1", name="PJSIP/8002"))
    assert agents.free("appliance") == 2
    agents.take(member("2"))
    assert agents.free("appliance") == 1
    agents.take(member("1", paused="1", name="PJSIP/8002"))
    assert agents.free("appliance") == 0
    agents.take({**member("1"), "Event": "QueueMemberRemoved"})
    assert agents.free("appliance") == 0
