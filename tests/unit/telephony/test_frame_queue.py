"""What is due every 20 ms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.audio import FRAME_BYTES, RATE, SILENCE
from ivr.telephony.frame_queue import WAITING_S, FrameQueue

SPEECH = b"\1\0" * (FRAME_BYTES // 2)


def test_without_sound_there_is_silence() -> None:
    assert FrameQueue().frame() == (SILENCE, ())


def test_a_mark_is_reached_with_the_last_sound_before_it() -> None:
    queue = FrameQueue()
    queue.push(SPEECH + SPEECH[:100])
    queue.mark("said")
    queue.push(SPEECH)
    assert queue.frame() == (SPEECH, ())
    pcm, marks = queue.frame()
    assert (pcm, marks) == (SPEECH, ("said",))
    assert queue.frame() == (SPEECH[:100].ljust(FRAME_BYTES, b"\0"), ())


def test_a_mark_behind_nothing_is_reached_at_once() -> None:
    queue = FrameQueue()
    queue.mark("said")
    assert queue.frame() == (SILENCE, ("said",))


def test_a_pause_holds_sound_and_marks() -> None:
    queue = FrameQueue()
    queue.push(SPEECH * 2)
    queue.mark("said")
    queue.frame()
    queue.pause()
    assert [queue.frame() for _ in range(3)] == [(SILENCE, ())] * 3
    queue.resume()
    assert queue.frame() == (SPEECH, ("said",))


def test_clearing_throws_marks_away_and_ends_a_pause() -> None:
    queue = FrameQueue()
    queue.push(SPEECH * 5)
    queue.mark("old")
    queue.pause()
    queue.clear()
    queue.push(SPEECH)
    queue.mark("new")
    assert queue.frame() == (SPEECH, ("new",))


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="half a sample"):
        FrameQueue().push(b"\0")


def test_who_plays_more_than_it_holds_waits() -> None:
    queue = FrameQueue()
    queue.push(SPEECH * round(WAITING_S * 50))
    assert not queue.has_room
    queue.frame()
    assert queue.has_room


@given(st.lists(st.integers(0, RATE), max_size=20))
def test_all_sound_leaves_in_its_order(lengths: list[int]) -> None:
    queue, number, pushed = FrameQueue(), 0, b""
    for length in lengths:
        piece = b"".join((number + at).to_bytes(4, "little")[:2] for at in range(length))
        number += length
        pushed += piece
        queue.push(piece)
    queue.mark("end")
    played, marks = b"", ()
    while not marks:
        pcm, marks = queue.frame()
        played += pcm
    assert played[: len(pushed)] == pushed
    assert not any(played[len(pushed) :])
