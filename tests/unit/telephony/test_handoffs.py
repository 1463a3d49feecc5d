"""Steps and outcomes of hand-overs, from events."""

from typing import Any

import pytest

from ivr.telephony.asterisk.catching_up import known
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
RINGS = {"Event": "AgentCalled", "Interface": "PJSIP/8001", "MemberName": "8001", **CALL}
MISSED = {**RINGS, "Event": "AgentRingNoAnswer"}


def ended(status: str) -> dict[str, str]:
    return {**STARTED, "Step": "ended", "Status": status}


def after(seconds: float, event: dict[str, str]) -> dict[str, str]:
    return {**event, "after": str(seconds)}


def play(*events: dict[str, str]) -> list[HandoffOutcome]:
    """One second after another, unless said."""
    handoffs, at = Handoffs(ring_timeout_s=15), -1.0
    told = [handoffs.take(event, at := at + float(event.get("after", "1"))) for event in events]
    return [one for one in told if isinstance(one, HandoffOutcome)]


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([ended("TIMEOUT")], "no_agent"),
        ([ended("JOINEMPTY")], "no_agent"),
        ([RINGS, after(15, MISSED), RINGS, MISSED, ended("TIMEOUT")], "no_agent"),
        ([RINGS, MISSED, ended("TIMEOUT")], "declined"),
        ([RINGS, after(0.1, MISSED), ended("TIMEOUT")], "no_agent"),  # it was busy
        ([MISSED, ended("TIMEOUT")], "no_agent"),  # how long it rang was not heard
        ([ended("HANGUP")], "abandoned"),
        ([ended("")], "failed"),
        ([RINGS, MISSED, {"Event": "AgentConnect", "MemberName": "8002", **CALL}], "answered"),
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
    assert told.waited_s == sum(float(event.get("after", "1")) for event in events)


def test_who_chose_a_call_back_while_waiting() -> None:
    (told,) = play(STARTED, RINGS, ended("CALLBACK"))
    assert (told.outcome, told.wants_call_back) == ("no_agent", True)
    assert not play(STARTED, ended("TIMEOUT"))[0].wants_call_back


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
    told = [handoffs.take(event, at=float(at)) for at, event in enumerate((STARTED, RINGS, MISSED, RINGS))]
    steps = [one for one in told if isinstance(one, HandoffStep)]
    assert [(s.kind, s.agent, s.waited_s) for s in steps] == [
        ("queued", None, 0.0),
        ("ringing", "8001", 1.0),
        ("missed", "8001", 2.0),
        ("ringing", "8001", 3.0),
    ]
    assert {(s.call_id, s.ticket_no, s.reason) for s in steps} == {("1.1", "GD20261122-000123", "caller_request")}


WAITS = {"Event": "Status", "Uniqueid": "1.1", "Channel": "PJSIP/local-1", "ChannelStateDesc": "Up"}
WHOSE = "IVR_HANDOFF=CallId: 1.1,Queue: appliance,Ticket: GD20261122-000123,Reason: vip,Hotline: appliance,Caller: "
RINGING = {**WAITS, "Uniqueid": "1.2", "Channel": "PJSIP/8001-00000002", "ChannelStateDesc": "Ringing"}


def channel(event: dict[str, str], *variables: str) -> dict[str, Any]:
    return {**event, "Variable": [f"{name}=(null)" for name in ("MEMBERNAME", "QUEUEWAIT")] + list(variables)}


def in_database(status: str, call: str = "1.1") -> dict[str, str]:
    return {"Event": "DBGetTreeResponse", "Key": f"/ivr/{call}", "Val": f"CallId: {call},Queue: appliance,{status}"}


def caught_up(handoffs: Handoffs, *answers: dict[str, Any]) -> list[HandoffStep | HandoffOutcome]:
    return list(handoffs.catch_up(known(answers), handoffs.under_way, at=100.0))


