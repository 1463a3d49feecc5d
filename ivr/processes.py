"""The programs that make a line, started in order, watched, restarted, and stopped in reverse.

    action server → Rasa
    line process (sends heartbeats) → Asterisk

The two chains start side by side (`ivr.running`); within a chain the next program waits until the one before is ready.
A child never outlives us (PR_SET_PDEATHSIG), writes its output to `var/log/<name>.log` and its process id to
`var/run/<name>.pid`, and lives in `var/home` so that nothing outside the project's folder changes. The line process
sends a heartbeat from its event loop through a pipe: when it stops for `telephony.watchdog_s`, the process is killed,
its callers' websockets close, and the dialplan takes them to a human (a hung bot must become a dead bot).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

from ivr.errors import IvrError, NotPrepared, PeerDown
from ivr.settings import Settings, save

log = logging.getLogger(__name__)

HEARTBEAT_FD = "IVR_HEARTBEAT_FD"
"""Environment variable: the pipe that the line process writes its heartbeat to."""
HEARTBEAT_S = 0.25
STOP_S = 8.0
"""A child that has not ended this long after SIGTERM is killed."""
RESTART_S = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Pauses before a dead program is started again; a start that fails counts as a death."""
STEADY_S = 60.0
"""A program that lived this long has recovered: its deaths are counted anew."""
PR_SET_PDEATHSIG = 1

Tell = Callable[[str], None]
"""Where progress goes: one line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    name: str
    argv: tuple[str, ...]
    ready: Callable[[], Awaitable[bool]]
    """Asked again and again until true."""
    ready_within_s: float
    cwd: Path
    what: str
    """What a person reads while waiting."""
    env: Mapping[str, str] = field(default_factory=dict)
    watched: bool = False
    """Sends heartbeats."""
    settings: Settings | None = None
    """Its own settings, where they differ from the line's."""


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
            watch = _watch(child, reader, self._settings.telephony.watchdog_s)
            self._keep_by(program, watch, "watch")
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


async def _watch(child: asyncio.subprocess.Process, reader: int, longest_s: float) -> None:
    """Kill the child when its heartbeat stops. Begins with the first beat: start-up may take its time."""
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reader, "rb", 0)
    )
    try:
        if not await stream.read(1):
            return
        while True:
            try:
                if not await asyncio.wait_for(stream.read(4096), longest_s):
                    return
            except TimeoutError:
                log.warning("process %s has not beaten for %.1f s; killed", child.pid, longest_s)
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                return
    finally:
        transport.close()


async def beat() -> None:
    """In the line process: the heartbeat, fed from the event loop. Returns at once where nobody watches."""
    number = os.environ.get(HEARTBEAT_FD)
    if not number:
        return
    fd = int(number)
    os.set_blocking(fd, False)
    with contextlib.suppress(BrokenPipeError):  # the parent died; so shall we, by PR_SET_PDEATHSIG
        while True:
            with contextlib.suppress(BlockingIOError):
                os.write(fd, b".")
            await asyncio.sleep(HEARTBEAT_S)


# --- the programs -----------------------------------------------------------------


def actions(settings: Settings, name: str = "actions") -> Program:
    port = settings.ports.actions
    return Program(
        name=name,
        what="动作服务",
        argv=(sys.executable, "-m", "ivr", "actions"),
        cwd=settings.root,
        ready=lambda: answers(f"http://{settings.host}:{port}/health"),
        ready_within_s=40,
        settings=settings,
    )


def models(settings: Settings) -> Path:
    """The published version's model, else the folder of all (Rasa takes the newest). Raises `NotPrepared`."""
    if settings.content:
        return Path(settings.content) / "model.tar.gz"
    folder = settings.var / "models"
    if not any(folder.glob("*.tar.gz")):
        raise NotPrepared(f"{folder} 里没有训练好的对话模型：请先运行 make prepare。")
    return folder


def rasa(settings: Settings, name: str = "rasa", endpoints: Path | None = None) -> Program:
    python = settings.root / ".venv-rasa" / "bin" / "python"
    model = models(settings)
    endpoints = endpoints or settings.root / "dialogue" / "endpoints.yml"
    ports, host = settings.ports, settings.host
    serve = settings.root / "dialogue" / "serve.py"
    return Program(
        name=name,
        settings=settings,
        what="对话服务 Rasa（约需一分钟）",
        argv=(
            str(python), str(serve), "run", "--enable-api", "--model", str(model), "--interface", host,
            "--port", str(ports.rasa), "--endpoints", str(endpoints),
            "--credentials", str(settings.root / "dialogue" / "credentials.yml"),
        ),
        cwd=settings.root / "dialogue",
        env={
            "RASA_TELEMETRY_ENABLED": "false",
            "IVR_ACTIONS_URL": f"http://{host}:{ports.actions}/webhook",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "SANIC_WORKERS": "1",
            "MAX_NUMBER_OF_PREDICTIONS": "30",  # actions in one turn; two complaints finished at once take over 10
        },
        ready=lambda: understands(f"http://{host}:{ports.rasa}"),
        ready_within_s=240,
    )  # fmt: skip


def line(settings: Settings) -> Program:
    return Program(
        name="line",
        what="线路进程",
        argv=(sys.executable, "-m", "ivr", "line"),
        cwd=settings.root,
        ready=lambda: answers(f"http://{settings.host}:{settings.ports.events}/health"),
        ready_within_s=90,
        watched=True,
    )


def gateway(settings: Settings) -> Program:
    return Program(
        name="gateway",
        what="HTTP API 和通知",
        argv=(sys.executable, "-m", "ivr", "gateway"),
        cwd=settings.root,
        ready=lambda: answers(f"http://{settings.api_host}:{settings.ports.api}/health"),
        ready_within_s=60,
    )


def _private_home(settings: Settings) -> dict[str, str]:
    home = settings.var / "home"
    return {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "XDG_CACHE_HOME": str(home / ".cache"),
            "TMPDIR": str(settings.var / "tmp"), "PYTHONUNBUFFERED": "1"}  # fmt: skip


async def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Does an HTTP server answer 200 there?"""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as http,
            http.get(url) as response,
        ):
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def understands(url: str) -> bool:
    """Is Rasa up, its model loaded and warm? The first sentence takes it two seconds."""
    if not await answers(f"{url}/status"):
        return False
    timeout = aiohttp.ClientTimeout(total=20)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(f"{url}/model/parse", json={"text": "你好"}) as response,
        ):
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def busy_ports(host: str, tcp: Mapping[str, int]) -> list[str]:
    """Those of the named TCP ports that cannot be listened on, as sentences."""
    return _refused(host, tcp, socket.SOCK_STREAM)


def busy_udp_ports(host: str, udp: Mapping[str, int]) -> list[str]:
    """As `busy_ports`, for UDP."""
    return _refused(host, udp, socket.SOCK_DGRAM)


def _refused(host: str, ports: Mapping[str, int], kind: socket.SocketKind) -> list[str]:
    found = []
    for name, port in ports.items():
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
            if (
                kind is socket.SOCK_STREAM
            ):  # connections that are closing do not matter; on UDP it would hide the holder
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                found.append(_why_refused(host, port, name, error))
    return found


def _why_refused(host: str, port: int, name: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"端口 {port}（{name}）已被占用：请停掉占用它的程序，或在 ivr.toml 的 [ports] 里换一个。"
    return f"不能在 {host}:{port}（{name}）上监听（{error.strerror}）：请检查 ivr.toml 里的地址和端口。"
