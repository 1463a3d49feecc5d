"""AudioSocket's bytes, however TCP cuts them."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.audio import FRAME_BYTES
from ivr.errors import WireError
from ivr.telephony.asterisk.audiosocket import (
    Event,
    Fault,
    HungUp,
    Identified,
    Key,
    Reading,
    Sound,
    hang_up,
    sound,
)

CALL = UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
NAME = b"\x01\x00\x10" + CALL.bytes
SPEECH = bytes(range(160)) * 2


def test_a_call_as_asterisk_sends_it() -> None:
    data = NAME + sound(SPEECH) + b"\x03\x00\x015" + b"\xff\x00\x01\x02" + hang_up()
    assert Reading().feed(data) == [Identified(CALL), Sound((SPEECH,)), Key("5"), Fault(2), HungUp()]


@given(st.lists(st.integers(0, 700), max_size=12))
def test_it_is_read_the_same_however_it_is_cut(cuts: list[int]) -> None:
    data = NAME + sound(SPEECH) + b"\x03\x00\x01#" + sound(SPEECH * 3)
    reading, events, at = Reading(), list[Event](), 0
    for cut in [*sorted(cuts), len(data)]:
        events += reading.feed(data[at:cut])
        at = max(at, cut)
    assert events == [Identified(CALL), Sound((SPEECH,)), Key("#"), Sound((SPEECH,) * 3)]


def test_another_packet_time_is_cut_into_frames() -> None:
    reading = Reading()
    reading.feed(NAME)
    assert reading.feed(sound(SPEECH + SPEECH[:160])) == [Sound((SPEECH,))]
    assert reading.feed(sound(SPEECH[160:])) == [Sound((SPEECH,))]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        sound(SPEECH),
        hang_up(),
        b"\x01\x00\x0f",
        NAME + NAME,
        NAME + b"\x10\x00\x03",
        NAME + b"\x10\xff\xfe",
        NAME + b"\x03\x00\x01x",
        NAME + b"\x42\x00\x00",
    ],
    ids=["http", "sound first", "end first", "short name", "two names", "odd", "too long", "no key", "unknown"],
)
def test_what_is_not_audiosocket_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        Reading().feed(data)


@given(st.binary(max_size=200))
def test_a_stranger_can_say_anything(data: bytes) -> None:
    try:
        Reading().feed(data)
    except WireError:
        return


def test_a_frame_is_one_message_with_its_header() -> None:
    assert sound(SPEECH) == b"\x10\x01\x40" + SPEECH
    assert len(SPEECH) == FRAME_BYTES
