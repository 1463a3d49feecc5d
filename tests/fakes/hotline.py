"""A hotline by script: a telephone that answers, speaks in tones, and tells on an event stream what it does, as the
line process would. What callers say is known by its order, not by its words."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ivr.audio import RATE, to_pcm, write_wav
from ivr.events import EventStream
from ivr.simulate.softphone import Softphone

CALL_ID = "1795313071.1"
PAUSE_S = 0.25
"""Between the caller's turn and the answer."""

SILENCE_S = 1.0
"""Longer than any pause in what is heard, shorter than a real line's patience."""


def tone(seconds: float) -> bytes:
    return to_pcm(0.2 * np.sin(2 * np.pi * 500 * np.arange(int(RATE * seconds)) / RATE))


class ToneVoice:
    """A voice without words: 100 ms a character."""

    async def say(self, text: str) -> AsyncGenerator[bytes, None]:
        yield tone(0.1 * len(text))

    async def close(self) -> None: ...


class Hotline:
    """`turns`: the bot's, as `reply` events; after the last one it hangs up when that is `ended`. A turn may carry
    `listen`: "speech" (default), "keys", "nothing" – what the caller is heard to do after it."""

    def __init__(
        self,
        folder: Path,
        turns: Sequence[Mapping[str, Any]],
        on_end: Callable[[str], Awaitable[None]],
    ) -> None:
        self._folder, self._turns, self._on_end = folder, turns, on_end
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._stream = EventStream("127.0.0.1", self.port)
        self._token = ""
        self.heard_keys = ""

    @property
    def events_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Gives its SIP address, host:port."""
        await self._stream.start()
        try:
            async with Softphone() as phone:
                await phone.answer_calls(0.1)
                serving = asyncio.create_task(self._serve(phone), name="hotline")
                try:
                    yield phone.address
                finally:
                    serving.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await serving
        finally:
            await self._stream.stop()

    async def _serve(self, phone: Softphone) -> None:
        incoming = await phone.wait("incoming", timeout=60)
        self._token = incoming["headers"]["X-Ivr-Simulation"]
        await phone.wait("answered")
        self._tell("started", hotline="appliance")
        conversation = asyncio.create_task(self._converse(phone))
        gone = asyncio.create_task(_ended(phone))
        await asyncio.wait({conversation, gone}, return_when=asyncio.FIRST_COMPLETED)
        for task in (conversation, gone):
            task.cancel()
        await asyncio.gather(conversation, gone, return_exceptions=True)
        await self._on_end(CALL_ID)
        self._tell("ended", how="bot_hung_up" if conversation.done() else "caller_hung_up")

    async def _converse(self, phone: Softphone) -> None:
        for number, turn in enumerate(self._turns):
            reply = {"asks": [], "about": {}, "keys": False, "ended": False, **turn}
            listen = reply.pop("listen", "speech")
            self._tell("reply", **reply)
            file = self._folder / f"bot{number}.wav"
            await asyncio.to_thread(write_wav, file, tone(0.1 * len(str(turn["text"]))))
            await phone.say(file)
            await phone.wait("said")
            self._tell("played")
            if turn.get("ended"):
                await asyncio.sleep(0.1)
                await phone.hang_up()
                await asyncio.sleep(5)
            await self._listen(phone, listen)
            await asyncio.sleep(PAUSE_S)

    async def _listen(self, phone: Softphone, what: str) -> None:
        if what == "speech":
            await phone.wait("speech_ended", timeout=20)
            self._tell("heard", text="听到了", confidence=0.9, alternatives=[])
        elif what == "keys":
            for _ in range(3):
                self.heard_keys += (await phone.wait("digit", timeout=20))["digit"]
            self._tell("keys", digits=self.heard_keys)
        else:
            await asyncio.sleep(SILENCE_S)
            self._tell("silence", times=1)

    def _tell(self, kind: str, **values: Any) -> None:
        self._stream.publish({"call_id": CALL_ID, "simulation": self._token, "at": 0.0, "kind": kind, **values})


async def _ended(phone: Softphone) -> None:
    async for event in phone.events():
        if event.kind == "ended":
            return
