"""Whisper base in CTranslate2 (int8): sound and prompt → hypotheses. Blocks; knows no calls and no event loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import tokenizers
from faster_whisper.feature_extractor import FeatureExtractor

from ivr.audio import RATE, Samples, resample, to_samples
from ivr.errors import NotPrepared, SpeechFailed
from ivr.speech.hypotheses import Decoded, Hypothesis, bare, doubtful

WHISPER_RATE = 16_000
FRAMES_PER_S = 100
"""Mel frames a second."""
SHORT_FRAMES, MIDDLE_FRAMES, MOST_FRAMES = 1000, 1500, 3000
MARGIN_S = 2.3
"""Silence behind the words that Whisper needs to find their end."""
LONGEST_S = 29.0
"""What Whisper sees at once; of a longer utterance the end is taken."""
LEAD_S = 0.3
"""Silence put before the words: without it the first consonant of a short answer is lost (measured)."""
TOKENS_PER_S = 9
"""More than anybody says; with `TOKENS_SPARE` and the ban on repeated 5-grams it cuts the loops of short input."""
TOKENS_SPARE = 12
NO_REPEAT = 5
NEUTRAL = "以下是普通话的句子。"
"""A prompt that holds no term but makes the characters simplified: without, every simplified word looks unsupported."""
WINDOW_TOKENS = 448
"""Whisper's text window, prompt included."""


def padded_frames(length_s: float) -> int:
    """Mel frames that an utterance of this length is padded to, instead of Whisper's 30 s."""
    needed = (length_s + MARGIN_S) * FRAMES_PER_S
    for frames in (SHORT_FRAMES, MIDDLE_FRAMES):
        if needed <= frames - (200 if frames == SHORT_FRAMES else 0):
            return frames
    return min(MOST_FRAMES, -(-int(needed) // 500) * 500)


def longest_text(prompt_tokens: int, length_s: float) -> int:
    """`max_length` of a decoding, in tokens, prompt included."""
    return min(WINDOW_TOKENS, prompt_tokens + int(TOKENS_PER_S * length_s) + TOKENS_SPARE)


class WhisperModel:
    """The model in `folder`, for `parallel` decodings at a time of `threads` threads each."""

    def __init__(self, folder: Path, *, threads: int = 1, parallel: int = 2) -> None:
        """Takes a second. Raises `NotPrepared`."""
        for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
            if not (folder / name).is_file():
                raise NotPrepared(f"缺少语音识别模型 {folder / name}：请先运行 make prepare。")
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder), device="cpu", compute_type="int8", intra_threads=threads, inter_threads=parallel
            )
            self._tokens = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # both bindings raise bare RuntimeError and Exception
            raise NotPrepared(f"语音识别模型 {folder} 读不出来（{error}）：请删除它，再运行 make prepare。") from error
        self._features = FeatureExtractor()
        self._start = [self._token(f"<|{name}|>") for name in ("startoftranscript", "zh", "transcribe", "notimestamps")]

    def decode(
        self, pcm: bytes, prompt: str, terms: Sequence[str], beam: int, abandoned: Callable[[], bool] = lambda: False
    ) -> Decoded | None:
        """Hypotheses for the sound of one utterance; None when `abandoned` on the way. Raises `SpeechFailed`."""
        samples = to_samples(pcm)[-round(LONGEST_S * RATE) :]
        length_s = len(samples) / RATE
        try:
            sound = self._encode(samples, padded_frames(length_s))
            return None if abandoned() else self._generate(sound, length_s, prompt, terms, beam)
        except (RuntimeError, ValueError) as error:
            raise SpeechFailed(f"识别一句 {length_s:.1f} 秒的话失败：{error}。") from error

    def _encode(self, samples: Samples, frames: int) -> ctranslate2.StorageView:
        wide = np.pad(resample(samples, RATE, WHISPER_RATE), (round(LEAD_S * WHISPER_RATE), 0))
        mel = self._features(wide, padding=0)[:, :frames]
        mel = np.pad(mel, ((0, 0), (0, frames - mel.shape[1])))
        return self._model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(mel[None], np.float32)))

    def _generate(self, sound: Any, length_s: float, prompt: str, terms: Sequence[str], beam: int) -> Decoded:
        given = self._given(prompt)
        (result,) = self._model.generate(
            sound,
            [given],
            beam_size=beam,
            num_hypotheses=beam,
            return_scores=True,
            return_no_speech_prob=True,
            no_repeat_ngram_size=NO_REPEAT,
            max_length=longest_text(len(given), length_s),
        )
        hypotheses = [
            Hypothesis(self._tokens.decode(ids), score)
            for ids, score in zip(result.sequences_ids, result.scores, strict=True)
        ]
        first = hypotheses[0]
        if prompt and bare(first.text) and doubtful(first, terms):
            support = self._support(sound, result.sequences_ids[0], length_s)
            hypotheses[0] = Hypothesis(first.text, first.score, support)
        return Decoded(tuple(hypotheses), result.no_speech_prob)

    def _support(self, sound: Any, ids: list[int], length_s: float) -> float:
        """Mean log probability of the same words had there been no prompt: one forced pass, no search."""
        frames = int((LEAD_S + length_s) * FRAMES_PER_S)
        start = self._given(NEUTRAL)[:-1]  # `align` adds the last token, <|notimestamps|>, itself
        (aligned,) = self._model.align(sound, start, [ids], [frames])
        probabilities = np.clip(np.asarray(aligned.text_token_probs, dtype=np.float64), 1e-9, 1.0)
        return float(np.log(probabilities).mean())

    def _given(self, prompt: str) -> list[int]:
        if not prompt:
            return self._start
        return [
            self._token("<|startofprev|>"),
            *self._tokens.encode(prompt, add_special_tokens=False).ids,
            *self._start,
        ]

    def _token(self, name: str) -> int:
        token = self._tokens.token_to_id(name)
        if token is None:
            raise NotPrepared(f"语音识别模型的 tokenizer.json 里没有 {name}：请删除模型文件夹，再运行 make prepare。")
        return int(token)
