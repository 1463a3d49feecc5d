"""chan_websocket's wire format, and hostile input: truncated, oversized, wrong order, sound before MEDIA_START."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.audio import FRAME_BYTES
from ivr.errors import WireError
from ivr.telephony.asterisk import media

START = json.dumps({"event": "MEDIA_START", "channel_id": "1.1-media", "format": "slin", "optimal_frame_size": 320})


@pytest.fixture
def reading() -> media.Reading:
    reading = media.Reading()
    assert reading.text(START) == media.Opened("1.1-media")
    return reading


def test_events(reading: media.Reading) -> None:
    assert reading.text('{"event":"DTMF_END","channel_id":"c","digit":"5"}') == media.Key("5")
    assert reading.text('{"event":"MEDIA_XOFF"}') == media.Full()
    assert reading.text('{"event":"MEDIA_XON"}') == media.HasRoom()
    assert reading.text('{"event":"MEDIA_MARK_PROCESSED","correlation_id":"3"}') == media.MarkReached("3")
    assert reading.text('{"event":"QUEUE_DRAINED"}') == media.Drained()
    assert reading.text('{"event":"ERROR","error_text":"what?"}') == media.Complaint("what?")
    assert reading.text('{"event":"STATUS"}') == media.Other("STATUS")


def test_commands_are_short_json() -> None:
    commands = [media.flush(), media.pause(), media.go_on(), media.report_drained(), media.hang_up(), media.mark("42")]
    assert [json.loads(c)["command"] for c in commands] == [
        "FLUSH_MEDIA",
        "PAUSE_MEDIA",
        "CONTINUE_MEDIA",
        "REPORT_QUEUE_DRAINED",
        "HANGUP",
        "MARK_MEDIA",
    ]
    assert json.loads(commands[-1])["correlation_id"] == "42"
    assert all(len(c) <= media.LONGEST_COMMAND for c in commands)


def test_a_command_that_asterisk_would_ignore_is_not_made() -> None:
    with pytest.raises(ValueError, match="128"):
        media.mark("x" * 100)


@given(st.lists(st.integers(0, 700).map(lambda n: 2 * n), max_size=12))
def test_sound_comes_out_in_whole_frames_whatever_the_messages(sizes: list[int]) -> None:
    reading = media.Reading()
    reading.text(START)
    pcm = bytes(i % 251 for i in range(sum(sizes)))
    out, at = b"", 0
    for size in sizes:
        sound = reading.binary(pcm[at : at + size])
        assert all(len(frame) == FRAME_BYTES for frame in sound.frames)
        out += b"".join(sound.frames)
        at += size
    assert out == pcm[: len(pcm) - len(pcm) % FRAME_BYTES]


def test_sound_before_media_start_is_refused() -> None:
    with pytest.raises(WireError, match="MEDIA_START"):
        media.Reading().binary(bytes(FRAME_BYTES))


def test_events_before_media_start_are_refused() -> None:
    with pytest.raises(WireError, match="MEDIA_START"):
        media.Reading().text('{"event":"DTMF_END","digit":"1"}')


def test_a_second_start_is_refused(reading: media.Reading) -> None:
    with pytest.raises(WireError, match="第二个"):
        reading.text(START)


@pytest.mark.parametrize("size", [1, 321, media.LONGEST_SOUND + 2])
def test_sound_that_is_no_sound_is_refused(reading: media.Reading, size: int) -> None:
    with pytest.raises(WireError):
        reading.binary(bytes(size))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MEDIA_START connection_id:x",
        "[]",
        "{}",
        '{"event": 7}',
        '{"event":"MEDIA_START","format":"slin"}',
        '{"event":"MEDIA_START","channel_id":"1","format":"ulaw"}',
        START[:-1],
        "[" * 60_000,
        '{"event":"' + "x" * media.LONGEST_EVENT + '"}',
    ],
)
def test_what_is_not_the_protocol_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        media.Reading().text(text)


@pytest.mark.parametrize("digit", ['"12"', '""', "5", "null", '"x"'])
def test_a_key_is_a_key(reading: media.Reading, digit: str) -> None:
    with pytest.raises(WireError):
        reading.text(f'{{"event":"DTMF_END","digit":{digit}}}')


@given(st.lists(st.text() | st.binary() | st.just(START) | st.just('{"event":"MEDIA_XOFF"}'), max_size=8))
def test_hostile_streams_are_understood_or_refused(messages: list[str | bytes]) -> None:
    reading = media.Reading()
    with contextlib.suppress(WireError):
        for message in messages:
            if isinstance(message, bytes):
                reading.binary(message)
            else:
                reading.text(message)
