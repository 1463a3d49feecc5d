"""Real child processes, but small ones: what the supervisor promises."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.errors import NotPrepared, PeerDown
from ivr.processes import Processes
from ivr.programs import Program
from ivr.settings import Settings, Telephony, load

BEATING = """
import asyncio, os, pathlib, sys, time
from ivr.heartbeat import beat
async def main():
    beating = asyncio.create_task(beat())
    pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
    await asyncio.sleep(0.6)
    if sys.argv[2] == "hang":
        time.sleep(60)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def program(tmp_path: Path, code: str, *argv: str, ready: Path | None = None, watched: bool = False) -> Program:
    async def there() -> bool:
        return ready is None or ready.exists()

    return Program(
        name="child",
        what="子程序",
        argv=(sys.executable, "-c", code, *argv),
        cwd=tmp_path,
        ready=there,
        ready_within_s=20,
        watched=watched,
    )


def settings_in(tmp_path: Path, watchdog_s: float = 1.0) -> Settings:
    return replace(Settings(), var=tmp_path / "var", telephony=Telephony(watchdog_s=watchdog_s))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


async def until(condition: object, within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.05)


async def test_children_get_the_settings_and_a_home_of_their_own_and_end_with_us(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, time\n"
        "lines = os.environ['HOME'], os.environ['IVR_SETTINGS'], str(os.getpid())\n"
        "pathlib.Path('out').write_text('\\n'.join(lines))\n"
        "time.sleep(60)"
    )
    settings = settings_in(tmp_path)
    async with Processes(settings, lambda line: None) as processes:
        await processes.start(program(tmp_path, code, ready=tmp_path / "out"))
        await until(lambda: (tmp_path / "out").read_text().count("\n") == 2)
        home, file, pid = (tmp_path / "out").read_text().splitlines()
        assert home == str(settings.var / "home")
        assert load(Path(file)) == settings
        assert alive(int(pid))
    assert not alive(int(pid))


async def test_a_program_that_dies_at_the_start_says_why(tmp_path: Path) -> None:
    async with Processes(settings_in(tmp_path), lambda line: None) as processes:
        with pytest.raises(PeerDown, match="no such thing"):
            await processes.start(program(tmp_path, "raise SystemExit('no such thing')", ready=tmp_path / "never"))


async def test_a_missing_program_says_what_to_do(tmp_path: Path) -> None:
    missing = replace(program(tmp_path, ""), argv=("/nonexistent/rasa",))
    async with Processes(settings_in(tmp_path), lambda line: None) as processes:
        with pytest.raises(NotPrepared, match="make prepare"):
            await processes.start(missing)


async def test_what_dies_is_started_again(tmp_path: Path) -> None:
    told: list[str] = []
    code = "import os,pathlib,sys,time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
    file = tmp_path / "pid"
    async with Processes(settings_in(tmp_path), told.append) as processes:
        await processes.start(program(tmp_path, code, str(file), ready=file))
        await until(lambda: file.read_text() != "")
        first = int(file.read_text())
        os.kill(first, 9)
        await until(lambda: file.read_text() not in ("", str(first)))
        assert alive(int(file.read_text()))
    assert any("重新启动" in line for line in told)


async def test_it_is_started_again_although_nobody_listens_and_the_first_try_fails(tmp_path: Path) -> None:
    def tell(line: str) -> None:
        told.append(line)
        raise BrokenPipeError

    told: list[str] = []
    file, command = tmp_path / "pid", tmp_path / "command"
    code = "import os,pathlib,sys,time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
    command.symlink_to(sys.executable)
    child = replace(program(tmp_path, "", ready=file), argv=(str(command), "-c", code, str(file)))
    async with Processes(settings_in(tmp_path), tell) as processes:
        await processes.start(child)
        await until(lambda: file.read_text() != "")
        first = int(file.read_text())
        command.unlink()
        os.kill(first, 9)
        await until(lambda: any("没能重新启动" in line for line in told))
        command.symlink_to(sys.executable)
        await until(lambda: file.read_text() not in ("", str(first)))
        assert alive(int(file.read_text()))


async def test_a_hung_event_loop_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    async with Processes(settings_in(tmp_path), lambda line: None) as processes:
        await processes.start(program(tmp_path, BEATING, str(file), "hang", ready=file, watched=True))
        await until(lambda: file.read_text() != "")
        first = int(file.read_text())
        await until(lambda: not alive(first))


async def test_a_beating_loop_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    async with Processes(settings_in(tmp_path, watchdog_s=0.5), lambda line: None) as processes:
        await processes.start(program(tmp_path, BEATING, str(file), "beat", ready=file, watched=True))
        await until(lambda: file.read_text() != "")
        pid = int(file.read_text())
        await asyncio.sleep(2.0)
        assert alive(pid)
