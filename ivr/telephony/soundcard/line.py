"""One call through microphone and loudspeaker: implements `ivr.call.ports.Line`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from ivr.call.ports import CallInfo, Digit, Frame, HungUp, LineEvent, Played, Transfer
from ivr.errors import TelephonyDown
from ivr.telephony.frame_queue import FrameQueue
from ivr.telephony.inbox import Inbox

KEYS = frozenset("0123456789*#")


class Devices(Protocol):
    """A microphone and a loudspeaker that are chosen. Their callbacks come from threads of their own."""

    def start(self, heard: Callable[[bytes], None], frame: Callable[[], bytes]) -> None:
        """`heard` is called with each 20 ms that came, `frame` for each 20 ms that is due. Raises `TelephonyDown`."""

    def stop(self) -> None: ...


class TalkLine:
    """The device's own clock paces both ways; where nothing is queued it plays silence."""

    def __init__(self, info: CallInfo, devices: Devices) -> None:
        self._info = info
        self._devices = devices
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox()
        self._queue = FrameQueue()
        self._lock = threading.Lock()
        """Of the queue: the device's thread takes from it."""
        self._room = asyncio.Event()
        self._up = False
        self.ticket_no: str | None = None
        self.transfer: Transfer | None = None
        """Set when the call went to a human."""

    @property
    def info(self) -> CallInfo:
        return self._info

    async def answer(self) -> None:
        self._check()
        await asyncio.to_thread(self._devices.start, self._heard, self._frame)
        self._up = True

    def events(self) -> AsyncIterator[LineEvent]:
        return self._inbox.events(lambda: self._up)

    async def play(self, pcm: bytes) -> None:
        while not self._inbox.over and not self._queue.has_room:
            self._room.clear()
            await self._room.wait()
        self._check()
        with self._lock:
            self._queue.push(pcm)

    async def mark(self, name: str) -> None:
        self._check()
        with self._lock:
            self._queue.mark(name)

    async def pause(self) -> None:
        self._check()
        with self._lock:
            self._queue.pause()

    async def resume(self) -> None:
        self._check()
        with self._lock:
            self._queue.resume()

    async def flush(self) -> None:
        self._check()
        with self._lock:
            self._queue.clear()
        self._room.set()

    async def record(self) -> None:
        """Nothing is recorded here."""

    async def note_ticket(self, ticket_no: str) -> None:
        self.ticket_no = ticket_no

    async def hand_over(self, transfer: Transfer) -> None:
        self._check()
        self.transfer, self.ticket_no = transfer, transfer.ticket_no or self.ticket_no
        await self._finish()

    async def hang_up(self) -> None:
        if not self._inbox.over:
            await self._finish(HungUp())

    # --- the person ---

    def press(self, key: str) -> None:
        if self._up and key in KEYS:
            self._inbox.put(Digit(key))

    def leave(self) -> None:
        """The person hangs up."""
        self._inbox.end(HungUp())
        self._room.set()

    async def close(self) -> None:
        """To be called at the end, however it came."""
        await self._finish(HungUp())

    # --- the device's threads ---

    def _heard(self, pcm: bytes) -> None:
        self._tell(Frame(pcm))

    def _frame(self) -> bytes:
        with self._lock:
            pcm, marks = self._queue.frame()
        for name in marks:
            self._tell(Played(name))
        if not self._room.is_set():
            self._call(self._room.set)
        return pcm

    def _tell(self, event: LineEvent) -> None:
        self._call(lambda: self._inbox.put(event))

    def _call(self, what: Callable[[], None]) -> None:
        if not self._loop.is_closed():  # the last sound may come when all is over
            self._loop.call_soon_threadsafe(what)

    # --- inside ---

    async def _finish(self, *last: LineEvent) -> None:
        self._inbox.end(*last)
        self._room.set()
        if self._up:
            self._up = False
            await asyncio.to_thread(self._devices.stop)

    def _check(self) -> None:
        if self._inbox.over:
            raise TelephonyDown(f"通话 {self._info.call_id} 已经结束。")
