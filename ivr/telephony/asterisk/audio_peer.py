"""The socket of AudioSocket: one TCP connection of one call, opened by Asterisk.

Asterisk keeps no queue here: it passes on what comes when it comes. So a frame leaves every 20 ms against absolute
deadlines of the loop's clock (a sleep of 20 ms loses sound under load), silence where nothing is to be said: older
releases spin, newer ones give up, and a NAT on the way closes, when nothing is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from ivr.audio import FRAME_MS
from ivr.errors import TelephonyDown, WireError
from ivr.telephony.asterisk import audiosocket
from ivr.telephony.frame_queue import FrameQueue

log = logging.getLogger(__name__)

IDENTIFY_S = 1.0
"""Who connects must have said its UUID by then."""
CATCH_UP_S = 0.5
"""Sound that a stall delayed and that is sent at once after it; of a longer stall the rest is played late."""
UNSENT_BYTES = 16_384
"""A second of sound that Asterisk did not read: we hold ours until it does."""
FRAME_S = FRAME_MS / 1000


class Owner(Protocol):
    """The line that a connection belongs to."""

    def heard(self, event: audiosocket.Event) -> None: ...

    def played(self, mark: str) -> None: ...

    def disconnected(self) -> None: ...


class AudioPeer(asyncio.Protocol):
    """`claim` tells whose connection it is, by its UUID; None = nobody's, and it is closed."""

    def __init__(self, claim: Callable[[UUID, AudioPeer], Owner | None]) -> None:
        self._claim = claim
        self._owner: Owner | None = None
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reading = audiosocket.Reading()
        self._queue = FrameQueue()
        self._room = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._stuck = False

    # --- what the line does ---

    async def play(self, pcm: bytes) -> None:
        while self._transport and not self._queue.has_room:
            self._room.clear()
            await self._room.wait()
        self._check()
        self._queue.push(pcm)

    def mark(self, name: str) -> None:
        self._check()
        self._queue.mark(name)

    def pause(self) -> None:
        self._check()
        self._queue.pause()

    def resume(self) -> None:
        self._check()
        self._queue.resume()

    def flush(self) -> None:
        self._check()
        self._queue.clear()
        self._room.set()

    def close(self) -> None:
        """The dialplan goes on behind AudioSocket()."""
        if self._transport:
            self._stop_ticking()
            self._transport.write(audiosocket.hang_up())
            self._transport.close()

    def _check(self) -> None:
        if self._transport is None:
            raise TelephonyDown("AudioSocket 连接已断开。")

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (a TCP server's)
        transport.set_write_buffer_limits(high=UNSENT_BYTES)
        self._transport = transport
        self._timer = self._loop.call_later(IDENTIFY_S, transport.abort)

    def data_received(self, data: bytes) -> None:
        try:
            for event in self._reading.feed(data):
                if isinstance(event, audiosocket.Identified):
                    self._identified(event.call)
                elif self._owner:
                    self._owner.heard(event)
        except WireError as error:
            log.warning("%s", error)
            self._abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_ticking()
        self._transport = None
        self._room.set()
        if self._owner:
            self._owner.disconnected()

    def pause_writing(self) -> None:
        self._stuck = True

    def resume_writing(self) -> None:
        self._stuck = False

    # --- inside ---

    def _identified(self, call: UUID) -> None:
        self._stop_ticking()
        self._owner = self._claim(call, self)
        if self._owner is None:
            log.warning("AudioSocket: nobody expects %s", call)
            self._abort()
            return
        self._due = self._loop.time()
        self._tick()

    def _abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def _tick(self) -> None:
        now = self._loop.time()
        self._due = max(self._due, now - CATCH_UP_S)
        messages = bytearray()
        reached: list[str] = []
        while self._due <= now:
            self._due += FRAME_S
            if not self._stuck:
                pcm, marks = self._queue.frame()
                messages += audiosocket.sound(pcm)
                reached += marks
        if self._transport and messages:
            self._transport.write(bytes(messages))
        if self._queue.has_room:
            self._room.set()
        for mark in reached:
            if self._owner:
                self._owner.played(mark)
        self._timer = self._loop.call_at(self._due, self._tick)

    def _stop_ticking(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
