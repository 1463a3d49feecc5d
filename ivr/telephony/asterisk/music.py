"""What a caller hears in the queue: the music of the settings, or else a ringing tone."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from ivr.audio import RATE, SILENCE, read_wav, to_pcm, write_wav
from ivr.errors import SettingsError

RING_HZ, RING_S, PAUSE_S = 450.0, 1.0, 4.0
"""Ringing tone (GB/T 3971)."""
LEVEL = 0.1
"""Amplitude; full scale is 1."""


def lay_out(source: Path | None, folder: Path) -> None:
    """Asterisk plays every file of `folder`, one after another; it knows 8 kHz only. `source`: a folder with WAV files
    of any rate; None = no music. Raises `SettingsError`."""
    folder.mkdir(parents=True, exist_ok=True)
    sounds = _music(source) if source else {"ringing.wav": _ringing()}
    for name, pcm in sounds.items():
        write_wav(folder / name, pcm)
    for stale in {file.name for file in folder.iterdir()} - set(sounds):
        (folder / stale).unlink()


def _music(source: Path) -> dict[str, bytes]:
    files = sorted(source.glob("*.wav"))
    if not files:
        raise SettingsError(f"telephony.music 指的 {source} 里没有 .wav 文件：请放进等候音乐，或去掉这项设置。")
    try:
        return {f"{number:03}.wav": read_wav(file) for number, file in enumerate(files)}
    except (OSError, EOFError, ValueError, wave.Error) as error:
        raise SettingsError(f"{source} 里的等候音乐读不了：{error}。请存成 16 位 PCM 的 WAV。") from error


def _ringing() -> bytes:
    at = np.arange(round(RING_S * RATE)) / RATE
    return to_pcm(LEVEL * np.sin(2 * np.pi * RING_HZ * at)) + SILENCE * round(PAUSE_S / 0.02)
