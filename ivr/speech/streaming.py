"""Implements `Listening` for engines that decode while the caller speaks: the work in threads, in order.

An engine brings a `StreamDecoder`: sound goes in, words so far come out, and `finish` closes a segment. A result may be
asked for as soon as the caller pauses: silence after it is not decoded, and changes nothing. When speech goes on after
all, the segment that was closed is decoded once more and goes on too, so no sentence is torn at its pauses.
"""

from __future__ import annotations

import asyncio
import math
import re
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from ivr.audio import RATE, frame_dbov, frames, seconds
from ivr.call.ports import Heard, Hint, RecogniserWork
from ivr.errors import SpeechFailed

NO_MEASURE = 0.6
"""Confidence of words that come with none: somewhat above the threshold for asking again."""
WARM_UP_S = 1.0
BEHIND_S = 2.0
"""Sound that waits to be decoded for longer than this, and the recogniser has fallen behind."""
QUIET_DB = 20.0
"""Sound this far below the utterance's loudest is a pause."""
REOPENED_S = 10.0
"""A longer segment that was closed too early is not decoded again: the rest becomes a segment of its own."""
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
"""Engines put a space between words, Chinese has none."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an utterance that is decoded for good."""

    text: str
    confidence: float
    """0…1."""
    alternatives: tuple[str, ...] = ()


class StreamDecoder(Protocol):
    """One utterance inside an engine. Blocks; used by one thread at a time. All raise `SpeechFailed`."""

    def accept(self, pcm: bytes) -> Segment | None:
        """Decode on. A segment when the engine closed one of itself."""

    def partial(self) -> str:
        """Words of the open segment."""

    def finish(self) -> Segment:
        """Close the open segment; sound after it opens another."""


def unspaced(text: str) -> str:
    return _BETWEEN_HAN.sub("", text.strip())


def joined(segments: Sequence[Segment]) -> Heard:
    """The segments in order; confidence weighed by length; alternatives only where one segment is the whole."""
    told = [segment for segment in segments if segment.text]
    if not told:
        return Heard(text="", confidence=0.0)
    length = sum(len(segment.text) for segment in told)
    sure = sum(segment.confidence * len(segment.text) for segment in told) / length
    text = unspaced(" ".join(segment.text for segment in told))
    others = dict.fromkeys(unspaced(other) for other in told[0].alternatives) if len(told) == 1 else {}
    return Heard(text, round(min(1.0, max(0.0, sure)), 3), tuple(other for other in others if other and other != text))


class StreamEngine:
    """The threads of one engine, and the utterances that they decode now."""

    def __init__(self, threads: int, name: str) -> None:
        self.threads = ThreadPoolExecutor(max(1, threads), thread_name_prefix=name)
        self.done = self.wasted = 0
        self.open: weakref.WeakSet[StreamingListening] = weakref.WeakSet()

    def work(self) -> RecogniserWork:
        behind = [listening.behind_s for listening in self.open]
        return RecogniserWork(
            waiting=sum(seconds_ > 0 for seconds_ in behind),
            oldest_s=max(behind, default=0.0),
            done=self.done,
            wasted=self.wasted,
        )

    def keeps_up(self) -> bool:
        return max((listening.behind_s for listening in self.open), default=0.0) < BEHIND_S

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)


