"""Two telephones of ours call each other over loopback: real SIP, real A-law, real time (some seconds)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ivr.audio import RATE, read_wav, to_pcm, to_samples, write_wav
from ivr.errors import TelephonyDown
from ivr.simulate.softphone import Softphone

pytestmark = pytest.mark.line

CONCEALED_S = 0.04
"""On a busy machine frames come late, and the hearing telephone's jitter buffer conceals up to two."""


def tone_file(folder: Path, seconds: float = 0.5, *, lead: float = 0.1, tail: float = 0.3) -> Path:
    t = np.arange(int(RATE * seconds)) / RATE
    tone = 0.2 * np.sin(2 * np.pi * 440 * t)
    file = folder / f"tone{seconds}.wav"
    write_wav(file, to_pcm(np.concatenate([np.zeros(int(RATE * lead)), tone, np.zeros(int(RATE * tail))])))
    return file


async def test_a_call_is_answered_heard_both_ways_and_recorded_on_one_clock(tmp_path: Path) -> None:
    tone = tone_file(tmp_path)
    async with Softphone(record=tmp_path / "caller") as caller, Softphone(record=tmp_path / "agent") as agent:
        await agent.answer_calls(0.2)
        await caller.call(
            f"sip:4001000001@{agent.address}", caller="13800010101", headers={"X-Ticket-No": "GD20261122-000001"}
        )
        incoming = await agent.wait("incoming")
        assert incoming["number"] == "13800010101"
        assert incoming["headers"]["X-Ticket-No"] == "GD20261122-000001"
        answered = await caller.wait("answered")
        assert answered["code"] == 200
        assert 150 <= answered["ms"] < 2000

        await caller.say(tone, "question")
        said = await caller.wait("said")
        assert said["name"] == "question"
        assert said.at - said["started_at"] == pytest.approx(0.6, abs=0.001)
        heard = await agent.wait("speech_ended")
        assert heard.at - heard["started_at"] == pytest.approx(0.5, abs=CONCEALED_S + 0.01)

        await agent.say(tone, "answer")
        started = await caller.wait("speech_started")
        gap = started.at - said.at
        assert 0.3 < gap < 3.0

        await caller.key("40#")
        digits = [(await agent.wait("digit"))["digit"] for _ in range(3)]
        assert "".join(digits) == "40#"

        await caller.hang_up()
        assert (await agent.wait("ended"))["code"] == 200
        await caller.wait("ended")

    said_pcm, heard_pcm = (to_samples(read_wav(tmp_path / "caller" / f"{name}.wav")) for name in ("said", "heard"))
    assert len(said_pcm) == len(heard_pcm)
    at = int(said["started_at"] * RATE)
    assert np.abs(said_pcm[at + 800 : at + 1600]).max() == pytest.approx(0.2, abs=0.01)
    at = int(started.at * RATE)
    assert np.abs(heard_pcm[at : at + 800]).max() == pytest.approx(0.2, abs=0.02)
    assert np.abs(heard_pcm[at - 800 : at - 80]).max() < 0.005


async def test_a_withheld_number_is_anonymous_and_a_call_may_be_declined() -> None:
    async with Softphone() as caller, Softphone() as agent:
        await agent.answer_calls("decline")
        await caller.call(f"sip:8001@{agent.address}", caller=None)
        incoming = await agent.wait("incoming")
        assert incoming["number"] == "anonymous"
        assert incoming["headers"]["Privacy"] == "id"
        assert (await caller.wait("ended"))["code"] == 486


async def test_a_call_may_ring_on_and_be_given_up() -> None:
    async with Softphone() as caller, Softphone() as agent:
        await agent.answer_calls("ignore")
        await caller.call(f"sip:8001@{agent.address}")
        assert (await caller.wait("ringing"))["code"] == 180
        await caller.hang_up()
        assert (await agent.wait("ended"))["code"] in (0, 487)


async def test_nobody_answers_the_invite_or_the_file_is_missing(tmp_path: Path) -> None:
    async with Softphone() as caller:
        await caller.say(tmp_path / "none.wav")
        assert "none.wav" in (await caller.wait("error"))["why"]
        with pytest.raises(TelephonyDown, match="没有等到 answered"):
            await caller.wait("answered", timeout=0.05)


async def test_the_process_does_not_outlive_its_owner() -> None:
    async def use() -> None:
        async with Softphone() as phone:
            started.set_result(phone)
            await asyncio.Event().wait()

    started: asyncio.Future[Softphone] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(use())
    phone = await started
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert phone.seen[-1].kind == "gone"
    with pytest.raises(TelephonyDown, match="没有在运行"):
        await phone.hang_up()
