"""Our side of many calls with nothing behind it: transport, voice activity and turn-taking as the line process has
them, a recogniser, a dialogue and a voice that cost nothing. A process of its own: its CPU time is theirs alone.

    python -m ivr.simulate.bare_line SETTINGS FOLDER

Writes FOLDER/handled.npy at its end: (call, frame's number, seconds of the system's monotonic clock at which the frame
reached turn-taking). Ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
import time
from array import array
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from ivr.audio import RATE, to_pcm
from ivr.call import tone
from ivr.call.ports import CallerTurn, CallInfo, Ending, Heard, Hint, Line, Reply, VoiceActivity
from ivr.call.senses import Senses
from ivr.call.session import CallSession
from ivr.call.turn import TurnTaking
from ivr.settings import Settings, load
from ivr.simulate.numbered_frames import HEAD_BYTES, number_of
from ivr.speech.vad import SileroVads
from ivr.telephony.asterisk.door import AsteriskDoor

SENTENCE_S = 2.0
"""Of the bot."""


class NoWords:
    """Implements `Recogniser` and `Listening`: hears something at once."""

    streams = False

    def listen(self, hint: Hint) -> NoWords:
        return self

    def partial(self) -> str:
        return ""

    def feed(self, pcm: bytes) -> None: ...

    async def result(self) -> Heard:
        return Heard("喂", 0.9)

    async def close(self) -> None: ...


class Humming:
    """Implements `Voice`: a tone."""

    def __init__(self) -> None:
        self._sound = to_pcm(0.1 * np.sin(2 * np.pi * 440 * np.arange(round(SENTENCE_S * RATE)) / RATE))

    async def say(self, text: str) -> AsyncGenerator[bytes, None]:
        yield self._sound

    async def close(self) -> None: ...


class Endless:
    """Implements `Conversation`: always asks again."""

    async def begin(self, call: CallInfo) -> Reply:
        return Reply("您好。", asks=("description",))

    async def reply(self, call: CallInfo, turn: CallerTurn) -> Reply:
        return Reply("还有呢？", asks=("description",))

    async def end(self, call: CallInfo, how: Ending, reason: str | None = None) -> str | None:
        return None


class TimedActivity:
    """Implements `VoiceActivity` around the real one: notes when each frame is there."""

    def __init__(self, inner: VoiceActivity, call: int) -> None:
        self._inner = inner
        self.call = call
        self.heads: list[bytes] = []
        self.times = array("d")

    def expect(self, pcm: bytes) -> None:
        self._inner.expect(pcm)

    def feed(self, pcm: bytes) -> float:
        probability = self._inner.feed(pcm)
        self.heads.append(pcm[:HEAD_BYTES])
        self.times.append(time.monotonic())
        return probability


class BareLine:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vads = SileroVads(settings)
        self._heard: list[TimedActivity] = []
        self._events: Counter[str] = Counter()

    async def take(self, line: Line) -> None:
        activity = TimedActivity(self._vads(), int(line.info.call_id.rpartition("-")[2]))
        self._heard.append(activity)
        senses = Senses(
            activity=activity,
            recogniser=NoWords(),
            voice=Humming(),
            conversation=Endless(),
            turns=TurnTaking(self._settings.turns),
            queue="none",
            apology="再见。",
        )
        await CallSession(line, senses, self._note).run()

    def _note(self, kind: str, details: Mapping[str, Any]) -> None:
        self._events[kind] += 1

    def save(self, folder: Path) -> None:
        rows = [
            np.column_stack([np.full(len(a.times), a.call), [number_of(head) for head in a.heads], a.times])
            for a in self._heard
            if len(a.times)
        ]
        np.save(folder / "handled.npy", np.concatenate(rows) if rows else np.zeros((0, 3)))

    def used(self) -> dict[str, object]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {"cpu_s": usage.ru_utime + usage.ru_stime, "at": time.monotonic(), "events": dict(self._events)}


async def serve(settings: Settings, folder: Path) -> None:
    bare = BareLine(settings)
    tone.warm_up()
    door = AsteriskDoor(settings, bare.take)
    await door.start()
    try:
        print(json.dumps({"event": "ready"}), flush=True)  # noqa: T201  (who started us waits for it)
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip() == "used":
                print(json.dumps(bare.used()), flush=True)  # noqa: T201
    finally:
        await door.stop()
    bare.save(folder)


def main() -> None:
    logging.basicConfig(level=logging.ERROR)  # there is no Asterisk to record with, and nobody to tell it
    uvloop.run(serve(load(Path(sys.argv[1])), Path(sys.argv[2])))


if __name__ == "__main__":
    main()
