"""A recording that begins once, and is tried again where AMI is away."""

import asyncio

import pytest

from ivr.telephony.asterisk.recording import Recording


async def asked(answers: tuple[bool, ...], *, begins: int = 1) -> int:
    """How often Asterisk was asked to begin."""
    left, times = list(answers), 0

    async def start() -> bool:
        nonlocal times
        times += 1
        return left.pop(0)

    recording = Recording("c1", start, (0.0, 0.0))
    for _ in range(begins):
        recording.begin()
    for _ in range(10):
        await asyncio.sleep(0)
    recording.end()
    return times


async def test_it_begins_once() -> None:
    assert await asked((True,), begins=3) == 1


async def test_it_is_tried_again_and_in_the_end_given_up(caplog: pytest.LogCaptureFixture) -> None:
    assert await asked((False, True)) == 2
    assert await asked((False, False, False)) == 3
    assert "not recorded" in caplog.text
