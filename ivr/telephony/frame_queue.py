"""Sound that we pace ourselves: what is due every 20 ms, no clock. For lines whose far side keeps no queue."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ivr.audio import FRAME_BYTES, RATE, SILENCE

WAITING_S = 30.0
"""Sound that is held; who plays more waits."""


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(slots=True)
class FrameQueue:
    _waiting: deque[bytearray | Mark] = field(default_factory=deque)
    _held: int = 0
    """Bytes of sound in `_waiting`."""
    _paused: bool = False

    @property
    def has_room(self) -> bool:
        return self._held < WAITING_S * 2 * RATE

    def push(self, pcm: bytes) -> None:
        if len(pcm) % 2:
            raise ValueError("half a sample")
        if not pcm:
            return
        if not self._waiting or isinstance(self._waiting[-1], Mark):
            self._waiting.append(bytearray())
        last = self._waiting[-1]
        assert isinstance(last, bytearray)  # noqa: S101  (seen to above)
        last += pcm
        self._held += len(pcm)

    def mark(self, name: str) -> None:
        self._waiting.append(Mark(name))

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def clear(self) -> None:
        """Everything is thrown away, marks too; also ends a pause."""
        self._waiting.clear()
        self._held = 0
        self._paused = False

    def frame(self) -> tuple[bytes, tuple[str, ...]]:
        """The next 20 ms, filled up with silence, and the marks whose sound has left with it."""
        if self._paused or not self._waiting:
            return SILENCE, ()
        pcm, reached = bytearray(), []
        while self._waiting:
            first = self._waiting[0]
            if isinstance(first, Mark):
                reached.append(first.name)
                self._waiting.popleft()
            elif len(pcm) == FRAME_BYTES:
                break
            else:
                pcm += self._cut(first, FRAME_BYTES - len(pcm))
        return bytes(pcm).ljust(FRAME_BYTES, b"\0"), tuple(reached)

    def _cut(self, sound: bytearray, most: int) -> bytes:
        piece = bytes(sound[:most])
        del sound[:most]
        if not sound:
            self._waiting.popleft()
        self._held -= len(piece)
        return piece
