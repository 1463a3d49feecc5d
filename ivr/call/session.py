"""The asyncio shell of one call: all that happens (frames, keys, recognised words, the dialogue's answers) is read from
one queue and brought to call control, so that the state of the call changes in one place. Slow work runs in tasks that
the call's TaskGroup owns.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from ivr.call.control import CallControl
from ivr.call.flow import State
from ivr.call.hearing import Guessed, Recognised
from ivr.call.ports import Digit, Frame, HungUp, Line, LineEvent, Played
from ivr.call.reporter import Report
from ivr.call.senses import Senses
from ivr.call.thinking import Answered, Broken
from ivr.errors import TelephonyDown

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 1.2
"""The call is answered by then, whether or not the greeting is there."""
VERDICT_S = 0.5
"""A line that refuses a command says within this why."""
Happening = LineEvent | Guessed | Recognised | Answered | Broken


class CallSession:
    """`run` is one call, from the greeting to the end."""

    def __init__(self, line: Line, senses: Senses, report: Report = lambda kind, details: None) -> None:
        self._line = line
        self._call = line.info
        self._activity = senses.activity
        self._happenings: asyncio.Queue[Happening] = asyncio.Queue()
        self._owned: set[asyncio.Task[Any]] = set()
        self._control = CallControl(line, senses, report, self._spawn, self._happenings.put_nowait)

    async def run(self) -> None:
        """The whole call; returns when it has ended for us. What breaks ends in a hand-over, never in silence."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                _ = self._spawn(self._pump(), "line")
                try:
                    await self._converse()
                finally:
                    for task in self._owned:
                        task.cancel()
        except* Exception:  # the boundary of one call: a bug must not leave its caller in silence
            log.exception("call %s broke; it goes to a human", self._call.call_id)
            await self._control.endings.broke()

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = self._tasks.create_task(work, name=f"{name} {self._call.call_id}")
        self._owned.add(task)
        task.add_done_callback(self._owned.discard)
        return task

    async def _pump(self) -> None:
        async for event in self._line.events():
            if isinstance(event, Frame):
                self._activity.expect(event.pcm)
            self._happenings.put_nowait(event)
        self._happenings.put_nowait(HungUp(gone=False))

    async def _converse(self) -> None:
        try:
            await asyncio.wait([self._control.begin()], timeout=ANSWER_WITHIN_S)
            await self._line.answer()
            while self._control.state is not State.ENDED:
                await self._take(await self._happenings.get())
        except TelephonyDown as error:
            await self._line_failed(error)

    async def _take(self, happening: Happening) -> None:
        control = self._control
        match happening:
            case Frame(pcm):
                await control.frame(pcm)
            case Digit(digit):
                await control.digit(digit)
            case Played(mark):
                await control.played(mark)
            case HungUp(gone):
                await control.caller_left() if gone else await control.line_lost()
            case Guessed() as guessed:
                await control.guessed(guessed)
            case Recognised() as recognised:
                await control.recognised(recognised)
            case Answered() as answered:
                await control.answered(answered)
            case Broken() as broken:
                await control.broken(broken)

    async def _line_failed(self, error: TelephonyDown) -> None:
        """A command was refused: because the caller hung up just now, or because the line is lost."""
        log.warning("call %s: %s", self._call.call_id, error)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(VERDICT_S):
                while self._control.state is not State.ENDED:
                    happening = await self._happenings.get()
                    if isinstance(happening, HungUp):
                        await self._take(happening)
        if self._control.state is not State.ENDED:
            await self._control.line_lost()
