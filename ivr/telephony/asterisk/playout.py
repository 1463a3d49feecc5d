"""What is sent to Asterisk when: sound in messages of 200 ms, about 1.5 s ahead of what the caller hears, no clock.

Asterisk paces the sound; we only keep its queue short, so that FLUSH_MEDIA, which waits behind sound still in the
socket, takes effect at once. `now` is any clock in seconds that does not jump.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ivr.audio import FRAME_BYTES, RATE

AHEAD_S = 1.5
"""Sound that Asterisk may hold."""
MESSAGE_BYTES = FRAME_BYTES * 10
"""200 ms."""
WAITING_S = 30.0
"""Sound that we hold; who plays more waits."""
REST_S = 0.04
"""A part of a frame that nothing follows is filled up with silence this long before it is due."""


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(slots=True)
class Playout:
    _waiting: deque[bytearray | Mark] = field(default_factory=deque)
    _held_s: float = 0.0
    """Seconds of sound in `_waiting`."""
    _ends: float = 0.0
    """When all that was sent will have been heard."""
    _paused_at: float | None = None
    _closed: bool = False
    """MEDIA_XOFF."""

    @property
    def has_room(self) -> bool:
        return self._held_s < WAITING_S

    def push(self, pcm: bytes) -> None:
        if len(pcm) % 2:
            raise ValueError("half a sample")
        if not self._waiting or isinstance(self._waiting[-1], Mark):
            self._waiting.append(bytearray())
        last = self._waiting[-1]
        assert isinstance(last, bytearray)  # noqa: S101  (seen to above)
        last += pcm
        self._held_s += _seconds(pcm)

    def mark(self, name: str) -> None:
        self._waiting.append(Mark(name))

    def take(self, now: float) -> bytes | Mark | None:
        """What is to be sent next; None when nothing is due. Sound comes in whole frames."""
        if not self._waiting or self._closed:
            return None
        first = self._waiting[0]
        if isinstance(first, Mark):
            self._waiting.popleft()
            return first
        if self._ahead(now) >= AHEAD_S:
            return None
        ends_here = len(self._waiting) > 1
        if len(first) < FRAME_BYTES and not ends_here and self._ahead(now) > REST_S:
            return None
        return self._cut(first, now, ends_here=ends_here)

    def wait(self, now: float) -> float | None:
        """Seconds until `take` may have something; None = only after `push`, `mark`, `resume` or `open`."""
        if not self._waiting or self._closed or self._paused_at is not None:
            return None
        first = self._waiting[0]
        short = isinstance(first, bytearray) and len(first) < FRAME_BYTES and len(self._waiting) == 1
        return max(0.0, self._ahead(now) - (REST_S if short else AHEAD_S - _seconds_of(MESSAGE_BYTES) / 2))

    def pause(self, now: float) -> None:
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: float) -> None:
        if self._paused_at is not None:
            if self._ends > self._paused_at:
                self._ends += now - self._paused_at
            self._paused_at = None

    def clear(self, now: float) -> None:
        """Everything was thrown away, here and there; also ends a pause."""
        self._waiting.clear()
        self._held_s = 0.0
        self._ends = now
        self._paused_at = None

    def close(self) -> None:
        self._closed = True

    def open(self) -> None:
        self._closed = False

    def _ahead(self, now: float) -> float:
        at = now if self._paused_at is None else self._paused_at
        return max(0.0, self._ends - at)

    def _cut(self, sound: bytearray, now: float, *, ends_here: bool) -> bytes:
        size = min(MESSAGE_BYTES, len(sound))
        whole = size - size % FRAME_BYTES
        if whole and not (ends_here and size == len(sound)):
            size = whole  # the rest of a frame waits for what follows it
        piece = bytes(sound[:size])
        del sound[:size]
        if not sound:
            self._waiting.popleft()
        self._held_s = max(0.0, self._held_s - _seconds(piece))
        piece += bytes(-len(piece) % FRAME_BYTES)
        at = now if self._paused_at is None else self._paused_at
        self._ends = max(self._ends, at) + _seconds(piece)
        return piece


def _seconds(pcm: bytes) -> float:
    return _seconds_of(len(pcm))


def _seconds_of(size: int) -> float:
    return size / (2 * RATE)
