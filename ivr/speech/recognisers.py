"""The recogniser of each hotline, as the settings choose; hotlines that choose the same share one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from ivr.call.ports import CountsWork, Hint, KeepsUp, Listening, RecogniserWork
from ivr.errors import SettingsError
from ivr.packs import Pack
from ivr.settings import RecogniserChoice, Settings
from ivr.speech.model_folders import model_folder

DEFAULT = "default"


class Engine(Protocol):
    """A `Recogniser` that can be made ready before the first call."""

    def listen(self, hint: Hint) -> Listening: ...

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


Packs = Mapping[str, Pack]
Open = Callable[[Settings, RecogniserChoice, Packs, "Opened"], Engine]
"""Makes an engine; the last is asked for another one that it stands on. Raises `NotPrepared`."""
Opened = Callable[[RecogniserChoice], Engine]


def open_whisper(settings: Settings, choice: RecogniserChoice, packs: Packs, opened: Opened) -> Engine:
    from ivr.speech.whisper import WhisperRecogniser

    return WhisperRecogniser(settings, packs)


def open_vosk(settings: Settings, choice: RecogniserChoice, packs: Packs, opened: Opened) -> Engine:
    from ivr.speech.vosk import VoskRecogniser

    return VoskRecogniser(model_folder(settings, choice.model, "vosk"), choice)


def open_vosk_server(settings: Settings, choice: RecogniserChoice, packs: Packs, opened: Opened) -> Engine:
    from ivr.speech.vosk_server import VoskServerRecogniser
    from ivr.speech.vosk_server_link import checked

    return VoskServerRecogniser(checked(choice), opened(fallback(choice)))


def open_sherpa(settings: Settings, choice: RecogniserChoice, packs: Packs, opened: Opened) -> Engine:
    from ivr.speech.sherpa import SherpaRecogniser
    from ivr.speech.sherpa_trial import checked

    folder = model_folder(settings, choice.model, "sherpa")
    return SherpaRecogniser(checked(folder, choice.hotwords_score), choice, packs)


def fallback(choice: RecogniserChoice) -> RecogniserChoice:
    """What hears here: the same engine as that of the hotlines that choose it outright."""
    if choice.fallback == "whisper":
        return RecogniserChoice()
    plain = RecogniserChoice(engine=choice.fallback, model=choice.model, threads=choice.threads)
    if choice.fallback == "sherpa":
        return replace(plain, hotwords_score=choice.hotwords_score)
    return replace(plain, grammar=choice.grammar, alternatives=choice.alternatives)


ENGINES: Mapping[str, Open] = {
    "whisper": open_whisper, "vosk": open_vosk, "vosk_server": open_vosk_server, "sherpa": open_sherpa,
}  # fmt: skip
"""Each engine's libraries are loaded only where a hotline uses it."""


class Recognisers:
    """Implements `Recogniser` for all hotlines of a line."""

    def __init__(self, settings: Settings, packs: Packs, engines: Mapping[str, Open] = ENGINES) -> None:
        """Loads every engine that a hotline uses. Raises `NotPrepared` or `SettingsError`."""
        chosen = settings.speech.recognisers
        unknown = [name for name in chosen if name != DEFAULT and name not in packs]
        if unknown:
            raise SettingsError(
                f"设置 speech.recognisers 里的 {'、'.join(unknown)} 不是热线：可以写 {DEFAULT} 或 {'、'.join(packs)}。"
            )
        self._settings, self._packs, self._engines = settings, packs, engines
        self._opened: dict[RecogniserChoice, Engine] = {}
        self._default = chosen.get(DEFAULT, RecogniserChoice())
        for hotline in packs:
            self._of(hotline)

    def listen(self, hint: Hint) -> Listening:
        return self._of(hint.hotline).listen(hint)

    def work(self) -> RecogniserWork:
        counted = [engine.work() for engine in self._opened.values() if isinstance(engine, CountsWork)]
        return RecogniserWork(
            waiting=sum(work.waiting for work in counted),
            oldest_s=max((work.oldest_s for work in counted), default=0.0),
            done=sum(work.done for work in counted),
            wasted=sum(work.wasted for work in counted),
            refused=sum(work.refused for work in counted),
        )

    def keeps_up(self) -> bool:
        return all(engine.keeps_up() for engine in self._opened.values() if isinstance(engine, KeepsUp))

    async def warm_up(self) -> None:
        await asyncio.gather(*(engine.warm_up() for engine in self._opened.values()))

    async def close(self) -> None:
        await asyncio.gather(*(engine.close() for engine in self._opened.values()))

    def _of(self, hotline: str) -> Engine:
        return self._open(self._settings.speech.recognisers.get(hotline, self._default))

    def _open(self, choice: RecogniserChoice) -> Engine:
        if choice not in self._opened:
            self._opened[choice] = self._engines[choice.engine](self._settings, choice, self._packs, self._open)
        return self._opened[choice]


def of_hotline(settings: Settings, packs: Packs, hotline: str) -> Recognisers:
    """What hears one hotline's callers, no other's model loaded. Raises `NotPrepared`, `SettingsError`."""
    if hotline not in packs:
        raise SettingsError(f"没有叫 {hotline} 的热线：可以写 {'、'.join(packs)}。")
    chosen = settings.speech.recognisers
    choice = chosen.get(hotline, chosen.get(DEFAULT, RecogniserChoice()))
    alone = replace(settings, speech=replace(settings.speech, recognisers={DEFAULT: choice}))
    return Recognisers(alone, {hotline: packs[hotline]})
