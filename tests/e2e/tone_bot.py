"""A bot that only plays a tone, as a process that a test can kill: python -m tests.e2e.tone_bot SETTINGS"""

import asyncio
import sys
from pathlib import Path

import numpy as np

from ivr.audio import RATE, to_pcm
from ivr.call.ports import Line
from ivr.packs import load_packs
from ivr.settings import load
from ivr.telephony.asterisk.doors import DOORS
from ivr.telephony.asterisk.fastagi import AdmissionServer

TICKET = "GD20261122-000777"


def tone(for_s: float, hertz: float = 440.0) -> bytes:
    return to_pcm(0.3 * np.sin(2 * np.pi * hertz * np.arange(round(for_s * RATE)) / RATE))


async def on_call(line: Line) -> None:
    await line.answer()
    await line.note_ticket(TICKET)
    await line.play(tone(20))
    async for _ in line.events():
        pass


async def main(file: Path) -> None:
    settings = load(file)
    packs = load_packs(settings.root / "data")
    door = DOORS[settings.telephony.media](settings, on_call)
    await door.start()
    await AdmissionServer(settings, lambda: packs, bot_healthy=lambda: True, routes=door.routes).start()
    print("ready", flush=True)  # noqa: T201  (the test waits for it)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
