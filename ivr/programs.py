"""The programs that make a line, each with what it runs as and when it is ready."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from ivr.errors import NotPrepared
from ivr.network_ports import answers
from ivr.settings import Settings


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


def models(settings: Settings) -> Path:
    """The published version's model, else the folder of all (Rasa takes the newest). Raises `NotPrepared`."""
    if settings.content:
        return Path(settings.content) / "model.tar.gz"
    folder = settings.var / "models"
    if not any(folder.glob("*.tar.gz")):
        raise NotPrepared(f"{folder} 里没有训练好的对话模型：请先运行 make prepare。")
    return folder


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
