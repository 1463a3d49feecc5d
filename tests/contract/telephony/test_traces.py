"""What this Asterisk really sent (22.10.1, recorded), read by our wire formats."""

import json
from pathlib import Path

import pytest

from ivr.telephony.asterisk import ari, media
from ivr.telephony.asterisk.handoffs import HandoffOutcome, Handoffs
from ivr.telephony.asterisk.queues import Queues

TRACES = Path(__file__).parent / "traces"
FRAME = bytes(320)


def call(name: str) -> tuple[list[ari.Message], list[media.Event]]:
    control: list[ari.Message] = []
    sound: list[media.Event] = []
    reading = media.Reading()
    for line in (TRACES / f"call_{name}.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        match entry["from"]:
            case "ari":
                control.append(ari.parse(entry["message"]))
            case "media":
                sound.append(reading.text(entry["message"]))
            case "binary":
                assert entry["message"] == len(FRAME)
                sound.append(reading.binary(FRAME))
    return control, sound


@pytest.mark.parametrize("name", ["handed_over", "caller_hung_up", "bot_hung_up"])
def test_a_call(name: str) -> None:
    control, sound = call(name)
    starts = [m for m in control if isinstance(m, ari.Started)]
    caller, media_channel = starts
    assert caller.arguments == ("call", "appliance", "13800010001", "4001000001", "1", "tok1")
    assert caller.application.startswith("ivr:")
    assert (media_channel.channel, media_channel.arguments) == (f"{caller.channel}-media", ())
    assert all(m.ok for m in control if isinstance(m, ari.Answer))
    assert sound[0] == media.Opened(media_channel.channel)
    assert sum(isinstance(e, media.Sound) for e in sound) == 5
    assert media.MarkReached("1") in sound
    assert [e.digit for e in sound if isinstance(e, media.Key)][:2] == ["1", "2"]


@pytest.mark.parametrize(("name", "gone"), [("handed_over", False), ("caller_hung_up", True), ("bot_hung_up", True)])
def test_how_a_call_leaves(name: str, gone: bool) -> None:
    control, _ = call(name)
    caller = next(m.channel for m in control if isinstance(m, ari.Started))
    first = next(m for m in control if isinstance(m, ari.Left) and m.channel == caller)
    assert first.gone is gone


def events(name: str) -> list[dict[str, str]]:
    blocks = (TRACES / f"ami_{name}.txt").read_text("ascii").replace("\r\n", "\n").split("\n\n")
    return [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line) for block in blocks]


@pytest.mark.parametrize(
    ("name", "outcome", "agent"),
    [
        ("answered", "answered", "8001"),
        ("no_agent", "no_agent", None),
        ("declined", "declined", None),
        ("abandoned", "abandoned", None),
    ],
)
def test_a_handoff(name: str, outcome: str, agent: str | None) -> None:
    handoffs, at, told = Handoffs(ring_timeout_s=5), 0.0, []
    for event in events(name):
        at += 0.4 + int(event.get("RingTime", "0")) / 1000
        told += [one for one in [handoffs.take(event, at)] if isinstance(one, HandoffOutcome)]
    assert [(o.outcome, o.agent, o.queue) for o in told] == [(outcome, agent, "appliance")]


def test_agents_come_and_go() -> None:
    queues = Queues()
    counts = []
    for event in events("answered"):
        queues.take(event)
        known = queues.humans("appliance")
        counts.append(known.free if known else None)
    told = [c for c, before in zip(counts, [None, *counts], strict=False) if c != before]
    # unknown, one registered telephone, which rings, is spoken to, and is free again
    assert told == [0, 1, 0, 1]
