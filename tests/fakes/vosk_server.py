"""vosk-server as its websocket/asr_server.py behaves: each binary message is answered, the end only when written as it
expects it; then it closes. What decodes is given; faults are set by tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from aiohttp import WSMsgType, web

EOF = '{"eof" : 1}'


class Raw(Protocol):
    """The part of vosk.KaldiRecognizer that a server uses."""

    def AcceptWaveform(self, pcm: bytes) -> bool | int: ...  # noqa: N802

    def Result(self) -> str: ...  # noqa: N802

    def PartialResult(self) -> str: ...  # noqa: N802

    def FinalResult(self) -> str: ...  # noqa: N802


class Counting:
    """Hears the length of what it got."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.phrases = config.get("phrase_list")
        self.frames = 0

    def AcceptWaveform(self, pcm: bytes) -> bool:  # noqa: N802
        self.frames += len(pcm) // 320
        return False

    def Result(self) -> str:  # noqa: N802
        return self.FinalResult()

    def PartialResult(self) -> str:  # noqa: N802
        return json.dumps({"partial": f"{self.frames} 帧"}, ensure_ascii=False)

    def FinalResult(self) -> str:  # noqa: N802
        word = "[unk]" if self.phrases else f"{self.frames}帧"
        return json.dumps({"result": [{"word": word, "conf": 0.8}], "text": word}, ensure_ascii=False)


class VoskServer:
    def __init__(self, opens: Callable[[dict[str, Any]], Raw]) -> None:
        self.opens = opens
        self.address = ""
        self.configs: list[dict[str, Any]] = []
        self.open = 0
        """Connections now."""
        self.status = 101
        """Anything else refuses the connection."""
        self.dies_after = 0
        """Binary messages, after which the connection breaks."""
        self.mute = False
        """Answers never."""
        self.mute_at_end = False
        self.nonsense = ""
        """Sent in place of answers."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.status != 101:
            return web.Response(status=self.status)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open += 1
        try:
            await self._serve(request, socket)
        finally:
            self.open -= 1
        return socket

    async def _serve(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        config: dict[str, Any] = {}
        raw: Raw | None = None
        messages = 0
        async for message in socket:
            if message.type is WSMsgType.TEXT and "config" in message.data:
                config = json.loads(message.data)["config"]
                self.configs.append(config)
                continue
            raw = raw or self.opens(config)
            ended = message.type is WSMsgType.TEXT
            assert not ended or message.data == EOF
            messages += 1
            if self.dies_after and messages > self.dies_after:
                assert request.transport
                request.transport.abort()
                return
            if self.mute or (ended and self.mute_at_end):
                continue
            await socket.send_str(
                self.nonsense or await asyncio.to_thread(_answer, raw, None if ended else message.data)
            )
            if ended:
                return


def _answer(raw: Raw, pcm: bytes | None) -> str:
    if pcm is None:
        return raw.FinalResult()
    return raw.Result() if raw.AcceptWaveform(pcm) else raw.PartialResult()


@asynccontextmanager
async def vosk_server(opens: Callable[[dict[str, Any]], Raw] = Counting) -> AsyncIterator[VoskServer]:
    server = VoskServer(opens)
    app = web.Application()
    app.router.add_get("/", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.address = f"ws://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
