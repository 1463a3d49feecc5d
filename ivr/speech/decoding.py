"""Sound files and streams of any kind (MP3, WAV of any rate, depth and channels) → samples of the line, by FFmpeg."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from ivr.audio import Samples, resample
from ivr.errors import SpeechFailed


def decoded(source: Path | bytes) -> Samples:
    """The first sound track, channels mixed, 8 kHz, without a constant offset. Raises `SpeechFailed`."""
    import av  # loads FFmpeg: only where something is decoded

    named = source if isinstance(source, Path) else f"{len(source)} 字节的声音"
    blocks: list[Any] = []
    rate = 0
    try:
        with av.open(str(source) if isinstance(source, Path) else io.BytesIO(source), "r") as container:
            to_floats = av.AudioResampler(format="fltp", layout="mono")
            for frame in container.decode(audio=0):
                rate = frame.sample_rate
                blocks += [made.to_ndarray() for made in to_floats.resample(frame)]
            blocks += [made.to_ndarray() for made in to_floats.resample(None)] if rate else []
    except (av.FFmpegError, OSError, IndexError, ValueError) as error:
        raise SpeechFailed(f"{named} 解不出声音：{error}。请换成 WAV 或 MP3。") from error
    if not blocks:
        raise SpeechFailed(f"{named} 里没有声音。")
    samples = np.concatenate(blocks, axis=1)[0].astype(np.float32)
    line = resample(samples, rate)
    return np.asarray(line - line.mean(), dtype=np.float32)
