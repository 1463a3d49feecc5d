"""Implements `Recogniser` with a streaming model of sherpa-onnx in this process.

Transducers are told the answers to the last question and the hotline's terms as hotwords. A result that they raised and
that is hardly sure is heard again without them, from the same sound: both readings go on, and whether they agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import soxr

from ivr.audio import RATE, Samples, to_samples
from ivr.call.ports import Hint
from ivr.errors import SpeechFailed
from ivr.packs import Pack
from ivr.settings import RecogniserChoice
from ivr.speech import sherpa_model, sherpa_results
from ivr.speech.hotwords import hotwords
from ivr.speech.prompting import expected
from ivr.speech.sherpa_files import SherpaFiles
from ivr.speech.sherpa_model import FAULTS, SherpaModel
from ivr.speech.streaming import Segment, StreamingRecogniser

SURE = 0.7
"""Confidence from which what hotwords raised is believed."""


class SherpaDecoder:
    """Implements `StreamDecoder`."""

    def __init__(self, model: SherpaModel, words: str) -> None:
        """`words`: hotwords as a stream takes them. Raises `SpeechFailed`."""
        self._model = model
        self._words = words
        self._sound: list[Samples] = []
        """Of the open segment, kept only beside hotwords."""
        self._open()

    def accept(self, pcm: bytes) -> None:
        samples = self._resampler.resample_chunk(to_samples(pcm))
        self._keep(samples)
        try:
            self._model.decode(self._stream, samples)
        except FAULTS as error:
            raise self._failed(error) from error

    def partial(self) -> str:
        try:
            return str(self._model.raw.get_result_all(self._stream).text).replace(sherpa_results.UNKNOWN, "").strip()
        except FAULTS as error:
            raise self._failed(error) from error

    def finish(self) -> Segment:
        last = self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        self._keep(last)
        try:
            self._model.decode(self._stream, last)
            raw = self._model.finish(self._stream)
            segment = self._weighed(_segment(raw), raised=any(boost > 0 for boost in raw.context_scores))
        except FAULTS as error:
            raise self._failed(error) from error
        self._open()
        return segment

    def _open(self) -> None:
        """A stream takes no sound after its result."""
        self._sound.clear()
        self._resampler = soxr.ResampleStream(RATE, sherpa_model.RATE, 1, dtype="float32")
        try:
            self._stream: Any = self._model.stream(self._words)
        except FAULTS as error:
            raise self._failed(error) from error

    def _keep(self, samples: Samples) -> None:
        if self._words:
            self._sound.append(samples)

    def _weighed(self, segment: Segment, raised: bool) -> Segment:
        if not raised or segment.confidence >= SURE:
            return segment
        stream = self._model.stream()
        self._model.decode(stream, np.concatenate(self._sound))
        return sherpa_results.of_two(segment, _segment(self._model.finish(stream)))

    def _failed(self, error: Exception) -> SpeechFailed:
        return SpeechFailed(f"sherpa-onnx 模型 {self._model.files.folder.name} 没有识别成这句话：{error}。")


def _segment(raw: Any) -> Segment:
    return sherpa_results.segment(raw.text, raw.ys_probs, raw.context_scores)


class SherpaRecogniser(StreamingRecogniser):
    def __init__(self, files: SherpaFiles, choice: RecogniserChoice, packs: Mapping[str, Pack]) -> None:
        """Loads the model, which was tried before (seconds). Raises `NotPrepared`."""
        self._model = SherpaModel(files, choice.hotwords_score)
        self._packs = packs
        super().__init__("sherpa", choice.threads)

    def decoder(self, hint: Hint) -> SherpaDecoder:
        said = expected(hint, self._packs.get(hint.hotline)) if self._model.hotwords else ()
        return SherpaDecoder(self._model, hotwords(said, self._model.files))
