"""A caller who speaks, coughs or hums in the middle of the bot's sentences, on a real telephone."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.simulate.barge_in import COUGH, HUM, SPEECH
from ivr.simulate.line_events import LineEvent
from ivr.simulate.line_faults import LineFaults
from ivr.simulate.softphone import PhoneEvent, Softphone
from ivr.simulate.tape import Tape

CHARACTERS_A_SECOND = 4.5
"""How fast the bot speaks, for a guess at when its sentence is still going on."""
NOISE_SHARE = 0.35
"""Interruptions that are a cough or a 嗯."""
EARLIEST_S = 0.5
"""After the sentence began: its first part is protected."""
PATIENCE_S = 15.0
"""The bot says something within this."""
REPLY_S = 0.3
"""A polite caller's pause before the answer."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """Files by kind."""

    files: Mapping[str, Sequence[Path]]


@dataclass(slots=True)
class BargingCaller:
    """`talk` is one call; what happened is on `tape`, the sound in `folder`."""

    events: asyncio.Queue[LineEvent]
    sounds: Sounds
    chance: random.Random
    folder: Path
    faults: LineFaults
    tape: Tape = field(default_factory=Tape)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _sentence: int = 0
    """Sentences of the bot that have begun to sound."""
    _length_s: float = 0.0
    _last: bool = False
    _playing: bool = False
    _said: int = 0
    _over: bool = False
    _ended: bool = False
    """The line is through with the call."""

    async def talk(self, target: str, token: str, until: float) -> None:
        """Raises `TelephonyDown` when the call is not answered."""
        async with Softphone(record=self.folder, faults=self.faults) as phone:
            pumps = [
                asyncio.create_task(self._pump_phone(phone), name="barging phone"),
                asyncio.create_task(self._pump_line(), name="barging line"),
            ]
            try:
                await phone.call(target, headers={"X-Ivr-Simulation": token})
                await phone.wait("answered", timeout=PATIENCE_S)
                await self._converse(phone, until)
                if not self._over:
                    await phone.hang_up()
                await self._wait(lambda: self._over and self._ended, PATIENCE_S)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)

    async def _converse(self, phone: Softphone, until: float) -> None:
        met = 0
        while time.monotonic() < until and await self._next_sentence(met):
            if self._over or self._last:
                return
            first, met = met == 0, self._sentence
            if not first:
                await self._interrupt(phone, met)
            if not await self._next_sentence(met, within_s=0.0):  # nobody stopped it: a polite answer
                await self._wait(lambda: not self._playing or self._over, PATIENCE_S)
                if not await self._next_sentence(met, within_s=REPLY_S):
                    await self._sound(phone, SPEECH)

    async def _next_sentence(self, met: int, *, within_s: float = PATIENCE_S) -> bool:
        """Has the bot begun another one, or is the call over?"""
        return await self._wait(lambda: self._sentence > met or self._over, within_s)

    async def _interrupt(self, phone: Softphone, met: int) -> None:
        """Noises until the sentence ends or speech stops it."""
        latest = max(EARLIEST_S + 0.1, 0.8 * self._length_s)
        await self._wait(lambda: not self._playing, self.chance.uniform(EARLIEST_S, latest))
        if self._playing and self._sentence == met:
            noise = self.chance.random() < NOISE_SHARE
            await self._sound(phone, self.chance.choice((COUGH, HUM)) if noise else SPEECH)
            if not noise:
                await self._next_sentence(met)

    async def _sound(self, phone: Softphone, kind: str) -> None:
        file = self.chance.choice(self.sounds.files[kind])
        before = self._said
        await phone.say(file, f"{kind}:{file.stem}")
        await self._wait(lambda: self._said > before or self._over, PATIENCE_S)

    # --- what happens

    async def _pump_phone(self, phone: Softphone) -> None:
        async for event in phone.events():
            self.tape.phone_event(time.monotonic(), event.kind, event.at, event.values)
            await self._note(event)

    async def _pump_line(self) -> None:
        while True:
            event = await self.events.get()
            self.tape.line_event(time.monotonic(), event.kind, event.values)
            await self._note(event)

    async def _note(self, event: PhoneEvent | LineEvent) -> None:
        async with self._changed:
            match event:
                case PhoneEvent("said"):
                    self._said += 1
                case PhoneEvent("ended" | "gone"):
                    self._over = True
                case LineEvent("reply", values):
                    self._expect(values)
                case LineEvent("speaking"):
                    self._sentence, self._playing = self._sentence + 1, True
                case LineEvent("played" | "barge_in"):
                    self._playing = False
                case LineEvent("ended" | "lost"):
                    self._ended = True
                case _:
                    pass
            self._changed.notify_all()

    def _expect(self, values: Mapping[str, Any]) -> None:
        self._length_s = len(str(values.get("text", ""))) / CHARACTERS_A_SECOND
        self._last = bool(values.get("ended"))

    async def _wait(self, true: Callable[[], bool], within_s: float) -> bool:
        try:
            async with self._changed, asyncio.timeout(within_s):
                await self._changed.wait_for(true)
        except TimeoutError:
            return False
        return True
