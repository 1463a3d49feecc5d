"""What is sent when, against a clock of numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.audio import FRAME_BYTES, RATE, seconds
from ivr.telephony.asterisk.playout import AHEAD_S, MESSAGE_BYTES, WAITING_S, Mark, Playout


def sound(for_s: float) -> bytes:
    return b"\1\0" * round(RATE * for_s)


def taken(playout: Playout, now: float) -> list[bytes | Mark]:
    items: list[bytes | Mark] = []
    while (item := playout.take(now)) is not None:
        items.append(item)
    return items


def test_sound_leaves_at_once_but_no_further_ahead_than_set() -> None:
    playout = Playout()
    playout.push(sound(10))
    first = taken(playout, now=0.0)
    assert AHEAD_S <= sum(seconds(p) for p in first if isinstance(p, bytes)) < AHEAD_S + 0.2
    assert all(isinstance(p, bytes) and len(p) == MESSAGE_BYTES for p in first)
    wait = playout.wait(0.0)
    assert wait is not None
    assert 0 < wait < 0.3
    assert len(taken(playout, now=1.0)) == 5


def test_a_mark_follows_the_sound_before_it() -> None:
    playout = Playout()
    playout.push(sound(0.05))
    playout.mark("said")
    playout.push(sound(0.02))
    pieces = taken(playout, now=0.0)
    assert pieces[1] == Mark("said")
    assert isinstance(pieces[0], bytes)
    # Asterisk drops what is less than a frame: it is filled up.
    assert len(pieces[0]) == 3 * FRAME_BYTES


def test_a_part_of_a_frame_waits_for_what_follows_and_is_filled_up_when_nothing_does() -> None:
    playout = Playout()
    playout.push(sound(0.1) + b"\1\0" * 10)
    assert taken(playout, now=0.0) == [sound(0.1)]
    wait = playout.wait(0.0)
    assert wait is not None
    assert 0 < wait <= 0.1
    (rest,) = taken(playout, now=0.09)
    assert isinstance(rest, bytes)
    assert rest == b"\1\0" * 10 + bytes(FRAME_BYTES - 20)


def test_pieces_of_one_sentence_join_without_a_gap() -> None:
    playout = Playout()
    playout.push(sound(0.13))
    first = taken(playout, now=0.0)
    playout.push(sound(0.07))
    assert b"".join(p for p in first + taken(playout, now=0.05) if isinstance(p, bytes)) == sound(0.2)


def test_a_pause_holds_the_clock() -> None:
    playout = Playout()
    playout.push(sound(10))
    taken(playout, now=0.0)
    taken(playout, now=0.5)
    playout.pause(now=0.5)
    assert taken(playout, now=5.0) == []
    assert playout.wait(5.0) is None
    playout.resume(now=5.0)
    assert taken(playout, now=5.0) == []
    assert len(taken(playout, now=6.0)) in (4, 5)


def test_a_flush_throws_all_away_and_ends_a_pause() -> None:
    playout = Playout()
    playout.push(sound(10))
    playout.mark("said")
    taken(playout, now=0.0)
    playout.pause(now=0.5)
    playout.clear(now=0.6)
    assert taken(playout, now=9.0) == []
    playout.push(sound(0.2))
    assert taken(playout, now=9.0) == [sound(0.2)]


def test_nothing_is_sent_between_xoff_and_xon() -> None:
    playout = Playout()
    playout.push(sound(0.2))
    playout.close()
    assert playout.take(0.0) is None
    assert playout.wait(0.0) is None
    playout.open()
    assert playout.take(0.0) == sound(0.2)


def test_room_is_bounded() -> None:
    playout = Playout()
    playout.push(sound(WAITING_S))
    assert not playout.has_room
    taken(playout, now=0.0)
    assert playout.has_room


def test_half_a_sample_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="half"):
        Playout().push(b"\1")


@given(st.lists(st.integers(1, 5000), max_size=20), st.lists(st.floats(0, 3), min_size=1, max_size=30))
def test_all_sound_leaves_in_order_in_whole_frames(sizes: list[int], steps: list[float]) -> None:
    playout = Playout()
    pushed, out, now = b"", b"", 0.0
    for number, size in enumerate(sizes):
        piece = bytes([number % 255 + 1, 0]) * size
        pushed += piece
        playout.push(piece)
        now += steps[number % len(steps)]
        for item in taken(playout, now):
            assert isinstance(item, bytes)
            assert len(item) % FRAME_BYTES == 0
            out += item
    out += b"".join(p for at in range(1, 200) for p in taken(playout, now + at) if isinstance(p, bytes))
    # Silence may be put in where nothing was there in time; the sound itself is all there.
    assert bytes(out[i] for i in range(0, len(out), 2) if out[i]) == pushed[::2]
