"""Who is free, who waits and how long calls take, from events."""

from ivr.call.ports import Humans
from ivr.telephony.asterisk.queues import Queues


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
