"""Wire format of AudioSocket (Asterisk 18 and newer): type, length (two bytes, big endian), payload. No sockets here.

https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/. Asterisk opens the connection and says its UUID
first. Keys (0x03) are sent by newer releases only.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from uuid import UUID

from ivr.audio import FRAME_BYTES
from ivr.errors import WireError

HANG_UP, IDENTITY, KEY, SOUND, FAULT = 0x00, 0x01, 0x03, 0x10, 0xFF
HEADER = struct.Struct(">BH")
LONGEST_SOUND = 8000
"""Bytes; half a second. Asterisk sends one packet's sound a message, 20 to 60 ms."""
LENGTHS = {HANG_UP: (0, 0), IDENTITY: (16, 16), KEY: (1, 1), SOUND: (0, LONGEST_SOUND), FAULT: (0, 1)}
"""Least and greatest payload of each type, in bytes."""
KEYS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True, slots=True)
class Identified:
    """Always the first."""

    call: UUID


@dataclass(frozen=True, slots=True)
class Sound:
    """Whole 20 ms frames heard from the caller."""

    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Key:
    digit: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """Asterisk closes next."""


@dataclass(frozen=True, slots=True)
class Fault:
    code: int
    """1 hang-up, 2 frame forwarding, 4 memory; 0 = not told."""


Event = Identified | Sound | Key | HungUp | Fault


@dataclass(slots=True)
class Reading:
    """Bytes of one connection, however TCP cuts them → events in their order. Every wrong thing raises `WireError`."""

    identified: bool = False
    _bytes: bytearray = field(default_factory=bytearray, repr=False)
    _rest: bytes = field(default=b"", repr=False)

    def feed(self, data: bytes) -> list[Event]:
        self._bytes += data
        events: list[Event] = []
        while len(self._bytes) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._bytes)
            self._check(kind, length)
            end = HEADER.size + length
            if len(self._bytes) < end:
                break
            payload = bytes(self._bytes[HEADER.size : end])
            del self._bytes[:end]
            events.append(self._event(kind, payload))
        return events

    def _check(self, kind: int, length: int) -> None:
        """Before the payload is there: a stranger must not make us wait for it."""
        if kind not in LENGTHS:
            raise WireError(f"AudioSocket 送来了不认识的消息类型 0x{kind:02x}。")
        least, most = LENGTHS[kind]
        if not least <= length <= most or (kind == SOUND and length % 2):
            raise WireError(f"AudioSocket 的 0x{kind:02x} 消息不能有 {length} 字节。")
        if not self.identified and kind != IDENTITY:
            raise WireError(f"AudioSocket 的第一条消息应当是 UUID，来的是 0x{kind:02x}。")
        if self.identified and kind == IDENTITY:
            raise WireError("AudioSocket 送来了第二个 UUID。")

    def _event(self, kind: int, payload: bytes) -> Event:
        match kind:
            case 0x01:
                self.identified = True
                return Identified(UUID(bytes=payload))
            case 0x03:
                digit = payload.decode("latin-1").upper()
                if digit not in KEYS:
                    raise WireError(f"AudioSocket 送来的不是按键：{payload!r}。")
                return Key(digit)
            case 0x10:
                return self._sound(payload)
            case 0xFF:
                return Fault(payload[0] if payload else 0)
            case _:
                return HungUp()

    def _sound(self, payload: bytes) -> Sound:
        """Another packet time than 20 ms is cut into frames of 20 ms all the same."""
        pcm = self._rest + payload
        whole = len(pcm) - len(pcm) % FRAME_BYTES
        self._rest = pcm[whole:]
        return Sound(tuple(pcm[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)))


def sound(pcm: bytes) -> bytes:
    """One message; header and payload belong into one send: older releases give up on a header that comes alone."""
    return HEADER.pack(SOUND, len(pcm)) + pcm


def hang_up() -> bytes:
    """Ends AudioSocket(); the dialplan goes on."""
    return HEADER.pack(HANG_UP, 0)
