"""Misheard terms of what any recogniser heard, repaired. What was heard stays as another hypothesis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ivr.call.ports import Heard, Hint, RepairedTerm
from ivr.packs import Pack
from ivr.speech.repair.lexicon import of_packs
from ivr.speech.repair.sounds import Sounds
from ivr.speech.repair.terms import Repair, Repairer, repaired
from ivr.speech.repair.words import Words

NOT_FOR = frozenset({"contact_name", "contact_number", "address"})
"""Answers that hold names and numbers, which no lexicon has."""
SURE = 0.84
"""Confidence from which a caller's words are repaired; what is less sure stays another hypothesis. With a hotline's
whole lexicon four changes to openings that were right lie below, none above (tests/benches/terms_bench.py)."""


class Repairing:
    """Repairs what is heard by the lexicon of the call's hotline. A pack's index is made once."""

    def __init__(self, packs: Mapping[str, Pack], sounds: Sounds, words: Callable[[], Words]) -> None:
        """`words` is asked for when they are first needed: reading them takes a second."""
        self._packs = packs
        self._sounds = sounds
        self._words = words
        self._made: dict[str, tuple[Pack, Repairer]] = {}

    def warm_up(self) -> None:
        """So that no caller waits for an index."""
        for hotline in self._packs:
            self._of(hotline)

    async def revise(self, heard: Heard, hint: Hint) -> Heard:
        """`repair`, beside the event loop."""
        return await asyncio.to_thread(self.repair, heard, hint)

    def repair(self, heard: Heard, hint: Hint) -> Heard:
        """What is sure enough is repaired; what may be is another hypothesis. No words are surer than their repair."""
        repairer = self._of(hint.hotline)
        if not heard.text or repairer is None or NOT_FOR.intersection(hint.asks):
            return heard
        found = repairer.repairs(heard.text, hint.asks, heard.alternatives)
        sure = tuple(each for each in found if each.confidence >= SURE)
        texts = dict.fromkeys((heard.text, *_offered(heard.text, found), *heard.alternatives))
        text = repaired(heard.text, sure)
        others = tuple(each for each in texts if each != text)
        confidence = min(heard.confidence, *(each.confidence for each in sure)) if sure else heard.confidence
        return replace(heard, text=text, alternatives=others, confidence=confidence, repairs=tuple(map(_told, sure)))

    def _of(self, hotline: str) -> Repairer | None:
        pack = self._packs.get(hotline)
        if pack is None:
            return None
        made = self._made.get(hotline)
        if made is None or made[0] is not pack:
            made = self._made[hotline] = (pack, Repairer(of_packs([pack]), self._sounds, self._words()))
        return made[1]


def _offered(text: str, found: Sequence[Repair]) -> tuple[str, ...]:
    """The text with what may have been meant, where there is such."""
    return (repaired(text, found, least=0.0),) if found else ()


def _told(repair: Repair) -> RepairedTerm:
    return RepairedTerm(repair.heard, repair.meant, repair.confidence)
