"""Speaks a reply: recordings where there are some, engines for the rest; while a clause plays, the next are made."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from itertools import islice

from ivr.audio import seconds
from ivr.speech.clauses import Clause, clauses
from ivr.speech.engine import Urgency
from ivr.speech.fallback import Fallback, Made
from ivr.speech.recordings import NONE, Recorded, Recordings, sound
from ivr.speech.spoken import spoken

AHEAD = 2
"""Clauses that are made while one plays."""
KEPT_RECORDINGS = 200
"""Decoded recordings in memory; of more, the longest unused go."""


class Speaker:
    """Implements `Voice`: what one hotline speaks with."""

    def __init__(self, engines: Fallback, loudness_dbov: float, recordings: Recordings = NONE) -> None:
        self._engines = engines
        self._loudness_dbov = loudness_dbov
        self._recordings = recordings
        self._decoded: OrderedDict[Recorded, bytes | None] = OrderedDict()

    async def say(self, text: str) -> AsyncGenerator[bytes, None]:
        """A clause (or recording) at a time. Raises `SpeechFailed`."""
        loop = asyncio.get_running_loop()
        rest = iter(self.plan(text))
        making: deque[tuple[Clause | Recorded, asyncio.Task[Made]]] = deque()
        rank, began, said_s = 0, loop.time(), 0.0
        try:
            # The first clause alone: the caller waits for it, and it settles which engine speaks the reply.
            making += [(part, loop.create_task(self._make(part, Urgency.NOW, 0, 0.0))) for part in islice(rest, 1)]
            while making:
                part, task = making.popleft()
                made = await task
                if made.rank < rank:  # begun before the reply fell to another voice
                    made = await self._make(part, Urgency.NOW, rank, 0.0)
                rank = max(rank, made.rank)
                began = began if said_s else loop.time()
                said_s += seconds(made.pcm)
                spare_s = max(0.0, said_s - (loop.time() - began))
                more = islice(rest, AHEAD - len(making))
                making += [(part, loop.create_task(self._make(part, Urgency.NEXT, rank, spare_s))) for part in more]
                yield made.pcm
        finally:
            for _, task in making:
                task.cancel()
            await asyncio.gather(*(task for _, task in making), return_exceptions=True)

    def plan(self, text: str) -> list[Clause | Recorded]:
        """What is said one after the other."""
        said = spoken(text) if self._engines.language == "zh" else text
        planned: list[Clause | Recorded] = []
        for part in self._recordings.cut(said):
            planned += [part] if isinstance(part, Recorded) else clauses(part)
        return planned

    async def _make(self, part: Clause | Recorded, urgency: Urgency, rank: int, spare_s: float) -> Made:
        if isinstance(part, Clause):
            return await self._engines.speak(part, urgency, rank=rank, spare_s=spare_s)
        pcm = await self._recorded(part)
        if pcm is not None:
            return Made(pcm, rank)
        made = [await self._engines.speak(clause, urgency, rank=rank) for clause in clauses(part.text)]
        return Made(b"".join(one.pcm for one in made), max(one.rank for one in made))

    async def _recorded(self, part: Recorded) -> bytes | None:
        if part not in self._decoded:
            self._decoded[part] = await asyncio.to_thread(sound, part, self._loudness_dbov)
            while len(self._decoded) > KEPT_RECORDINGS:
                self._decoded.popitem(last=False)
        self._decoded.move_to_end(part)
        return self._decoded[part]

    async def close(self) -> None:
        await self._engines.close()
