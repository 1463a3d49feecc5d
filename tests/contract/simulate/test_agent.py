"""The human's telephone: registers, rings, answers, says hello, and tells what it saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.audio import write_wav
from ivr.errors import TelephonyDown
from ivr.simulate.agent import AgentLogin, AgentPhone
from ivr.simulate.softphone import Softphone
from tests.fakes.hotline import tone
from tests.fakes.registrar import registrar

pytestmark = pytest.mark.line

HEADERS = {"X-Ticket-No": "GD20261122-000001", "X-Call-Id": "1795313071.1"}


def login(port: int) -> AgentLogin:
    return AgentLogin(extension="8001", password="secret", port=port)


async def test_it_answers_speaks_and_tells_what_it_saw(tmp_path: Path) -> None:
    hello, words = tmp_path / "hello.wav", tmp_path / "words.wav"
    write_wav(hello, tone(0.5))
    write_wav(words, tone(0.4))
    async with (
        registrar() as port,
        AgentPhone(login(port), answers=0.3, hello=hello, record=tmp_path / "agent") as agent,
        Softphone() as caller,
    ):
        assert await agent.answered("1795313071.1", within_s=0.05) is None
        await caller.call(f"sip:8001@{agent.address}", caller="13800010001", headers=HEADERS)
        call = await agent.answered("1795313071.1", within_s=5)
        assert call is not None
        assert (call.ticket_no, call.caller_number, call.extension) == ("GD20261122-000001", "13800010001", "8001")
        assert 0.25 <= (call.answered_after_s or 0) <= 2
        await caller.wait("speech_ended")
        await caller.say(words)
        await caller.wait("said")
        await agent.hang_up()
        await caller.wait("ended")
    assert call.ended
    assert (tmp_path / "agent" / "heard.wav").stat().st_size > 8000


async def test_a_refused_registration_is_told() -> None:
    async with registrar(refused="8001") as port:
        with pytest.raises(TelephonyDown, match=r"分机 8001 .*注册失败（403"):
            async with AgentPhone(login(port)):
                pass
