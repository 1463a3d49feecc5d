"""The calls that the bot has now, whichever way Asterisk brings them: who looks after each, and what becomes of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from ivr.call.ports import CallInfo, Line
from ivr.errors import TelephonyDown

log = logging.getLogger(__name__)

OnCall = Callable[[Line], Awaitable[None]]
Now = Callable[[str | None], dt.datetime]
"""The time that a call begins at, by its simulation token (None = a real call)."""


class OwnedLine(Line, Protocol):
    async def leave(self) -> None:
        """Nobody looks after this call any more: unless it is over the caller goes to a human."""


L = TypeVar("L", bound=OwnedLine)


class Calls(Generic[L]):
    """Gives every call to `on_call`, in a task of its own. When `on_call` returns or fails and the caller is still
    there, the call goes to a human."""

    def __init__(self, on_call: OnCall) -> None:
        self._on_call = on_call
        self._lines: dict[str, L] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._lines)

    def find(self, name: str) -> L | None:
        return self._lines.get(name)

    def begin(self, name: str, line: L) -> asyncio.Task[None]:
        """`name`: what the line is found by."""
        self._lines[name] = line
        task = asyncio.create_task(self._look_after(name, line), name=f"call-{line.info.call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def leave(self, within_s: float) -> None:
        """All that are left go on with a human."""
        await asyncio.gather(*(line.leave() for line in list(self._lines.values())), return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)

    async def _look_after(self, name: str, line: L) -> None:
        call = line.info.call_id
        try:
            await self._on_call(line)
        except TelephonyDown as error:
            log.info("call %s ended: %s", call, error)
        except Exception:  # one call must not take the others with it
            log.exception("call %s failed", call)
        finally:
            try:
                await line.leave()
            except TelephonyDown as error:
                log.info("call %s: %s", call, error)
            self._lines.pop(name, None)


def call_info(call_id: str, told: Sequence[str], now: Now) -> CallInfo:
    """`told`: hotline, caller, dialled, recorded, simulation, as extensions.conf passes them on; FastAGI set them."""
    hotline, caller, dialled, recorded, simulation = (*told, *[""] * 5)[:5]
    return CallInfo(
        call_id=call_id,
        hotline=hotline,
        caller_number=caller or None,
        started_at=now(simulation or None),
        dialled=dialled,
        recorded=recorded == "1",
        simulation=simulation or None,
    )


def port_taken(port: int, error: OSError) -> TelephonyDown:
    return TelephonyDown(f"端口 {port} 无法监听（{error.strerror}）：请停掉占用它的程序，或改设置里的 ports.bot。")