class StreamingListening:
    """Implements `Listening`."""

    def __init__(self, engine: StreamEngine, opened: Callable[[], StreamDecoder]) -> None:
        """`opened` makes the decoder, in a thread."""
        self._engine = engine
        self._opened = opened
        self._decoder: StreamDecoder | None = None
        self._one_at_a_time = threading.Lock()
        """Of the threads that decode this utterance."""
        self._lock = threading.Lock()
        """Guards what feeding and decoding share: the next two."""
        self._pending = bytearray()
        self._busy = False
        self._job: asyncio.Future[None] | None = None
        self._finishing: asyncio.Future[None] | None = None
        """The result that was asked for last; None: sound has gone on since."""
        self._after = bytearray()
        """Silence that came after it."""
        self._loudest_dbov = -math.inf
        self._segments: list[Segment] = []
        self._partial = ""
        self._sound = bytearray()
        """Of the open segment; of the last one when none is open."""
        self._open = False
        """Sound was decoded since the last segment."""
        self._finished = False
        """The last segment is one that a result closed."""
        self._reopens = False
        """That was too early."""
        self._wasted = 0
        self._wasted_s = 0.0
        engine.open.add(self)

    @property
    def streams(self) -> bool:
        """A result is quick, right to the last syllable and harmless, which partial words are not."""
        return False

    @property
    def behind_s(self) -> float:
        """Sound that is not decoded yet."""
        return seconds(bytes(self._pending))

    def feed(self, pcm: bytes) -> None:
        level = max((frame_dbov(frame) for frame in frames(pcm)), default=-math.inf)
        if self._finishing and level <= self._loudest_dbov - QUIET_DB:
            self._after += pcm
            return
        self._loudest_dbov = max(self._loudest_dbov, level)
        self._decode(self._gone_on() + pcm if self._finishing else pcm)

    def _decode(self, pcm: bytes) -> None:
        with self._lock:
            self._pending += pcm
            begin, self._busy = not self._busy, True
        if begin:
            self._job = asyncio.get_running_loop().run_in_executor(self._engine.threads, self._decode_pending)

    def partial(self) -> str:
        return unspaced(" ".join([*(segment.text for segment in self._segments), self._partial]))

    async def result(self) -> Heard:
        """Shielded: who gives up waiting does not stop the decoding of what was said. Who asks again after more sound
        knows better than its loudness whether that was silence: it is decoded."""
        if self._after:
            self._decode(self._gone_on())
        if self._job:
            await asyncio.shield(self._job)
        if not self._finishing:
            self._finishing = asyncio.get_running_loop().run_in_executor(self._engine.threads, self._finish)
        await asyncio.shield(self._finishing)
        self._engine.done += 1
        return replace(joined(self._segments), wasted=self._wasted, wasted_s=round(self._wasted_s, 3))

    def _gone_on(self) -> bytes:
        """The result came too early. Returns the sound that was left out."""
        self._finishing, left_out = None, bytes(self._after)
        self._after.clear()
        self._reopens = True
        return left_out

    def _decode_pending(self) -> None:
        while True:
            with self._lock:
                pcm = bytes(self._pending)
                self._pending.clear()
                if not pcm:
                    self._busy = False
                    return
            try:
                with self._one_at_a_time:
                    self._accept(pcm)
            except SpeechFailed:
                with self._lock:
                    self._busy = False
                raise

    def _accept(self, pcm: bytes) -> None:
        self._decoder = self._decoder or self._opened()
        if self._reopens:
            self._reopen(self._decoder)
        if not self._open:
            self._sound.clear()
            self._finished = False
        self._sound += pcm
        self._take(self._decoder.accept(pcm))
        self._partial = self._decoder.partial()

    def _take(self, segment: Segment | None) -> None:
        self._open = segment is None
        if segment:
            self._segments.append(segment)

    def _reopen(self, decoder: StreamDecoder) -> None:
        self._reopens = False
        if not self._finished or seconds(bytes(self._sound)) > REOPENED_S:
            return
        began = time.monotonic()
        self._segments.pop()
        self._finished = False
        self._take(decoder.accept(bytes(self._sound)))
        self._wasted += 1
        self._engine.wasted += 1
        self._wasted_s += time.monotonic() - began

    def _finish(self) -> None:
        with self._one_at_a_time:
            if self._decoder and self._open:
                self._take(self._decoder.finish())
                self._finished, self._partial = True, ""


class StreamingRecogniser(ABC):
    """Implements `Recogniser` for an engine that makes a decoder for each utterance."""

    def __init__(self, name: str, threads: int) -> None:
        self._engine = StreamEngine(threads, name)

    @abstractmethod
    def decoder(self, hint: Hint) -> StreamDecoder:
        """Called in a thread. Raises `SpeechFailed`."""

    def listen(self, hint: Hint) -> StreamingListening:
        return StreamingListening(self._engine, lambda: self.decoder(hint))

    def work(self) -> RecogniserWork:
        return self._engine.work()

    def keeps_up(self) -> bool:
        return self._engine.keeps_up()

    async def warm_up(self) -> None:
        """The first sound builds what later ones share."""
        listening = self.listen(Hint(""))
        listening.feed(bytes(round(WARM_UP_S * RATE) * 2))
        await listening.result()

    async def close(self) -> None:
        self._engine.close()
        await asyncio.sleep(0)
