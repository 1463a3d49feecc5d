"""Any recogniser, with what it heard revised before anybody sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ivr.call.ports import Heard, Hint, Listening, Recogniser

Revise = Callable[[Heard, Hint], Awaitable[Heard]]
"""What was heard and what was expected → what is to be understood."""


@dataclass(frozen=True, slots=True)
class _RevisedListening:
    """Implements `Listening`."""

    listening: Listening
    revise: Revise
    hint: Hint

    @property
    def streams(self) -> bool:
        return self.listening.streams

    def feed(self, pcm: bytes) -> None:
        self.listening.feed(pcm)

    def partial(self) -> str:
        return self.listening.partial()

    async def result(self) -> Heard:
        return await self.revise(await self.listening.result(), self.hint)


class RevisedRecogniser:
    """Implements `Recogniser` around another."""

    def __init__(self, recogniser: Recogniser, revise: Revise) -> None:
        self._recogniser = recogniser
        self._revise = revise

    def listen(self, hint: Hint) -> Listening:
        return _RevisedListening(self._recogniser.listen(hint), self._revise, hint)

    async def close(self) -> None:
        await self._recogniser.close()
