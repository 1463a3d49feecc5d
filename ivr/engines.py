"""Hearing and speaking in a process that takes calls. Heavy engines are imported here and nowhere else, and only when
they are wanted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.call import tone
from ivr.call.ports import Conversation, VoiceActivity
from ivr.conversation.servers import LineServers
from ivr.knowledge import Knowledge, Shelf
from ivr.packs import Pack
from ivr.settings import Settings

if TYPE_CHECKING:
    from ivr.line import Engines
    from ivr.speech.recognisers import Recognisers
    from ivr.speech.repair.repairing import Repairing
    from ivr.speech.voices import Voices

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Speech:
    """The heavy engines of a process that takes calls."""

    recogniser: Recognisers
    repairing: Repairing
    voices: Voices
    activity: Callable[[], VoiceActivity]

    def engines(self, conversation: Conversation, servers: LineServers) -> Engines:
        from ivr.line import Engines
        from ivr.speech.revised import RevisedRecogniser

        return Engines(
            activity=self.activity,
            recogniser=RevisedRecogniser(self.recogniser, self.repairing.revise),
            voice_of=lambda call: self.voices.of(call.hotline, servers.data_of(call.call_id)),
            conversation=conversation,
        )

    async def warm_up(self) -> None:
        others = (asyncio.to_thread(warm) for warm in (tone.warm_up, self.repairing.warm_up))
        await asyncio.gather(self.recogniser.warm_up(), self.voices.warm_up(), *others)

    async def close(self) -> None:
        await asyncio.gather(self.recogniser.close(), self.voices.close())


def load_speech(settings: Settings, packs: Mapping[str, Pack]) -> Speech:
    """Raises `NotPrepared`, `SettingsError`."""
    from ivr.speech.recognisers import Recognisers
    from ivr.speech.repair.repairing import Repairing
    from ivr.speech.repair.sounds import load_sounds
    from ivr.speech.repair.words import usual_words
    from ivr.speech.vad import SileroVads
    from ivr.speech.voices import Voices

    data = settings.root / "data"
    repairing = Repairing(packs, load_sounds(data), partial(usual_words, data))
    return Speech(Recognisers(settings, packs), repairing, Voices(settings, packs), SileroVads(settings))


async def make_ahead(voices: Voices, settings: Settings, shelf: Shelf, idle: Callable[[], bool]) -> None:
    """Fixed clauses for the store while nobody calls: a convenience, so its failure is no reason not to take calls."""
    try:
        texts = await asyncio.to_thread(_fixed_clauses, settings, shelf.current)
        await voices.make_ahead(texts, idle)
    except Exception:
        log.exception("no sentences are made ahead of calls")


def _fixed_clauses(settings: Settings, known: Knowledge) -> list[str]:
    from ivr.speech.fixed import fixed_clauses

    dialogue = Path(settings.content or settings.root) / "dialogue"
    fillers = {f"filler {number}": text for number, text in enumerate(known.turn_words.fillers)}
    return fixed_clauses(dialogue, {**fillers, **known.prompts}, known.packs.values())
