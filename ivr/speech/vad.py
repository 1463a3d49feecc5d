"""Implements `VoiceActivity` with Silero VAD in onnxruntime: 8 kHz, windows of 32 ms fed from 20 ms frames.

One window costs 0.1–0.2 ms of a core, most of it the model's own overhead; eight at once cost a third of that each. So
the first call that needs an answer has the waiting windows of all calls judged with its own (ADR 0053).
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from ivr.audio import RATE, Samples, to_samples
from ivr.settings import Settings
from ivr.speech.onnx import open_model

WINDOW = 256
"""Samples of one decision at 8 kHz (32 ms)."""
CONTEXT = 32
"""Samples of the window before that the model sees again."""
TOGETHER = 16
"""Windows that are judged at once; more would keep everybody waiting for a millisecond and longer."""

State = npt.NDArray[np.float32]


class SileroVad:
    """Voice activity of one call; the model itself is shared."""

    def __init__(self, all_calls: SileroVads) -> None:
        self._all_calls = all_calls
        self.state: State = np.zeros((2, 128), np.float32)
        """The model's memory."""
        self.due: deque[tuple[int, Samples]] = deque()
        """Frame that completed it, and the window with its context."""
        self.judged: deque[tuple[int, float]] = deque()
        """Frame, and the probability from then on."""
        self._window: Samples = np.zeros(CONTEXT + WINDOW, np.float32)
        self._filled = CONTEXT
        self._expected = self._fed = 0
        """Frames."""
        self._probability = 0.0

    def expect(self, pcm: bytes) -> None:
        self._expected += 1
        samples = to_samples(pcm)
        while len(samples):
            part = samples[: len(self._window) - self._filled]
            self._window[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            samples = samples[len(part) :]
            if self._filled == len(self._window):
                self._complete()

    def feed(self, pcm: bytes) -> float:
        """Probability of the last whole window; between two windows it stays."""
        if self._fed == self._expected:
            self.expect(pcm)
        self._fed += 1
        while self.due and self.due[0][0] <= self._fed:
            self._all_calls.judge()
        while self.judged and self.judged[0][0] <= self._fed:
            self._probability = self.judged.popleft()[1]
        return self._probability

    def _complete(self) -> None:
        self.due.append((self._expected, self._window))
        if len(self.due) == 1:
            self._all_calls.waiting.append(self)
        before, self._window = self._window, np.empty(CONTEXT + WINDOW, np.float32)
        self._window[:CONTEXT] = before[-CONTEXT:]
        self._filled = CONTEXT


class SileroVads:
    """Makes one `SileroVad` a call, all on one loaded model."""

    def __init__(self, settings: Settings) -> None:
        """Raises `NotPrepared`."""
        self._model: ort.InferenceSession = open_model(
            settings.tools / "models" / "silero-vad" / "silero_vad.onnx", "语音活动检测"
        )
        self._rate = np.array(RATE, np.int64)
        self.waiting: deque[SileroVad] = deque()
        """Calls with a window that is due, the longest first."""

    def __call__(self) -> SileroVad:
        return SileroVad(self)

    def judge(self) -> None:
        """The first window of those that wait longest."""
        calls = [self.waiting.popleft() for _ in range(min(TOGETHER, len(self.waiting)))]
        due = [call.due.popleft() for call in calls]
        inputs = {
            "input": np.stack([window for _, window in due]),
            "state": np.stack([call.state for call in calls], axis=1),
            "sr": self._rate,
        }
        output, states = self._model.run(None, inputs)
        for number, (call, (frame, _)) in enumerate(zip(calls, due, strict=True)):
            call.state = states[:, number]
            call.judged.append((frame, float(output[number, 0])))
            if call.due:
                self.waiting.append(call)
