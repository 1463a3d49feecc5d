"""Implements `Recogniser` with Whisper: decodings in worker processes, begun early, re-used or given up.

A decoding cannot be stopped inside the model; so one whose result nobody waits for is dropped before it starts or
between encoder and decoder, and two run side by side, so that the real one need not wait for an abandoned one. A thread
waits for each process.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from ivr.audio import FRAME_BYTES, RATE, to_samples
from ivr.call.ports import Heard, Hint, RecogniserWork
from ivr.errors import SpeechFailed
from ivr.packs import Pack
from ivr.settings import Settings
from ivr.speech.hypotheses import Decoded, heard
from ivr.speech.prompting import prompt, terms
from ivr.speech.simplified import simplifier
from ivr.speech.whisper_processes import WhisperProcesses

log = logging.getLogger(__name__)

PARALLEL = 2
"""Decodings at a time; more would only slow each other on two cores."""
WAITING = 8
"""Decodings that may wait; beyond, the recogniser has fallen behind and says so."""
LATE_S = 4.0
"""New calls go to humans while one has waited longer than this: a decoding takes half a second."""
LEAST_S = 0.1
"""Less sound than this holds no word."""
SILENT_DBOV = -60.0
"""Sound whose loudest frame is below this is the line's own: Whisper would put words of its prompt into it."""
QUIET_DB = 20.0
"""Sound this far below the utterance's loudest is a pause: it changes nothing that was recognised."""


class Model(Protocol):
    """What decodes, called from threads (`WhisperProcesses`)."""

    @property
    def pids(self) -> Sequence[int]:
        """Of the processes that can."""

    def decode(
        self, pcm: bytes, prompt: str, terms: Sequence[str], beam: int, abandoned: Callable[[], bool]
    ) -> Decoded | None: ...

    def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Decoding:
    heard_bytes: int
    """How much of the utterance it covers."""
    future: asyncio.Future[Heard]
    stale: bool = False
    """Speech went on after it began."""
    took_s: float = 0.0
    """How long it has had a thread."""
    waiters: int = 0
    asked: float = field(default_factory=time.monotonic)

    @property
    def abandoned(self) -> bool:
        return self.stale and not self.waiters


class WhisperListening:
    """Implements `Listening`."""

    def __init__(self, recogniser: WhisperRecogniser, hint: Hint) -> None:
        self._recogniser = recogniser
        self._hint = hint
        self._pcm = bytearray()
        self._decoding: _Decoding | None = None
        self._thrown_away: list[_Decoding] = []
        self._words = ""

    @property
    def streams(self) -> bool:
        return False

    def partial(self) -> str:
        """The words of the last decoding, which covers the sound up to the last pause."""
        return self._words

    def feed(self, pcm: bytes) -> None:
        self._pcm += pcm
        running = self._decoding
        if running and not self._only_silence_since(running.heard_bytes):
            running.stale = True
            self._thrown_away.append(running)
            self._decoding = None

    async def result(self) -> Heard:
        """Re-uses the decoding under way or done when only silence came since; else begins another."""
        running = self._decoding
        if running is None or running.future.cancelled():
            running = _Decoding(len(self._pcm), asyncio.get_running_loop().create_future())
            self._decoding = running
            self._recogniser.submit(bytes(self._pcm), self._hint, running)
        running.waiters += 1
        try:
            # Shielded: who gives up waiting does not take the result from who asks again a moment later.
            heard = await asyncio.shield(running.future)
            self._words = heard.text
            wasted = self._thrown_away
            return replace(heard, wasted=len(wasted), wasted_s=round(sum(each.took_s for each in wasted), 3))
        finally:
            running.waiters -= 1

    def _only_silence_since(self, position: int) -> bool:
        before, after = _frame_powers(self._pcm[:position]), _frame_powers(self._pcm[position:])
        if not len(after):
            return True
        return len(before) > 0 and bool(after.max() < before.max() * 10 ** (-QUIET_DB / 10))


