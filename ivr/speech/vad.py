"""Implements `VoiceActivity` with Silero VAD in onnxruntime: 8 kHz, windows of 32 ms fed from 20 ms frames."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from ivr.audio import RATE, to_samples
from ivr.settings import Settings
from ivr.speech.onnx import open_model

WINDOW = 256
"""Samples of one decision at 8 kHz (32 ms)."""
CONTEXT = 32
"""Samples of the window before that the model sees again."""


class SileroVad:
    """Voice activity of one call; the model itself is shared."""

    def __init__(self, model: ort.InferenceSession) -> None:
        self._model = model
        self._rate = np.array(RATE, np.int64)
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)
        self._pending = np.zeros(0, np.float32)
        self._probability = 0.0

    def feed(self, pcm: bytes) -> float:
        """Probability of the last whole window; between two windows it stays."""
        self._pending = np.concatenate([self._pending, to_samples(pcm)])
        while len(self._pending) >= WINDOW:
            window, self._pending = self._pending[:WINDOW], self._pending[WINDOW:]
            inputs = {"input": np.concatenate([self._context, window])[None], "state": self._state, "sr": self._rate}
            output, self._state = self._model.run(None, inputs)
            self._context = window[-CONTEXT:]
            self._probability = float(output[0, 0])
        return self._probability


class SileroVads:
    """Makes one `SileroVad` a call, all on one loaded model."""

    def __init__(self, settings: Settings) -> None:
        """Raises `NotPrepared`."""
        self._model = open_model(settings.tools / "models" / "silero-vad" / "silero_vad.onnx", "语音活动检测")

    def __call__(self) -> SileroVad:
        return SileroVad(self._model)
