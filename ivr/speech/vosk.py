"""Implements `Recogniser` with a Vosk model in this process: streaming, at the line's 8 kHz.

A closed question is heard with its answers as grammar. What does not fit them (words outside, or hardly sure) is heard
again without, from the same sound: a caller who says more than yes is understood.

A recogniser works its graph out as it goes, most of it in its first words: a new one needs three to eight times the
processor of one that has heard something (docs/adr/0057). So recognisers are handed from utterance to utterance; after
a final result nothing of the last one is left in them but the graph.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import vosk

from ivr.audio import RATE, frames
from ivr.call.ports import Hint
from ivr.errors import NotPrepared, SpeechFailed, WireError
from ivr.settings import RecogniserChoice
from ivr.speech import vosk_results
from ivr.speech.grammar import UNKNOWN, fits, grammar, phrases
from ivr.speech.streaming import WARM_UP_S, Segment, StreamingRecogniser

ACOUSTIC = ("am/final.mdl", "final.mdl")
"""Where a model folder holds its acoustic model: in today's layout and in that of before 2020."""
WARM = 2
"""Recognisers that are ready before the first call. More are made when as many callers speak at once."""
KEPT = 8
"""Recognisers of one kind that are kept while nobody speaks; each holds some tens of megabytes of graph."""

Phrases = Callable[[Hint], Sequence[str]]


class VoskModel:
    """A model folder, loaded."""

    def __init__(self, folder: Path) -> None:
        """Takes seconds. Raises `NotPrepared`."""
        vosk.SetLogLevel(-1)
        self.folder = folder
        if not any((folder / file).is_file() for file in ACOUSTIC):
            raise NotPrepared(
                f"{folder} 不是 Vosk 模型（里面没有 am/final.mdl）：请放一个完整的模型文件夹，或改设置里的 model。"
            )
        try:
            self.raw = vosk.Model(str(folder))
        except Exception as error:  # all that vosk raises is a bare Exception
            raise NotPrepared(f"Vosk 模型 {folder} 读不出来，文件可能不全：请重新解开模型的压缩包。") from error
        self._idle: dict[tuple[tuple[str, ...], int], list[Any]] = {}

    def knows(self, word: str) -> bool:
        return int(self.raw.vosk_model_find_word(word)) >= 0

    def take(self, words: Sequence[str], alternatives: int) -> Any:
        """A recogniser that nobody else uses: as new, but for its graph. Threads may ask at once. Raises
        `SpeechFailed`."""
        try:
            return self._idle[tuple(words), alternatives].pop()
        except (KeyError, IndexError):
            return self._made(words, alternatives)

    def give_back(self, raw: Any, words: Sequence[str], alternatives: int) -> None:
        """`raw` has told its final result."""
        idle = self._idle.setdefault((tuple(words), alternatives), [])
        if len(idle) < KEPT:
            idle.append(raw)

    def _made(self, words: Sequence[str], alternatives: int) -> Any:
        told = [json.dumps(list(words), ensure_ascii=False)] if words else []
        try:
            raw = vosk.KaldiRecognizer(self.raw, float(RATE), *told)
        except Exception as error:  # a bare one, as ever with vosk
            raise SpeechFailed(f"Vosk 模型 {self.folder.name} 不能开始识别：{error}。") from error
        if not words:
            raw.SetMaxAlternatives(alternatives)
        raw.SetWords(True)
        return raw


def accept(raw: Any, pcm: bytes) -> bool:
    """Did the recogniser close a segment? Raises `SpeechFailed`. Frame by frame: given at once, the same sound is
    recognised worse, for the engine learns the voice meanwhile."""
    over = False
    try:
        for frame in frames(pcm):
            over = bool(raw.AcceptWaveform(frame))
    except Exception as error:  # a bare one, as ever with vosk
        raise SpeechFailed(f"Vosk 没有识别成这句话：{error}。") from error
    return over


class VoskDecoder:
    """Implements `StreamDecoder`."""

    def __init__(self, model: VoskModel, words: Sequence[str], alternatives: int) -> None:
        self._model = model
        self._words = words
        self._alternatives = alternatives
        self._raw: Any = None
        """None: nothing was heard since the last final result."""
        self._sound = bytearray()
        """Of the open segment, kept only beside a grammar."""

    def accept(self, pcm: bytes) -> Segment | None:
        if self._raw is None:
            self._raw = self._model.take(self._words, self._alternatives)
        if self._words:
            self._sound += pcm
        return self._checked(self._raw.Result()) if accept(self._raw, pcm) else None

    def partial(self) -> str:
        told = self._raw.PartialResult() if self._raw else "{}"
        return (vosk_results.partial(told) or "").replace(UNKNOWN, "").strip()

    def finish(self) -> Segment:
        raw, self._raw = self._raw, None
        told = raw.FinalResult()
        self._model.give_back(raw, self._words, self._alternatives)
        return self._checked(told)

    def _checked(self, told: str) -> Segment:
        segment = _segment(told)
        sound = bytes(self._sound)
        self._sound.clear()
        if not sound or fits(segment.text, segment.confidence):
            return segment
        freely = self._model.take((), self._alternatives)
        accept(freely, sound)
        told = freely.FinalResult()
        self._model.give_back(freely, (), self._alternatives)
        return _segment(told)


def _segment(told: str) -> Segment:
    try:
        return vosk_results.segment(told)
    except WireError as error:
        raise SpeechFailed(str(error)) from error


class VoskRecogniser(StreamingRecogniser):
    def __init__(self, folder: Path, choice: RecogniserChoice, expected: Phrases = phrases) -> None:
        """Loads the model (seconds). Raises `NotPrepared`."""
        self._model = VoskModel(folder)
        self._choice = choice
        self._expected = expected
        super().__init__("vosk", choice.threads)

    async def warm_up(self) -> None:
        """Nobody's first words wait for the beginning of the graph."""
        await asyncio.get_running_loop().run_in_executor(self._engine.threads, self._warm)

    def _warm(self) -> None:
        for raw in [self._model.take((), self._choice.alternatives) for _ in range(WARM)]:
            accept(raw, bytes(round(WARM_UP_S * RATE) * 2))
            raw.FinalResult()
            self._model.give_back(raw, (), self._choice.alternatives)

    def decoder(self, hint: Hint) -> VoskDecoder:
        words = grammar(self._expected(hint), self._model.knows) if self._choice.grammar else ()
        return VoskDecoder(self._model, words, self._choice.alternatives)
