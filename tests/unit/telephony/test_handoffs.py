"""Steps and outcomes of hand-overs, from events."""

import pytest

from ivr.telephony.asterisk.handoffs import HandoffOutcome, Handoffs, HandoffStep

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
    told = (handoffs.take(event, at=float(at)) for at, event in enumerate(events))
    return [one for one in told if isinstance(one, HandoffOutcome)]


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


def test_the_steps_on_the_way() -> None:
    handoffs = Handoffs(ring_timeout_s=15)
    rings = {"Event": "AgentCalled", "Interface": "PJSIP/8001", "MemberName": "8001", **CALL}
    told = [
        handoffs.take(event, at=float(at)) for at, event in enumerate((STARTED, rings, {**rings, **DECLINED}, rings))
    ]
    steps = [one for one in told if isinstance(one, HandoffStep)]
    assert [(s.kind, s.agent, s.waited_s) for s in steps] == [
        ("queued", None, 0.0),
        ("ringing", "8001", 1.0),
        ("missed", "8001", 2.0),
        ("ringing", "8001", 3.0),
    ]
    assert {(s.call_id, s.ticket_no, s.reason) for s in steps} == {("1.1", "GD20261122-000123", "caller_request")}
