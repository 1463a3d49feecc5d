"""A streaming model of sherpa-onnx, loaded. Its own endpointing stays off: turns are ours.

Only models that passed `ivr.speech.sherpa_trial` may be loaded into the line's process: a wrong one ends the process it
is loaded into, without an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sherpa_onnx

from ivr.audio import Samples
from ivr.errors import NotPrepared
from ivr.speech.sherpa_files import Kind, SherpaFiles, refusal

RATE = 16000
"""That the models are trained at. Sound is resampled before it is given: sherpa-onnx would say so on the error output,
for each utterance."""
FAULTS = (RuntimeError, ValueError, IndexError)
"""What C++ exceptions become on their way through pybind11; text that is not UTF-8 is a `ValueError`."""
LONGEST_CHUNK_S = 5.0
LOOKAHEAD_S = 0.2
"""Sound after the end of a chunk that its last words wait for."""


def _common(files: SherpaFiles) -> dict[str, Any]:
    return {"tokens": str(files.tokens), "num_threads": 1, "enable_endpoint_detection": False}


def _transducer(files: SherpaFiles, hotwords_score: float) -> Any:
    networks = {role: str(file) for role, file in files.networks.items()}
    if not hotwords_score or not files.unit:
        return sherpa_onnx.OnlineRecognizer.from_transducer(**networks, **_common(files))
    return sherpa_onnx.OnlineRecognizer.from_transducer(
        **networks,
        **_common(files),
        decoding_method="modified_beam_search",
        hotwords_score=hotwords_score,
        modeling_unit=files.unit,
        bpe_vocab=str(files.bpe_vocab or ""),
    )


def _paraformer(files: SherpaFiles, hotwords_score: float) -> Any:
    networks = {role: str(file) for role, file in files.networks.items()}
    return sherpa_onnx.OnlineRecognizer.from_paraformer(**networks, **_common(files))


def _ctc(files: SherpaFiles, hotwords_score: float) -> Any:
    return sherpa_onnx.OnlineRecognizer.from_zipformer2_ctc(model=str(files.networks["model"]), **_common(files))


LOAD: Mapping[Kind, Callable[[SherpaFiles, float], Any]] = {
    "transducer": _transducer, "paraformer": _paraformer, "ctc": _ctc,
}  # fmt: skip


class SherpaModel:
    def __init__(self, files: SherpaFiles, hotwords_score: float) -> None:
        """Takes seconds. Raises `NotPrepared`; a model that is none may end the process."""
        self.files = files
        self.hotwords = bool(hotwords_score) and files.kind == "transducer" and bool(files.unit)
        try:
            self.raw = LOAD[files.kind](files, hotwords_score)
            self.tail = np.zeros(round((self._chunk_s() + LOOKAHEAD_S) * RATE), np.float32)
        except FAULTS as error:
            raise NotPrepared(refusal(files.folder, str(error))) from error

    def stream(self, hotwords: str = "") -> Any:
        """Raises `FAULTS`, as do the next two."""
        return self.raw.create_stream(hotwords) if hotwords and self.hotwords else self.raw.create_stream()

    def decode(self, stream: Any, samples: Samples) -> None:
        """`samples` of `RATE`."""
        stream.accept_waveform(RATE, samples)
        while self.raw.is_ready(stream):
            self.raw.decode_stream(stream)

    def finish(self, stream: Any) -> Any:
        """The result of the whole stream, which takes no sound any more."""
        stream.accept_waveform(RATE, self.tail)
        stream.input_finished()
        while self.raw.is_ready(stream):
            self.raw.decode_stream(stream)
        return self.raw.get_result_all(stream)

    def _chunk_s(self) -> float:
        """Sound that the model waits for before it decodes any."""
        stream, step = self.raw.create_stream(), np.zeros(RATE // 100, np.float32)
        for count in range(1, round(LONGEST_CHUNK_S * 100)):
            stream.accept_waveform(RATE, step)
            if self.raw.is_ready(stream):
                return count / 100
        return LONGEST_CHUNK_S
