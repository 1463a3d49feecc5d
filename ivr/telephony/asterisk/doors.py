"""The doors by `telephony.media`: whoever opens one need not know which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ivr.settings import Settings
from ivr.telephony.asterisk.audiosocket_door import AudioSocketDoor
from ivr.telephony.asterisk.calls import Now, OnCall
from ivr.telephony.asterisk.door import AsteriskDoor
from ivr.telephony.asterisk.fastagi import Handler


class Door(Protocol):
    @property
    def calls(self) -> int: ...
    @property
    def routes(self) -> Mapping[str, Handler]: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class MakeDoor(Protocol):
    def __call__(self, settings: Settings, on_call: OnCall, *, now: Now | None = None) -> Door: ...


DOORS: Mapping[str, MakeDoor] = {"websocket": AsteriskDoor, "audiosocket": AudioSocketDoor}
