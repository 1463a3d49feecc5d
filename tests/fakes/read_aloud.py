"""The online voice's peer: speaks the websocket protocol of the read-aloud service, as edge_tts/communicate.py (7.3.1)
reads and writes it, with real MP3 of the service's form (24 kHz, mono, 48 kbit/s)."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape

import av
import numpy as np
from aiohttp import WSMsgType, web

RATE = 24_000
CHUNK = 720
"""Bytes of sound in one message."""


class ReadAloud:
    """What is said comes back as a tone of 0.15 s a character."""

    def __init__(self) -> None:
        self.address = ""
        self.ssml: list[str] = []
        self.configs: list[str] = []
        self.answers = asyncio.Event()
        """Cleared, the peer accepts and says nothing."""
        self.answers.set()
        self.status = 101
        """Anything else refuses the connection."""
        self.silent = False
        """Ends a turn without sound."""
        self.sound: bytes | None = None
        """Sent in place of the MP3."""

    @property
    def texts(self) -> list[str]:
        return [unescape(re.sub(r"<[^>]*>", "", ssml)) for ssml in self.ssml]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.status != 101:
            return web.Response(status=self.status)
        socket = web.WebSocketResponse(compress=True)
        await socket.prepare(request)
        async for message in socket:
            assert message.type == WSMsgType.TEXT
            head, _, body = message.data.partition("\r\n\r\n")
            if "Path:speech.config" in head:
                self.configs.append(body)
            else:
                assert "Path:ssml" in head
                self.ssml.append(body)
                await self._turn(socket, self.texts[-1])
        return socket

    async def _turn(self, socket: web.WebSocketResponse, text: str) -> None:
        await self.answers.wait()
        await socket.send_str(_text("turn.start", {"context": {"serviceTag": "0"}}))
        await socket.send_str(_text("response", {"context": {}, "audio": {"type": "inline", "streamId": "0"}}))
        if not self.silent:
            mp3 = self.sound if self.sound is not None else tone_mp3(0.15 * len(text))
            for start in range(0, len(mp3), CHUNK):
                await socket.send_bytes(_audio(mp3[start : start + CHUNK], "Content-Type:audio/mpeg\r\n"))
            await socket.send_bytes(_audio(b"", ""))
            data = {"Offset": 1_000_000, "Duration": 5_000_000, "text": {"Text": text, "Length": len(text)}}
            await socket.send_str(_text("audio.metadata", {"Metadata": [{"Type": "SentenceBoundary", "Data": data}]}))
        await socket.send_str(_text("turn.end", {}))


def _text(path: str, body: object) -> str:
    return f"X-RequestId:0\r\nContent-Type:application/json; charset=utf-8\r\nPath:{path}\r\n\r\n{json.dumps(body)}"


def _audio(body: bytes, kind: str) -> bytes:
    """Two bytes of length, the head, the sound."""
    head = f"X-RequestId:0\r\n{kind}X-StreamId:0\r\nPath:audio\r\n".encode()
    return len(head).to_bytes(2, "big") + head + body


def tone_mp3(length_s: float, hertz: float = 440.0, level: float = 0.2) -> bytes:
    file = io.BytesIO()
    time = np.arange(round(length_s * RATE)) / RATE
    samples = (level * np.sin(2 * np.pi * hertz * time) * 32767).astype("<i2")
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE)
        stream.layout = "mono"
        stream.bit_rate = 48_000
        for start in range(0, len(samples), 4800):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 4800], format="s16", layout="mono")
            frame.sample_rate = RATE
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


@asynccontextmanager
async def read_aloud() -> AsyncIterator[ReadAloud]:
    peer = ReadAloud()
    app = web.Application()
    app.router.add_get("/edge/v1", peer.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peer.address = f"ws://127.0.0.1:{runner.addresses[0][1]}/edge/v1"
    try:
        yield peer
    finally:
        peer.answers.set()
        await runner.cleanup()
