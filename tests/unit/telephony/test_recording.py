"""When a recording begins."""

import asyncio

import pytest

from ivr.telephony.asterisk.recording import Recording


async def begun(wanted: bool, happens: str, answers: tuple[bool, ...] = (True,)) -> int:
    """How often Asterisk was asked to begin; p = a prompt was played, s = stopped."""
    left, times = list(answers), 0

    async def begin() -> bool:
        nonlocal times
        times += 1
        return left.pop(0)

    recording = Recording("c1", wanted=wanted, begin=begin)
    for happening in happens:
        recording.played() if happening == "p" else recording.stopped()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return times


@pytest.mark.parametrize(
    ("happens", "times"),
    [
        ("", 0),
        ("p", 1),
        ("ppp", 1),
        ("psp", 1),  # a later prompt may be stopped
        ("sp", 0),  # the notice was not heard
    ],
)
async def test_it_begins_once_when_the_notice_was_heard(happens: str, times: int) -> None:
    assert await begun(True, happens) == times


async def test_a_hotline_that_does_not_record_does_not() -> None:
    assert await begun(False, "pp") == 0


async def test_it_is_tried_again_when_asterisk_could_not(caplog: pytest.LogCaptureFixture) -> None:
    assert await begun(True, "ppp", (False, True)) == 2
    assert "not recorded yet" in caplog.text
