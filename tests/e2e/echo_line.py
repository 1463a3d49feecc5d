"""A hotline that speaks Korean: a real Asterisk, Vosk, espeak-ng and the product's turn-taking around an echo."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ivr.audio import SILENCE, read_wav, write_wav
from ivr.call.ports import Line
from ivr.call.senses import Senses
from ivr.call.session import CallSession
from ivr.call.turn import TurnTaking
from ivr.conversation.wholeness import Wholeness, load_turn_words
from ivr.packs import load_packs
from ivr.settings import RecogniserChoice, Settings, Speech, Telephony
from ivr.simulate.latency import Measured, measure
from ivr.simulate.softphone import Softphone
from ivr.simulate.tape import HeardSound, Tape
from ivr.speech.clauses import Clause
from ivr.speech.espeak_voice import EspeakVoice
from ivr.speech.vad import SileroVads
from ivr.speech.voices import Voices
from ivr.speech.vosk import VoskRecogniser
from ivr.telephony.asterisk.doors import DOORS
from ivr.telephony.asterisk.fastagi import AdmissionServer
from ivr.telephony.asterisk.server import prepare
from tests.e2e.conftest import free_ports
from tests.e2e.own_asterisk import started
from tests.fakes.korean import WORDS, Echo, expected

NUMBER = "4001000001"
MODEL = "vosk-ko"
TURN_S = 15.0
SLOW = 0.85
"""Pace of the callers: the model hears the robot's voice better so."""

Report = Callable[[str, Mapping[str, Any]], None]


def korean(folder: Path) -> Settings:
    speech = Speech(voices=("espeak:ko",))
    (folder / "var").mkdir()
    return replace(
        Settings(), var=folder / "var", ports=free_ports(), simulation=True, telephony=Telephony(), speech=speech
    )


@contextmanager
def asterisk(settings: Settings) -> Iterator[None]:
    with started(prepare(settings, load_packs(settings.data)), settings.var):
        yield


@asynccontextmanager
async def echo_line(settings: Settings, echo: Echo, report_of: Callable[[Line], Report]) -> AsyncIterator[None]:
    """Takes calls; `report_of` gives what hears of a call's events."""
    packs, vads, voices = load_packs(settings.data), SileroVads(settings), Voices(settings)
    choice = RecogniserChoice(engine="vosk", model=MODEL)
    folder = settings.tools / "models" / MODEL
    recogniser = await asyncio.to_thread(VoskRecogniser, folder, choice, expected)
    await recogniser.warm_up()
    voice = await voices.of("appliance", settings.data)
    words = load_turn_words(WORDS)

    async def take(line: Line) -> None:
        senses = Senses(
            activity=vads(),
            recogniser=recogniser,
            voice=voice,
            conversation=echo,
            turns=TurnTaking(settings.turns, Wholeness(words, {})),
            queue="none",
            apology="죄송합니다.",
            is_backchannel=words.is_backchannel,
        )
        await CallSession(line, senses, report_of(line)).run()

    door = DOORS[settings.telephony.media](settings, take)
    agi = AdmissionServer(settings, lambda: packs, bot_healthy=lambda: True, routes=door.routes)
    await door.start()
    await agi.start()
    try:
        yield
    finally:
        await agi.stop()
        await door.stop()
        await recogniser.close()
        await voices.close()


async def spoken(settings: Settings, texts: Sequence[str], folder: Path) -> dict[str, Path]:
    """What callers say, as files: text → file."""
    voice = EspeakVoice(replace(settings, speech=replace(settings.speech, voice_speed=SLOW)), "ko")
    files = {}
    for number, text in enumerate(texts):
        files[text] = folder / f"said{number}.wav"
        write_wav(files[text], SILENCE * 5 + await voice.speak(Clause(text, 0.0)))
    return files


@dataclass
class EchoCaller:
    """One call: what the telephone and the line tell of it."""

    phone: Softphone
    folder: Path
    tape: Tape = field(default_factory=Tape)
    told: asyncio.Queue[tuple[str, Mapping[str, Any]]] = field(default_factory=asyncio.Queue)
    _arrived: list[float] = field(default_factory=list)
    """Of the telephone's events."""

    def report(self, kind: str, details: Mapping[str, Any]) -> None:
        self.tape.line_event(time.monotonic(), kind, details)
        self.told.put_nowait((kind, details))

    async def event(self, kind: str) -> Mapping[str, Any]:
        """The next one of the line of this kind."""
        async with asyncio.timeout(TURN_S):
            while True:
                told, details = await self.told.get()
                if told == kind:
                    return details

    async def say(self, file: Path) -> Mapping[str, Any]:
        """Returns the line's `heard`."""
        await self.phone.say(file)
        return await self.event("heard")

    async def measured(self) -> Measured:
        """Hangs up."""
        await self.phone.hang_up()
        await self.phone.wait("ended")
        for arrived, event in zip(self._arrived, self.phone.seen, strict=False):
            self.tape.phone_event(arrived, event.kind, event.at, event.values)
        pcm = await asyncio.to_thread(read_wav, self.folder / "heard.wav")
        return measure(self.tape, HeardSound(pcm), (), lambda values: 0.0)

    async def follow(self) -> None:
        async for _ in self.phone.events():
            self._arrived.append(time.monotonic())


class EchoCalls:
    """Callers find their line by their number."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._callers: dict[str, EchoCaller] = {}
        self._numbers = itertools.count()

    def report_of(self, line: Line) -> Report:
        return self._callers[line.info.caller_number or ""].report

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[EchoCaller]:
        """Who has just been greeted."""
        mine = next(self._numbers)
        number = f"1380013{8000 + mine:04}"
        folder = self._folder / f"call{mine}"
        async with Softphone(record=folder) as phone:
            self._callers[number] = caller = EchoCaller(phone, folder)
            following = asyncio.create_task(caller.follow())
            try:
                await phone.call(f"sip:{NUMBER}@127.0.0.1:{self._settings.ports.sip}", caller=number)
                await phone.wait("answered")
                yield caller
            finally:
                following.cancel()
