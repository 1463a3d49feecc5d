"""A telephone line without a telephone: implements `ivr.call.ports.Line` in audio time.

Nothing here waits for a clock. Each 20 ms that a test lets the caller be heard (`speak`, `be_silent`) also plays
20 ms of what was queued, so thirty seconds of a call take no time. The test plays the caller:

    line = FakeLine()
    task = asyncio.create_task(session.run(line))
    await line.be_silent(2.0)               # the greeting plays meanwhile
    await line.speak(pcm)                   # the caller talks
    await line.press("0")
    await line.caller_hangs_up()
    line.heard                              # what left towards the caller, silence included

Faults: names in `line.broken` make that method raise `TelephonyDown`, as a lost line does.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ivr.audio import FRAME_BYTES, FRAME_MS, SILENCE, frames, seconds
from ivr.call.ports import CallInfo, Digit, Frame, HungUp, LineEvent, Played, Transfer
from ivr.errors import TelephonyDown

STEPS = 50
"""How often the event loop turns for each frame, so that the code under test reacts before the next."""

A_CALL = CallInfo(
    call_id="1795313071.1",
    hotline="appliance",
    caller_number="13800010001",
    started_at=dt.datetime(2026, 11, 22, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai")),
    dialled="4001000001",
)


@dataclass
class FakeLine:
    info: CallInfo = A_CALL
    answered: bool = False
    hung_up: bool = False
    """By us, by the caller, or given to the queue."""
    transfer: Transfer | None = None
    ticket_no: str | None = None
    heard: bytearray = field(default_factory=bytearray)
    """What left towards the caller since the answer, frame by frame, silence where nothing was queued."""
    marks: list[tuple[str, float]] = field(default_factory=list)
    """Marks that were reached, with the audio second."""
    calls: list[tuple[str, float]] = field(default_factory=list)
    """Every method that was used, with the audio second."""
    broken: set[str] = field(default_factory=set)
    paused: bool = False

    def __post_init__(self) -> None:
        self._events: asyncio.Queue[LineEvent | None] = asyncio.Queue()
        self._queue: list[bytes | str] = []
        self._rest = b""

    # --- the port ---

    async def answer(self) -> None:
        self._use("answer")
        self.answered = True

    async def events(self) -> AsyncIterator[LineEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    async def play(self, pcm: bytes) -> None:
        self._use("play")
        assert len(pcm) % 2 == 0, "half a sample"
        pcm = self._rest + pcm
        whole = len(pcm) // FRAME_BYTES * FRAME_BYTES
        self._queue += [pcm[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)]
        self._rest = pcm[whole:]

    async def mark(self, name: str) -> None:
        self._use("mark")
        if self._rest:
            self._queue.append(self._rest.ljust(FRAME_BYTES, b"\0"))
            self._rest = b""
        self._queue.append(name)
        self._pass_marks()

    async def pause(self) -> None:
        self._use("pause")
        self.paused = True

    async def resume(self) -> None:
        self._use("resume")
        self.paused = False

    async def flush(self) -> None:
        self._use("flush")
        self._queue.clear()
        self._rest = b""
        self.paused = False

    async def record(self) -> None:
        self._use("record")

    async def note_ticket(self, ticket_no: str) -> None:
        self._use("note_ticket")
        self.ticket_no = ticket_no

    async def hand_over(self, transfer: Transfer) -> None:
        self._use("hand_over")
        self.transfer = transfer
        self.hung_up = True
        self._events.put_nowait(None)

    async def hang_up(self) -> None:
        self._use("hang_up")
        self._end()

    # --- the caller, played by the test ---

    @property
    def now(self) -> float:
        """Audio seconds since the start."""
        return len(self.heard) / FRAME_BYTES * FRAME_MS / 1000

    @property
    def queued_s(self) -> float:
        """Seconds of sound that wait to be played."""
        return seconds(b"".join(piece for piece in self._queue if isinstance(piece, bytes)))

    async def speak(self, pcm: bytes) -> None:
        """The caller is heard, 20 ms at a time; the queue plays at the same pace."""
        for frame in frames(pcm):
            if self.hung_up:
                return
            self._events.put_nowait(Frame(frame))
            self._play_frame()
            await self._settle()

    async def be_silent(self, for_s: float) -> None:
        await self.speak(SILENCE * round(for_s * 1000 / FRAME_MS))

    async def let_finish(self, longest_s: float = 60.0) -> None:
        """Silence until nothing is queued any more."""
        end = self.now + longest_s
        await self._settle()
        while self._queue and not self.hung_up and self.now < end:
            await self.be_silent(FRAME_MS / 1000)

    async def press(self, digits: str) -> None:
        for digit in digits:
            self._events.put_nowait(Digit(digit))
            await self._settle()

    async def caller_hangs_up(self) -> None:
        if not self.hung_up:
            self._end()
        await self._settle()

    # --- inside ---

    def _use(self, name: str) -> None:
        self.calls.append((name, self.now))
        if name in self.broken or self.hung_up:
            raise TelephonyDown(f"线路已断开，无法执行 {name}。")

    def _play_frame(self) -> None:
        self._pass_marks()
        playing = not self.paused and bool(self._queue)
        piece = self._queue.pop(0) if playing else SILENCE
        assert isinstance(piece, bytes)
        self.heard += piece
        self._pass_marks()

    def _pass_marks(self) -> None:
        while not self.paused and self._queue and isinstance(self._queue[0], str):
            name = self._queue.pop(0)
            assert isinstance(name, str)
            self.marks.append((name, self.now))
            self._events.put_nowait(Played(name))

    def _end(self) -> None:
        self.hung_up = True
        self._events.put_nowait(HungUp())
        self._events.put_nowait(None)

    async def _settle(self) -> None:
        for _ in range(STEPS):
            await asyncio.sleep(0)
