"""What the hotlines know (packs, taxonomy, the line's own sentences), in the version that each call has.

Files are read in a thread: the event loop plays sound meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.conversation.wholeness import TurnWords, load_turn_words
from ivr.errors import IvrError
from ivr.packs import Pack, load_packs, load_prompts
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy

log = logging.getLogger(__name__)

FOLLOW_S = 1.0
KEPT = 4
"""Versions in memory: the one at work, those whose last calls go on."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    packs: Mapping[str, Pack]
    taxonomy: Taxonomy
    prompts: Mapping[str, str]
    turn_words: TurnWords


def read_knowledge(data: Path) -> Knowledge:
    """Raises `SettingsError`."""
    return Knowledge(load_packs(data), load_taxonomy(data), load_prompts(data), load_turn_words(data))


class Shelf:
    """Versions by folder. `current` is what new calls get."""

    def __init__(self, data: Path) -> None:
        self.current = read_knowledge(data)
        self._at = data
        self._known: OrderedDict[Path, Knowledge] = OrderedDict({data: self.current})

    async def of(self, data: Path) -> Knowledge:
        """Raises `SettingsError`."""
        if data not in self._known:
            self._known[data] = await asyncio.to_thread(read_knowledge, data)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(data)
        return self._known[data]

    async def follow(self, where: Callable[[], Path]) -> None:
        """`current` becomes that of the folder at work, whenever it changes. A version that cannot be read is told
        in the log, and what was known stays."""
        while True:
            data = where()
            if data != self._at:
                self._at = data
                try:
                    self.current = await self.of(data)
                except (IvrError, OSError):
                    log.exception("%s cannot be read; what was known stays", data)
            await asyncio.sleep(FOLLOW_S)


class CurrentPacks(Mapping[str, Pack]):
    """The packs that new calls get, as one mapping that changes by itself."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __getitem__(self, hotline: str) -> Pack:
        return self._shelf.current.packs[hotline]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shelf.current.packs)

    def __len__(self) -> int:
        return len(self._shelf.current.packs)


class CurrentPrompts(Mapping[str, str]):
    """As `CurrentPacks`, the line's own sentences."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __getitem__(self, name: str) -> str:
        return self._shelf.current.prompts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shelf.current.prompts)

    def __len__(self) -> int:
        return len(self._shelf.current.prompts)
