"""Several engines, best first: what one cannot say, or an online one not in time, the next one says.

What was said once comes from the store, by whichever engine. A result that comes too late is kept for the next time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.errors import SpeechFailed
from ivr.speech.breaker import Advice, Breaker
from ivr.speech.cache import SharedStore
from ivr.speech.clauses import Clause
from ivr.speech.engine import Engine, Urgency

log = logging.getLogger(__name__)

MOST_LATE = 16
"""Clauses of an online engine that are still awaited for the store; more are not asked for."""


@dataclass(frozen=True, slots=True)
class Made:
    pcm: bytes
    rank: int
    """Which engine said it: the rest of a reply begins with that one, so that the voice does not go back and forth."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An engine with what is known of it; shared by the hotlines that use it."""

    engine: Engine
    breaker: Breaker


class Fallback:
    def __init__(self, engines: Sequence[Ranked], store: SharedStore, patience_s: float) -> None:
        self._engines = tuple(engines)
        self._store = store
        self._patience_s = patience_s
        self._late: dict[tuple[str, str], asyncio.Task[bytes]] = {}
        """By fingerprint and text: what an online engine is saying now."""

    @property
    def language(self) -> str:
        return self._engines[0].engine.language

    async def speak(
        self, clause: Clause, urgency: Urgency = Urgency.NOW, *, rank: int = 0, spare_s: float = 0.0
    ) -> Made:
        """`rank`: the first engine to ask. `spare_s`: what the caller still has to listen to. Raises `SpeechFailed`."""
        last = len(self._engines) - 1
        for number, each in enumerate(self._engines):
            if number < rank:
                continue
            stored = await self._store.get(each.engine.fingerprint, clause.text)
            if stored is not None:
                return Made(stored, number)
            if each.engine.online:
                patience_s = self._patience_s + spare_s if number < last else None
                pcm = await self._in_time(each, clause, urgency, patience_s)
                if pcm is not None:
                    return Made(pcm, number)
                continue
            try:
                return Made(await self._make(each.engine, clause, urgency), number)
            except SpeechFailed as error:
                if number == last:
                    raise
                log.warning("%s", error)
        raise SpeechFailed(f"没有一个音色能说“{clause.text}”：请看日志，或在 speech.voices 末尾加一个本机的音色。")

    async def render(self, clause: Clause) -> None:
        """Has the clause said for the store: by the first engine of this machine, and by the online ones before it.
        Raises `SpeechFailed`."""
        for each in self._engines:
            engine = each.engine
            if await self._store.get(engine.fingerprint, clause.text) is None:
                await self._render(each, clause)
            if not engine.online:
                return

    async def _render(self, each: Ranked, clause: Clause) -> None:
        now = asyncio.get_running_loop().time
        if each.engine.online and each.breaker.advice(now()) is Advice.LEAVE:
            return
        try:
            await self._make(each.engine, clause, Urgency.AHEAD)
        except SpeechFailed as error:
            if not each.engine.online:
                raise
            self._missed(each, now())
            log.info("%s", error)

    async def _in_time(self, each: Ranked, clause: Clause, urgency: Urgency, patience_s: float | None) -> bytes | None:
        """None: it rests, or is away or too late. Without a limit to the patience nobody could speak in its place."""
        now = asyncio.get_running_loop().time
        advice = each.breaker.advice(now())
        if advice is Advice.LEAVE or len(self._late) >= MOST_LATE:
            return None
        asked = self._asked(each, clause, urgency)
        if advice is Advice.PROBE and patience_s is not None:
            return None
        done, _ = await asyncio.wait([asked], timeout=patience_s)
        if done and not asked.exception():
            if patience_s is None:
                each.breaker.good()
            return asked.result()
        self._missed(each, now())
        return None

    def _asked(self, each: Ranked, clause: Clause, urgency: Urgency) -> asyncio.Task[bytes]:
        """The engine at work on the clause; two callers share one."""
        key = each.engine.fingerprint, clause.text
        if key not in self._late:
            loop = asyncio.get_running_loop()
            task = loop.create_task(self._timed(each, clause, urgency), name=f"voice {each.engine.fingerprint}")
            self._late[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return self._late[key]

    async def _timed(self, each: Ranked, clause: Clause, urgency: Urgency) -> bytes:
        now = asyncio.get_running_loop().time
        began = now()
        pcm = await each.engine.speak(clause, urgency)
        if now() - began <= self._patience_s:
            each.breaker.good()
        await self._store.put(each.engine.fingerprint, clause.text, pcm)
        return pcm

    def _missed(self, each: Ranked, now: float) -> None:
        if each.breaker.missed(now):
            log.warning("在线音色 %s 慢或不在，先用下一个。", each.engine.fingerprint)

    def _forget(self, key: tuple[str, str], task: asyncio.Task[bytes]) -> None:
        del self._late[key]
        if not task.cancelled() and task.exception():
            log.info("%s", task.exception())

    async def _make(self, engine: Engine, clause: Clause, urgency: Urgency) -> bytes:
        pcm = await engine.speak(clause, urgency)
        await self._store.put(engine.fingerprint, clause.text, pcm)
        return pcm

    async def close(self) -> None:
        """What is still awaited is given up; the engines go on."""
        late = list(self._late.values())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
