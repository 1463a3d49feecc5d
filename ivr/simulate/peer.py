"""Asterisk's side of many calls at once, without Asterisk: a process that opens the websockets and sends sound.

    python -m ivr.simulate.peer http://127.0.0.1:PORT CALLS SECONDS FOLDER < {"secret": …, "callers": [wav, …]}

Every call has the two websockets that Asterisk opens (docs/telephony.md) and gets a frame each 20 ms against absolute
deadlines, the calls spread over the 20 ms. What is queued to be heard plays in real time, marks included. Frames carry
their number; FOLDER/sent.npy keeps (call, number, seconds of the system's monotonic clock at which it was sent).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from ivr.audio import FRAME_BYTES, FRAME_MS, SILENCE, read_wav
from ivr.simulate.numbered_frames import numbered
from ivr.telephony.asterisk.door import USER

FRAME_S = FRAME_MS / 1000
SLOTS = 10
"""Groups of calls within 20 ms: real callers do not send in step."""
APPLICATION = "ivr:bench"
SILENCE_S = (2.5, 4.0)
"""Of a caller, before each sentence."""


@dataclass(slots=True)
class PeerCall:
    """One call. `frames`: all that its caller will send."""

    number: int
    http: aiohttp.ClientSession
    base: str
    frames: list[bytes]
    media: aiohttp.ClientWebSocketResponse | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    control: aiohttp.ClientWebSocketResponse | None = None
    next: int = 0
    _queue: deque[str | int] = field(default_factory=deque)
    """Heard by the caller in this order: frames of sound (how many), marks."""
    _paused: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def call_id(self) -> str:
        return f"bench-{self.number}"

    async def begin(self) -> None:
        self.control = await self.http.ws_connect(f"{self.base}/control", protocols=["ari"], compress=0)
        arguments = ["call", "appliance", "13800010001", "4001000001", "", ""]
        await self._say("StasisStart", self.call_id, args=arguments)
        self._tasks.append(asyncio.create_task(self._serve_control(self.control), name=f"control {self.number}"))

    async def tick(self) -> None:
        """20 ms of the caller's sound, and 20 ms of what is queued are heard."""
        if self.media is None or self.media.closed:
            return
        frame = self.frames[self.next % len(self.frames)]
        self.next += 1
        await self.media.send_bytes(frame)
        await self._play()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in (self.media, self.control):
            if socket is not None:
                await socket.close()

    async def _play(self) -> None:
        if self._paused:
            return
        await self._pass_marks()
        if self._queue:
            left = self._queue.popleft()
            assert isinstance(left, int)  # noqa: S101  (marks were passed)
            if left > 1:
                self._queue.appendleft(left - 1)

    async def _pass_marks(self) -> None:
        while self._queue and isinstance(mark := self._queue[0], str):
            self._queue.popleft()
            if self.media is not None:
                await self.media.send_str(json.dumps({"event": "MEDIA_MARK_PROCESSED", "correlation_id": mark}))

    async def _say(self, kind: str, channel: str = "", **values: Any) -> None:
        raw = {"type": kind, "application": APPLICATION, **({"channel": {"id": channel}} if channel else {}), **values}
        if self.control is not None:
            await self.control.send_str(json.dumps(raw))

    async def _serve_control(self, control: aiohttp.ClientWebSocketResponse) -> None:
        async for message in control:
            raw = json.loads(message.data)
            await self._say("RESTResponse", request_id=raw["request_id"], status_code=204)
            if raw["uri"] == "channels/externalMedia":
                await self._open_media({pair["name"]: pair["value"] for pair in raw["query_strings"]})

    async def _open_media(self, options: dict[str, str]) -> None:
        token = options["transport_data"].partition("call=")[2].rstrip(")")
        media = await self.http.ws_connect(f"{self.base}/media?call={token}", protocols=["media"], compress=0)
        start = {"event": "MEDIA_START", "channel_id": options["channelId"], "format": options["format"]}
        await media.send_str(json.dumps(start))
        await self._say("StasisStart", options["channelId"], args=[])
        self._tasks.append(asyncio.create_task(self._serve_media(media), name=f"media {self.number}"))
        self.media = media
        self.ready.set()

    async def _serve_media(self, media: aiohttp.ClientWebSocketResponse) -> None:
        async for message in media:
            if message.type is aiohttp.WSMsgType.BINARY:
                self._queue.append(len(message.data) // FRAME_BYTES)
                continue
            command = json.loads(message.data)
            match command["command"]:
                case "MARK_MEDIA":
                    self._queue.append(str(command["correlation_id"]))
                case "PAUSE_MEDIA":
                    self._paused = True
                case "CONTINUE_MEDIA":
                    self._paused = False
                case "FLUSH_MEDIA":
                    self._queue.clear()
                case _:
                    pass


def sound_of(sentences: list[bytes], at: int, seconds: float) -> bytes:
    """What a caller sends: silences and sentences by turns, beginning elsewhere for each caller."""
    pcm = bytearray(SILENCE * (at * 7 % 150))
    number = at
    while len(pcm) < seconds * FRAME_BYTES / FRAME_S:
        pause_s = SILENCE_S[0] + (SILENCE_S[1] - SILENCE_S[0]) * (number * 37 % 100) / 100
        pcm += SILENCE * round(pause_s / FRAME_S) + sentences[number % len(sentences)]
        number += 1
    return bytes(pcm)


async def run(base: str, calls: int, seconds: float, folder: Path, secret: str, callers: list[bytes]) -> None:
    auth = {"Authorization": aiohttp.encode_basic_auth(USER, secret)}
    connector = aiohttp.TCPConnector(limit=0)
    sent = array("d")
    async with aiohttp.ClientSession(headers=auth, connector=connector) as http:
        voices = [numbered(sound_of(callers, at, seconds + 60), 1) for at in range(min(calls, 8))]
        peers = [PeerCall(number, http, base, voices[number % len(voices)]) for number in range(calls)]
        for peer in peers:
            await peer.begin()
        await asyncio.gather(*(peer.ready.wait() for peer in peers))
        print(json.dumps({"event": "begun"}), flush=True)  # noqa: T201  (who started us waits for it)
        await _stream(peers, seconds, sent)
        await asyncio.gather(*(peer.end() for peer in peers))
    np.save(folder / "sent.npy", np.frombuffer(sent).reshape(-1, 3))


async def _stream(peers: list[PeerCall], seconds: float, sent: array[float]) -> None:
    slots = [peers[at::SLOTS] for at in range(SLOTS)]
    began = time.monotonic()
    for tick in range(round(seconds / FRAME_S * SLOTS)):
        due = began + tick * FRAME_S / SLOTS
        if (wait_s := due - time.monotonic()) > 0:
            await asyncio.sleep(wait_s)
        for peer in slots[tick % SLOTS]:
            at = time.monotonic()
            await peer.tick()
            sent.extend((peer.number, peer.next, at))


def main() -> None:
    base, calls, seconds, folder = sys.argv[1:5]
    given = json.loads(sys.stdin.readline())
    callers = [read_wav(Path(file)) for file in given["callers"]]
    asyncio.run(run(base, int(calls), float(seconds), Path(folder), given["secret"], callers))


if __name__ == "__main__":
    main()
