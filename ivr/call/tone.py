"""How an utterance was spoken: how loud and how fast, from its sound and its words. Pure, in audio time.

Speech is told from pauses by energy: frames within 20 dB of the loud ones and clearly over the noise floor. A pause up
to 0.25 s belongs to speaking (the gaps of stops and breaths between words), a longer one does not.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ivr.audio import FRAME_MS, FRAME_SAMPLES, to_samples
from ivr.tickets.judgement.tone import Tone

SPEECH_WITHIN_DB = 20
"""Frames this much under the loud ones are pauses (after ITU-T P.56's idea of active level)."""
OVER_NOISE_DB = 6
"""Speech stands out of the noise by this much."""
LOUD_PERCENTILE = 95
"""The loud frames; not the loudest one, which may be a click."""
NOISE_PERCENTILE = 10
PAUSE_FRAMES = 250 // FRAME_MS
LEAST_SPEECH_S = 0.3
"""Less sound than this has no level that means anything."""
LEAST_SYLLABLES = 5
"""Fewer have no speed that means anything."""
_QUIETEST = 1e-9
"""Power under which there is no sound (-90 dBov)."""
_SYLLABLE = re.compile(r"[\u3400-\u9fff0-9]|[A-Za-z]+")

Power = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]


def tone_of(pcm: bytes, text: str) -> Tone:
    """Loudness (dBov, speech only) and speed (syllables a second of speech); None where there is too little of either.
    `pcm` may have silence around the speech; `text` is what was recognised in it."""
    power = _powers(pcm)
    speech = _speech(power)
    if speech.sum() * FRAME_MS / 1000 < LEAST_SPEECH_S:
        return Tone()
    spoken_s = float(_without_gaps(speech).sum()) * FRAME_MS / 1000
    syllables = len(_SYLLABLE.findall(text))
    return Tone(
        loudness_dbov=round(10 * float(np.log10(_without_clicks(power[speech]).mean())), 1),
        syllables_per_s=round(syllables / spoken_s, 2) if syllables >= LEAST_SYLLABLES else None,
    )


def warm_up() -> None:
    """The first time numpy's statistics are used they take 60 ms: have it before a call does."""
    noise = np.random.default_rng(0).normal(0, 1000, 50 * FRAME_SAMPLES).astype("<i2")
    tone_of(noise.tobytes(), "")


def _powers(pcm: bytes) -> Power:
    """Mean power of each whole frame, full scale 1."""
    samples = to_samples(pcm[: len(pcm) // 2 * 2])
    usable = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
    frames = samples[:usable].astype(np.float64).reshape(-1, FRAME_SAMPLES)
    return np.asarray(np.square(frames).mean(axis=1))


def _speech(power: Power) -> Marks:
    """Which frames are speech."""
    sounding = power[power > _QUIETEST]
    if not sounding.size:
        return np.zeros(len(power), dtype=np.bool_)
    loud = float(np.percentile(sounding, LOUD_PERCENTILE))
    noise = float(np.percentile(power, NOISE_PERCENTILE))
    least = max(loud / 10 ** (SPEECH_WITHIN_DB / 10), _QUIETEST)
    over_noise = noise * 10 ** (OVER_NOISE_DB / 10)
    # Speech from end to end has no noise floor to be seen: its own quiet syllables would be taken for it.
    return np.asarray(power >= (max(least, over_noise) if over_noise < loud / 10 else least))


def _without_clicks(power: Power) -> Power:
    """A knock counts at most 3 dB over the loud frames."""
    return np.minimum(power, 2 * np.percentile(power, LOUD_PERCENTILE))


def _without_gaps(speech: Marks) -> Marks:
    """Short gaps between speech count as speech."""
    filled = speech.copy()
    places = np.flatnonzero(speech)
    for before, after in pairwise(places):
        if after - before - 1 <= PAUSE_FRAMES:
            filled[before:after] = True
    return filled
