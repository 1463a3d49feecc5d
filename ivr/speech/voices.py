"""The voices of a line: the engines that the settings name, each once, and for each hotline a `Speaker` of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ivr.errors import NotPrepared, SettingsError, SpeechFailed
from ivr.settings import Settings, Speech
from ivr.speech.breaker import Breaker
from ivr.speech.cache import SharedStore, SpokenStore
from ivr.speech.clauses import Clause, pause_after
from ivr.speech.edge_voice import EdgeVoice
from ivr.speech.engine import Engine
from ivr.speech.espeak_voice import EspeakVoice
from ivr.speech.fallback import Fallback, Ranked
from ivr.speech.recordings import NONE, Recordings, load_recordings
from ivr.speech.speaker import Speaker
from ivr.speech.zhtts_voice import ZhVoice

log = logging.getLogger(__name__)

ENGINES: Mapping[str, Callable[[Settings, str], Engine]] = {
    "mandarin": lambda settings, _: ZhVoice(settings),
    "edge": lambda settings, voice: EdgeVoice(settings.speech, voice),
    "espeak": EspeakVoice,
}
"""Name in `speech.voices`, before the colon → what it opens."""
SPEEDS = (0.5, 2.0)
"""Of `speech.voice_speed`: beyond that nobody understands a word."""
LOOK_AGAIN_S = 2.0
"""How often work that has time asks whether the line is free."""
FAILURES = 5
"""Clauses in a row that cannot be said ahead of calls, before it is given up."""


class Voices:
    def __init__(self, settings: Settings, hotlines: Collection[str] = ()) -> None:
        """Opens the engines; those that are not prepared are left out and told in the log. `hotlines`: those there
        are; without any, the names in the settings are not checked.
        Raises `SettingsError`, or `NotPrepared` when a hotline has none."""
        self._settings = settings
        speech = settings.speech
        folder = settings.var / "voice"
        self._store = SharedStore(SpokenStore(folder, speech.cache_mb))
        self._opened: dict[str, Ranked | NotPrepared] = {}
        self._fallbacks: dict[tuple[str, ...], Fallback] = {}
        self._speakers: dict[tuple[str, Path], Speaker] = {}
        _check(speech, hotlines)
        for names in (speech.voices, *speech.hotline_voices.values()):
            self._fallback(names)

    async def of(self, hotline: str, data: Path) -> Speaker:
        """What a hotline speaks with; `data`: the knowledge of the call, which holds the recordings. Never raises:
        without its recordings the hotline still speaks."""
        if (hotline, data) not in self._speakers:
            recordings = await asyncio.to_thread(_recordings, data, hotline)
            names = self._settings.speech.hotline_voices.get(hotline, self._settings.speech.voices)
            loudness = self._settings.speech.loudness_dbov
            self._speakers[hotline, data] = Speaker(self._fallback(names), loudness, recordings)
        return self._speakers[hotline, data]

    def _fallback(self, names: Sequence[str]) -> Fallback:
        names = tuple(names)
        if names not in self._fallbacks:
            opened = [self._open(name) for name in names]
            ready = [each for each in opened if isinstance(each, Ranked)]
            if not ready:
                why = next((str(each) for each in opened if isinstance(each, NotPrepared)), "speech.voices 是空的。")
                raise NotPrepared(f"没有一个音色可用：{why}")
            self._fallbacks[names] = Fallback(ready, self._store, self._settings.speech.first_sound_s)
        return self._fallbacks[names]

    def _open(self, name: str) -> Ranked | NotPrepared:
        if name not in self._opened:
            kind, _, voice = name.partition(":")
            if kind not in ENGINES:
                raise SettingsError(f"speech.voices 里的 {name!r} 不认识：可以写 mandarin、edge:音色、espeak:音色。")
            try:
                self._opened[name] = Ranked(ENGINES[kind](self._settings, voice), Breaker())
            except NotPrepared as error:
                log.info("音色 %s 用不了：%s", name, error)
                self._opened[name] = error
        return self._opened[name]

    def named(self) -> dict[str, Engine]:
        """The engines that are open, by their names in the settings."""
        return {name: each.engine for name, each in self._opened.items() if isinstance(each, Ranked)}

    async def warm_up(self) -> None:
        await asyncio.gather(*(engine.warm_up() for engine in self.named().values()))

    async def render(self, text: str) -> None:
        """Has one clause said for the store, with every list of voices. Raises `SpeechFailed`."""
        for fallback in self._fallbacks.values():
            await fallback.render(Clause(text, pause_after(text)))

    async def make_ahead(self, texts: Iterable[str], idle: Callable[[], bool]) -> None:
        """Clauses for the store, one at a time, only while the line is `idle`, and only up to a share of the store."""
        failed = 0
        for text in texts:
            while not idle():  # noqa: ASYNC110  (the line is asked, it does not tell)
                await asyncio.sleep(LOOK_AGAIN_S)
            if self._store.nearly_full or failed >= FAILURES:
                return
            try:
                await self.render(text)
                failed = 0
            except SpeechFailed as error:
                failed += 1
                log.warning("%s", error)

    async def close(self) -> None:
        await asyncio.gather(*(fallback.close() for fallback in self._fallbacks.values()))
        await asyncio.gather(*(engine.close() for engine in self.named().values()))


def _check(speech: Speech, hotlines: Collection[str]) -> None:
    slowest, fastest = SPEEDS
    if not slowest <= speech.voice_speed <= fastest:
        raise SettingsError(f"speech.voice_speed 是 {speech.voice_speed:g}：应当在 {slowest:g} 到 {fastest:g} 之间。")
    unknown = [name for name in speech.hotline_voices if name not in hotlines]
    if hotlines and unknown:
        raise SettingsError(f"speech.hotline_voices 里的 {'、'.join(unknown)} 不是热线：可以写 {'、'.join(hotlines)}。")
    empty = [hotline for hotline, names in speech.hotline_voices.items() if not names]
    if empty:
        raise SettingsError(f"speech.hotline_voices 里 {empty[0]} 一个音色也没有：写上音色，或去掉这一行。")


def _recordings(data: Path, hotline: str) -> Recordings:
    try:
        return load_recordings(data, hotline)
    except SettingsError as error:
        log.warning("%s 这条热线先不用录音。", error)
        return NONE
