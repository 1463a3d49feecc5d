"""The socket of media: one chan_websocket connection of one call, opened by Asterisk."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Callable

from aiohttp import WSMsgType, web

from ivr.errors import TelephonyDown, WireError
from ivr.telephony.asterisk import media
from ivr.telephony.asterisk.playout import Mark, Playout

log = logging.getLogger(__name__)


class MediaSocket:
    """Moves sound both ways. Marks get names of their own on the wire, so that one that `flush` discarded is not
    taken for a later one."""

    def __init__(self, socket: web.WebSocketResponse, clock: Callable[[], float] = time.monotonic) -> None:
        self._socket = socket
        self._clock = clock
        self._reading = media.Reading()
        self._playout = Playout()
        self._numbers = itertools.count(1)
        self._marks: dict[str, str] = {}
        self._due = asyncio.Event()
        self._room = asyncio.Event()
        self._gone = False

    async def events(self) -> AsyncIterator[media.Event]:
        """What comes, until the websocket closes; sends what is due meanwhile. Raises `WireError`."""
        sender = asyncio.create_task(self._send_due(), name="media-out")
        try:
            async for message in self._socket:
                if message.type is WSMsgType.BINARY:
                    yield self._reading.binary(message.data)
                elif message.type is WSMsgType.TEXT:
                    event = self._reading.text(message.data)
                    self._obey(event)
                    if not isinstance(event, media.MarkReached):
                        yield event
                    elif name := self._marks.pop(event.mark, None):
                        yield media.MarkReached(name)
                elif message.type is WSMsgType.ERROR:
                    raise WireError(f"媒体连接出错：{self._socket.exception()}。")
        finally:
            self._gone = True
            self._room.set()
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def play(self, pcm: bytes) -> None:
        while not self._gone and not self._playout.has_room:
            self._room.clear()
            await self._room.wait()
        self._check()
        self._playout.push(pcm)
        self._due.set()

    def mark(self, name: str) -> None:
        self._check()
        self._playout.mark(name)
        self._due.set()

    async def pause(self) -> None:
        self._playout.pause(self._clock())
        await self._command(media.pause())

    async def resume(self) -> None:
        self._playout.resume(self._clock())
        self._due.set()
        await self._command(media.go_on())

    async def flush(self) -> None:
        self._playout.clear(self._clock())
        self._marks.clear()
        self._room.set()
        await self._command(media.flush())
        # FLUSH_MEDIA does not end a pause.
        await self._command(media.go_on())

    async def close(self) -> None:
        """Ends the media channel, too."""
        await self._socket.close()

    async def _send_due(self) -> None:
        while True:
            now = self._clock()
            item = self._playout.take(now)
            if item is None:
                self._due.clear()
                await self._until_due(self._playout.wait(now))
                continue
            self._room.set()
            try:
                if isinstance(item, Mark):
                    wire = str(next(self._numbers))
                    self._marks[wire] = item.name
                    await self._socket.send_str(media.mark(wire))
                else:
                    await self._socket.send_bytes(item)
            except OSError:
                return  # the reading side sees the end

    async def _until_due(self, wait_s: float | None) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._due.wait()
        except TimeoutError:
            return

    def _obey(self, event: media.Event) -> None:
        match event:
            case media.Full():
                self._playout.close()
            case media.HasRoom():
                self._playout.open()
                self._due.set()
            case media.Complaint():
                log.warning("Asterisk 没有听懂媒体命令：%s", event.text)
            case _:
                pass

    async def _command(self, text: str) -> None:
        self._check()
        try:
            await self._socket.send_str(text)
        except OSError as error:
            raise TelephonyDown("媒体连接已断开。") from error

    def _check(self) -> None:
        if self._gone:
            raise TelephonyDown("媒体连接已断开。")
