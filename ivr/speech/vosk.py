"""Implements `Recogniser` with a Vosk model in this process: streaming, at the line's 8 kHz.

A closed question is heard with its answers as grammar. What does not fit them (words outside, or hardly sure) is heard
again without, from the same sound: a caller who says more than yes is understood.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import vosk

from ivr.audio import RATE
from ivr.call.ports import Hint
from ivr.errors import NotPrepared, SpeechFailed, WireError
from ivr.settings import RecogniserChoice
from ivr.speech import vosk_results
from ivr.speech.grammar import UNKNOWN, fits, grammar, phrases
from ivr.speech.streaming import Segment, StreamingRecogniser

ACOUSTIC = ("am/final.mdl", "final.mdl")
"""Where a model folder holds its acoustic model: in today's layout and in that of before 2020."""

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

    def knows(self, word: str) -> bool:
        return int(self.raw.vosk_model_find_word(word)) >= 0

    def recogniser(self, words: Sequence[str], alternatives: int) -> Any:
        """Raises `SpeechFailed`."""
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
    """Did the recogniser close a segment? Raises `SpeechFailed`."""
    try:
        return bool(raw.AcceptWaveform(pcm))
    except Exception as error:  # a bare one, as ever with vosk
        raise SpeechFailed(f"Vosk 没有识别成这句话：{error}。") from error


class VoskDecoder:
    """Implements `StreamDecoder`."""

    def __init__(self, model: VoskModel, words: Sequence[str], alternatives: int) -> None:
        self._model = model
        self._words = words
        self._alternatives = alternatives
        self._raw = self._opened()
        self._sound = bytearray()
        """Of the open segment, kept only beside a grammar."""

    def accept(self, pcm: bytes) -> Segment | None:
        if self._words:
            self._sound += pcm
        return self._checked(self._raw.Result()) if accept(self._raw, pcm) else None

    def partial(self) -> str:
        return (vosk_results.partial(self._raw.PartialResult()) or "").replace(UNKNOWN, "").strip()

    def finish(self) -> Segment:
        segment = self._checked(self._raw.FinalResult())
        self._raw = self._opened()  # after its final result, a recogniser's adaptation is that of the old segment
        return segment

    def _opened(self) -> Any:
        return self._model.recogniser(self._words, self._alternatives)

    def _checked(self, told: str) -> Segment:
        segment = _segment(told)
        sound = bytes(self._sound)
        self._sound.clear()
        if not sound or fits(segment.text, segment.confidence):
            return segment
        freely = self._model.recogniser((), self._alternatives)
        accept(freely, sound)
        return _segment(freely.FinalResult())


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

    def decoder(self, hint: Hint) -> VoskDecoder:
        words = grammar(self._expected(hint), self._model.knows) if self._choice.grammar else ()
        return VoskDecoder(self._model, words, self._choice.alternatives)
