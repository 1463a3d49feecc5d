"""The programs of a line (`ivr.programs`), started in order, watched, restarted, and stopped in reverse.

    action server → Rasa
    line process (sends heartbeats) → Asterisk

The two chains start side by side (`ivr.running`); within a chain the next program waits until the one before is ready.
A child never outlives us (PR_SET_PDEATHSIG), writes its output to `var/log/<name>.log` and its process id to
`var/run/<name>.pid`, and lives in `var/home` so that nothing outside the project's folder changes. One that sends a
heartbeat is killed when it stops (`ivr.heartbeat`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any

from ivr.errors import IvrError, NotPrepared, PeerDown
from ivr.heartbeat import HEARTBEAT_FD, watch
from ivr.programs import Program
from ivr.settings import Settings, save

log = logging.getLogger(__name__)

STOP_S = 8.0
"""A child that has not ended this long after SIGTERM is killed."""
RESTART_S = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Pauses before a dead program is started again; a start that fails counts as a death."""
STEADY_S = 60.0
"""A program that lived this long has recovered: its deaths are counted anew."""
PR_SET_PDEATHSIG = 1

Tell = Callable[[str], None]
"""Where progress goes: one line each."""


class Processes:
    """Children of one command. `async with Processes(settings, print) as processes: await processes.start(program)`."""

    def __init__(self, settings: Settings, tell: Tell) -> None:
        self._settings = settings
        self._tell = tell
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[tuple[str, asyncio.Task[None]]] = []
        """Program, and what keeps or watches it."""

    async def __aenter__(self) -> Processes:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self, program: Program) -> None:
        """Start it, wait until it is ready, keep it running. Raises `PeerDown` with the end of its log."""
        began = time.monotonic()
        child = await self._spawn(program)
        told = began
        while not await program.ready():
            if child.returncode is not None:
                raise PeerDown(f"{program.what}启动后又退出了（代码 {child.returncode}）：{self._last_words(program)}")
            if time.monotonic() - began > program.ready_within_s:
                raise PeerDown(
                    f"{program.what}在 {program.ready_within_s:.0f} 秒内没有就绪，请看 {self.log_file(program)}。"
                )
            if time.monotonic() - told >= 10:
                told = time.monotonic()
                self._say(f"还在等{program.what}就绪……已 {told - began:.0f} 秒")
            await asyncio.sleep(0.2)
        self._say(f"{program.what}已就绪（{time.monotonic() - began:.1f} 秒）")
        self._keep_by(program, self._keep(program), "keep")

    def pid(self, name: str) -> int:
        return self._children[name].pid

    async def stop(self) -> None:
        """All children, the last started first."""
        await self._let_go(set(self._children))
        for child in reversed(list(self._children.values())):
            await _end(child)
        self._children.clear()

    async def end(self, *names: str) -> None:
        """These programs, in this order, also one whose start failed."""
        await self._let_go(set(names))
        for name in names:
            if child := self._children.pop(name, None):
                await _end(child)
            (self._settings.var / "run" / f"{name}.pid").unlink(missing_ok=True)

    async def _let_go(self, names: set[str]) -> None:
        keepers = [task for name, task in self._keepers if name in names]
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        self._keepers = [(name, task) for name, task in self._keepers if name not in names]

    def _keep_by(self, program: Program, work: Coroutine[Any, Any, None], how: str) -> None:
        self._keepers.append((program.name, asyncio.create_task(work, name=f"{how} {program.name}")))

    def log_file(self, program: Program) -> Path:
        return self._settings.var / "log" / f"{program.name}.log"

    async def _spawn(self, program: Program) -> asyncio.subprocess.Process:
        file = self.log_file(program)
        for folder in (file.parent, self._settings.var / "home", self._settings.var / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        own_settings = self._settings_file(program)
        env = {**os.environ, **_private_home(self._settings), "IVR_SETTINGS": str(own_settings), **program.env}
        reader, writer = os.pipe() if program.watched else (-1, -1)
        child = None
        try:
            if program.watched:
                env[HEARTBEAT_FD] = str(writer)
            with file.open("ab") as output:
                child = await asyncio.create_subprocess_exec(
                    *program.argv,
                    cwd=program.cwd,
                    env=env,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=(writer,) if program.watched else (),
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
        except FileNotFoundError as error:
            raise NotPrepared(f"找不到程序 {program.argv[0]}：请先运行 make prepare。") from error
        finally:
            if program.watched:
                os.close(writer)
                if child is None:
                    os.close(reader)
        self._children[program.name] = child
        (own_settings.parent / f"{program.name}.pid").write_text(str(child.pid))
        if program.watched:
            watching = watch(child, reader, self._settings.telephony.watchdog_s)
            self._keep_by(program, watching, "watch")
        return child

    def _settings_file(self, program: Program) -> Path:
        run = self._settings.var / "run"
        save(self._settings, run / "settings.json")
        if program.settings is None:
            return run / "settings.json"
        save(program.settings, run / f"settings-{program.name}.json")
        return run / f"settings-{program.name}.json"

    async def _keep(self, program: Program) -> None:
        """Start it again whenever it dies, also when starting it failed."""
        deaths, not_started = 0, ""
        while True:
            began = time.monotonic()
            died = not_started or f"退出了（代码 {await self._children[program.name].wait()}）"
            deaths = 1 if time.monotonic() - began > STEADY_S else deaths + 1
            pause_s = RESTART_S[min(deaths, len(RESTART_S)) - 1]
            self._say(f"{program.what}{died}，{pause_s:.0f} 秒后重新启动；日志在 {self.log_file(program)}")
            await asyncio.sleep(pause_s)
            try:
                await self._spawn(program)
                not_started = ""
            except (OSError, IvrError) as error:
                log.exception("%s could not be started again", program.name)
                not_started = f"没能重新启动（{error}）"

    def _say(self, sentence: str) -> None:
        """Whoever listened may be gone (a closed pipe, a full disk): the programs are kept all the same."""
        try:
            self._tell(sentence)
        except OSError as error:
            log.warning("could not be told (%s): %s", error, sentence)

    def _last_words(self, program: Program) -> str:
        lines = self.log_file(program).read_text("utf-8", "replace").strip().splitlines()
        return "\n".join(["", *lines[-5:], f"（全文：{self.log_file(program)}）"])


def _private_home(settings: Settings) -> dict[str, str]:
    home = settings.var / "home"
    return {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "XDG_CACHE_HOME": str(home / ".cache"),
            "TMPDIR": str(settings.var / "tmp"), "PYTHONUNBUFFERED": "1"}  # fmt: skip


def die_with_parent() -> None:
    """In the child, between fork and exec: be killed when the parent dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), STOP_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