def test_who_waits_when_we_begin_to_listen_and_whose_telephone_rings() -> None:
    handoffs = Handoffs(ring_timeout_s=15)
    answers = (
        {"Event": "QueueEntry", "Uniqueid": "1.1", "Wait": "7"},
        channel(RINGING, "IVR_CALL_ID=1.1", "IVR_HANDOFF=(null)"),
        channel(WAITS, "IVR_CALL_ID=1.1", WHOSE),
    )
    queued, rings = caught_up(handoffs, *answers)
    assert isinstance(queued, HandoffStep)
    assert isinstance(rings, HandoffStep)
    assert (queued.kind, queued.call_id, queued.reason, queued.waited_s) == ("queued", "1.1", "vip", 7.0)
    assert (rings.kind, rings.agent, rings.ticket_no) == ("ringing", "8001", "GD20261122-000123")
    assert caught_up(handoffs, *answers) == [], "what is known is not told again"
    told = handoffs.take({"Event": "AgentConnect", "MemberName": "8001", **CALL}, 103.0)
    assert isinstance(told, HandoffOutcome)
    assert (told.outcome, told.waited_s) == ("answered", 10.0)


def test_who_was_answered_meanwhile() -> None:
    handoffs = Handoffs(ring_timeout_s=15)
    handoffs.take(STARTED, 0.0)
    (told,) = caught_up(handoffs, {**WAITS, "Variable": [WHOSE, "MEMBERNAME=8002", "QUEUEWAIT=12"]})
    assert isinstance(told, HandoffOutcome)
    assert (told.outcome, told.agent, told.waited_s) == ("answered", "8002", 12.0)


@pytest.mark.parametrize(
    ("status", "outcome", "agent"),
    [
        ("Status: HANGUP,Agent: ,Waited: 9", "abandoned", None),
        ("Status: HANGUP,Agent: 8001,Waited: 9", "answered", "8001"),
        ("Status: TIMEOUT,Waited: 9", "no_agent", None),
    ],
)
@pytest.mark.parametrize("heard", [True, False])
def test_what_ended_meanwhile(status: str, outcome: str, agent: str | None, heard: bool) -> None:
    handoffs = Handoffs(ring_timeout_s=15)
    if heard:
        handoffs.take(STARTED, 0.0)
    answers = (in_database(status), channel(WAITS, WHOSE, "IVR_STATUS=TIMEOUT"))  # it hears the last announcement
    (told,) = caught_up(handoffs, *answers)
    assert isinstance(told, HandoffOutcome)
    assert (told.outcome, told.agent, told.waited_s) == (outcome, agent, 9.0)
    assert handoffs.told("1.1")


def test_a_channel_that_tells_nothing_is_still_a_caller() -> None:
    """A PBX with an older dialplan."""
    handoffs = Handoffs(ring_timeout_s=15)
    handoffs.take(STARTED, 0.0)
    assert caught_up(handoffs, channel(WAITS, "IVR_HANDOFF=(null)")) == []
    assert handoffs.under_way == {"1.1"}


def test_a_telephone_that_stopped_ringing_unheard_may_ring_again() -> None:
    handoffs = Handoffs(ring_timeout_s=15)
    handoffs.take(STARTED, 0.0)
    handoffs.take(RINGS, 1.0)
    assert caught_up(handoffs, channel(WAITS, WHOSE)) == []
    again = [handoffs.take(event, at) for event, at in ((RINGS, 101.0), (MISSED, 103.0), (ended("TIMEOUT"), 104.0))]
    assert isinstance(again[0], HandoffStep)
    assert isinstance(again[2], HandoffOutcome)
    assert (again[0].kind, again[2].outcome) == ("ringing", "declined")


def test_a_call_of_which_asterisk_knows_nothing_was_cut_off() -> None:
    handoffs = Handoffs(ring_timeout_s=15)
    handoffs.take(STARTED, 0.0)
    before = handoffs.under_way
    handoffs.take({**STARTED, "CallId": "2.2"}, 1.0)  # while Asterisk was asked
    assert [each.call_id for each in handoffs.catch_up(known([]), before, 5.0)] == ["1.1"]
    assert handoffs.under_way == {"2.2"}
