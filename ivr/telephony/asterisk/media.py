"""Wire format of media: chan_websocket with `f(json)v(…)`, codec slin (Asterisk 22.6 and newer).

Text messages are JSON: commands to Asterisk, events from it. Binary messages are sound. No sockets here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ivr.audio import FRAME_BYTES
from ivr.errors import WireError

LONGEST_COMMAND = 128
"""Bytes; Asterisk ignores a longer one (measured)."""
LONGEST_SOUND = 65_500
"""Bytes of one binary message, either way."""
LONGEST_EVENT = 65_536
"""Characters of one event: MEDIA_START carries all channel variables."""
FORMAT = "slin"


@dataclass(frozen=True, slots=True)
class Opened:
    """MEDIA_START: sound may flow."""

    channel: str
    """Uniqueid of the media channel."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Whole 20 ms frames heard from the caller."""

    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Key:
    digit: str


@dataclass(frozen=True, slots=True)
class Full:
    """MEDIA_XOFF: send no more for now."""


@dataclass(frozen=True, slots=True)
class HasRoom:
    """MEDIA_XON."""


@dataclass(frozen=True, slots=True)
class MarkReached:
    mark: str


@dataclass(frozen=True, slots=True)
class Drained:
    """QUEUE_DRAINED: nothing is queued any more."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """ERROR: Asterisk could not follow a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Other:
    kind: str


Event = Opened | Sound | Key | Full | HasRoom | MarkReached | Drained | Complaint | Other

KEYS = frozenset("0123456789*#ABCD")


@dataclass(slots=True)
class Reading:
    """What comes from Asterisk on one media websocket, in its order. Every wrong thing raises `WireError`."""

    opened: bool = False
    _rest: bytes = field(default=b"", repr=False)

    def text(self, message: str) -> Event:
        raw = _object(message)
        kind = raw.get("event")
        if not isinstance(kind, str):
            raise WireError(f"媒体消息没有 event：{message[:80]!r}。")
        if kind == "MEDIA_START":
            return self._open(raw)
        if not self.opened:
            raise WireError(f"媒体连接的第一条消息应当是 MEDIA_START，来的是 {kind[:40]!r}。")
        match kind:
            case "DTMF_END":
                digit = raw.get("digit")
                if not isinstance(digit, str) or digit.upper() not in KEYS:
                    raise WireError(f"DTMF_END 里没有按键：{message[:80]!r}。")
                return Key(digit.upper())
            case "MEDIA_XOFF":
                return Full()
            case "MEDIA_XON":
                return HasRoom()
            case "MEDIA_MARK_PROCESSED":
                return MarkReached(str(raw.get("correlation_id", "")))
            case "QUEUE_DRAINED":
                return Drained()
            case "ERROR":
                return Complaint(str(raw.get("error_text", "")))
            case _:
                return Other(kind)

    def binary(self, message: bytes) -> Sound:
        """Asterisk sends a frame a message; another packet time is cut into frames of 20 ms all the same."""
        if not self.opened:
            raise WireError("媒体连接在 MEDIA_START 之前就送来了声音。")
        if len(message) > LONGEST_SOUND or len(message) % 2:
            raise WireError(f"媒体连接送来的声音有 {len(message)} 字节，不是整数个采样或太长。")
        pcm = self._rest + message
        whole = len(pcm) - len(pcm) % FRAME_BYTES
        self._rest = pcm[whole:]
        return Sound(tuple(pcm[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)))

    def _open(self, raw: dict[str, Any]) -> Opened:
        if self.opened:
            raise WireError("媒体连接送来了第二个 MEDIA_START。")
        channel, codec = raw.get("channel_id"), raw.get("format")
        if not isinstance(channel, str) or not channel:
            raise WireError("MEDIA_START 没有 channel_id。")
        if codec != FORMAT:
            raise WireError(f"媒体连接的格式是 {codec!r}，应当是 {FORMAT}。")
        self.opened = True
        return Opened(channel)


def mark(name: str) -> str:
    """Ask for `MarkReached(name)`; short ASCII names only."""
    return _command("MARK_MEDIA", correlation_id=name)


def flush() -> str:
    return _command("FLUSH_MEDIA")


def pause() -> str:
    return _command("PAUSE_MEDIA")


def go_on() -> str:
    return _command("CONTINUE_MEDIA")


def report_drained() -> str:
    """Ask for `Drained`: straight after `flush` an acknowledgement within 20 ms (measured)."""
    return _command("REPORT_QUEUE_DRAINED")


def hang_up() -> str:
    return _command("HANGUP")


def _command(name: str, **parameters: str) -> str:
    text = json.dumps({"command": name, **parameters}, separators=(",", ":"))
    if len(text) > LONGEST_COMMAND:
        raise ValueError(f"{name}: {len(text)} bytes, Asterisk ignores more than {LONGEST_COMMAND}")
    return text


def _object(message: str) -> dict[str, Any]:
    if len(message) > LONGEST_EVENT:
        raise WireError(f"媒体消息太长：{len(message)} 个字符。")
    try:
        raw = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise WireError(f"媒体消息不是 JSON：{message[:80]!r}。") from error
    if not isinstance(raw, dict):
        raise WireError(f"媒体消息不是 JSON 对象：{message[:80]!r}。")
    return raw