class WhisperRecogniser:
    """Whisper for all calls of this process."""

    def __init__(self, settings: Settings, packs: Mapping[str, Pack], model: Model | None = None) -> None:
        """Loads the model (some seconds). Raises `NotPrepared`."""
        self._packs = packs
        self._beam = settings.speech.beam
        self._model: Model = model or WhisperProcesses(settings.tools / "models" / "whisper-base", PARALLEL)
        self._simplify = simplifier()
        self._threads = ThreadPoolExecutor(PARALLEL, thread_name_prefix="whisper")
        self._waiting: set[_Decoding] = set()
        self._done = self._wasted = self._refused = 0

    def work(self) -> RecogniserWork:
        return RecogniserWork(
            waiting=len(self._waiting), oldest_s=self._oldest_s(),
            done=self._done, wasted=self._wasted, refused=self._refused,
        )  # fmt: skip

    def keeps_up(self) -> bool:
        return bool(self._model.pids) and len(self._waiting) < WAITING and self._oldest_s() < LATE_S

    def listen(self, hint: Hint) -> WhisperListening:
        return WhisperListening(self, hint)

    def submit(self, pcm: bytes, hint: Hint, decoding: _Decoding) -> None:
        """Have `decoding.future` told what was heard. Its error is `SpeechFailed`."""
        if len(pcm) < LEAST_S * RATE * 2:
            decoding.future.set_result(Heard(text="", confidence=0.0))
            return
        if len(self._waiting) >= WAITING:
            self._refused += 1
            decoding.future.set_exception(
                SpeechFailed("识别跟不上来电：同时说话的人太多，请减少并发来电或增加处理器。")
            )
            return
        loop = asyncio.get_running_loop()
        self._waiting.add(decoding)

        def work() -> Heard | None:
            began = time.monotonic()
            try:
                return self.recognise(pcm, hint, lambda: decoding.abandoned)
            finally:
                decoding.took_s = time.monotonic() - began

        job = loop.run_in_executor(self._threads, work)
        job.add_done_callback(lambda done: self._deliver(done, decoding))

    def recognise(self, pcm: bytes, hint: Hint, abandoned: Callable[[], bool] = lambda: False) -> Heard | None:
        """One utterance, here and now (blocks). None when abandoned. Raises `SpeechFailed`."""
        if abandoned():
            return None
        if _silent(pcm):
            return Heard(text="", confidence=0.0)
        pack = self._packs.get(hint.hotline)
        given, known = prompt(hint, pack), terms(hint, pack)
        decoded: Decoded | None = self._model.decode(pcm, given, known, self._beam, abandoned)
        if decoded is None:
            return None
        return heard(
            decoded.hypotheses, no_speech=decoded.no_speech, prompt=given, terms=known, simplify=self._simplify
        )

    def _deliver(self, job: asyncio.Future[Heard | None], decoding: _Decoding) -> None:
        self._waiting.discard(decoding)
        self._wasted += decoding.stale
        self._done += not decoding.stale
        future = decoding.future
        if future.done():
            return
        if job.cancelled():
            future.cancel()
        elif error := job.exception():
            log.error("recognition failed", exc_info=error)
            failure = error if isinstance(error, SpeechFailed) else SpeechFailed(f"识别失败：{error}。")
            future.set_exception(failure)
            future.exception()  # may have no one waiting: an abandoned decoding's failure is not news
        elif (said := job.result()) is None:
            future.cancel()
        else:
            future.set_result(said)

    async def warm_up(self) -> None:
        """The first decodings allocate and are several times slower: have them before a call does."""
        noise = np.random.default_rng(0).normal(0, 300, 2 * RATE).astype("<i2").tobytes()
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(self._threads, self.recognise, noise, Hint("")) for _ in range(PARALLEL))
        )

    async def close(self) -> None:
        """Decodings not yet begun are dropped, those that run end with their processes."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._model.close()

    def _oldest_s(self) -> float:
        now = time.monotonic()
        return round(max((now - one.asked for one in self._waiting), default=0.0), 3)


def _silent(pcm: bytes) -> bool:
    powers = _frame_powers(pcm)
    return len(powers) > 0 and bool(powers.max() < 10 ** (SILENT_DBOV / 10))


def _frame_powers(pcm: bytes | bytearray) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    whole = bytes(pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES])
    return np.mean(to_samples(whole).reshape(-1, FRAME_BYTES // 2) ** 2, axis=1) if whole else np.zeros(0, np.float32)
