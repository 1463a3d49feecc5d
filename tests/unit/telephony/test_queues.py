"""Who is free, who waits and how long calls take, from events."""

from ivr.call.ports import Humans
from ivr.telephony.asterisk.queues import BEFORE_ALL, Queues


def member(status: str, paused: str = "0", name: str = "PJSIP/8001") -> dict[str, str]:
    return {
        "Event": "QueueMemberStatus",
        "Queue": "appliance",
        "Interface": name,
        "Status": status,
        "Paused": paused,
    }


def test_free_agents() -> None:
    queues = Queues()
    assert queues.humans("appliance") is None
    for event, free, at_work in [
        ({"Event": "QueueParams", "Queue": "appliance"}, 0, 0),
        (member("1"), 1, 1),
        (member("1", name="PJSIP/8002"), 2, 2),
        (member("2"), 1, 2),
        (member("1", paused="1", name="PJSIP/8002"), 0, 1),
        (member("5"), 0, 0),
        (member("1"), 1, 1),
        ({**member("1"), "Event": "QueueMemberRemoved"}, 0, 0),
    ]:
        queues.take(event)
        humans = queues.humans("appliance")
        assert humans is not None
        assert (humans.free, humans.at_work) == (free, at_work), event


def test_who_waits_and_with_what_priority() -> None:
    queues = Queues()
    queues.take({"Event": "QueueEntry", "Queue": "bank", "Uniqueid": "1.1", "Priority": "0"})
    ours = {"Event": "UserEvent", "UserEvent": "IvrHandoff", "CallId": "2.2", "QueuePriority": "20"}
    queues.take({**ours, "Step": "started"})
    queues.take({"Event": "QueueCallerJoin", "Queue": "bank", "Uniqueid": "2.2"})
    assert _of(queues).waiting == (0, 20)
    queues.take({"Event": "QueueCallerLeave", "Queue": "bank", "Uniqueid": "1.1"})
    queues.take({"Event": "QueueCallerAbandon", "Queue": "bank", "Uniqueid": "2.2"})
    assert _of(queues).waiting == ()


def test_who_waits_elsewhere_for_agents_of_ours_comes_first() -> None:
    """app_queue gives an agent of several queues to the heavier one."""
    queues = Queues()
    for name, weight, members in (("bank", "0", "ab"), ("bank_fraud", "10", "bcde"), ("auto", "0", "f")):
        queues.take({"Event": "QueueParams", "Queue": name, "Weight": weight})
        for each in members:
            queues.take({**member("2", name=f"PJSIP/{each}"), "Queue": name})
    for call in range(6):
        queues.take({"Event": "QueueEntry", "Queue": "bank_fraud", "Uniqueid": f"f{call}", "Priority": "0"})
    queues.take({"Event": "QueueEntry", "Queue": "auto", "Uniqueid": "a1", "Priority": "0"})
    assert _of(queues).waiting == (BEFORE_ALL, BEFORE_ALL), "one of four agents is ours: 1.5 of six callers"
    fraud = queues.humans("bank_fraud")
    assert fraud is not None
    assert fraud.waiting == (0,) * 6, "a lighter queue takes nothing from a heavier one"


def test_how_long_conversations_take() -> None:
    queues = Queues()
    queues.take({"Event": "QueueParams", "Queue": "bank", "TalkTime": "0"})
    assert _of(queues).talk_s is None
    queues.take({"Event": "QueueParams", "Queue": "bank", "TalkTime": "240"})
    assert _of(queues).talk_s == 240
    for talk in ("60", "120"):
        queues.take({"Event": "AgentComplete", "Queue": "bank", "TalkTime": talk})
    assert _of(queues).talk_s == 90


def _of(queues: Queues) -> Humans:
    humans = queues.humans("bank")
    assert humans is not None
    return humans
