"""What a caller hears in the queue."""

import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.audio import RATE, read_wav, seconds
from ivr.errors import SettingsError
from ivr.telephony.asterisk.music import lay_out


def a_file(file: Path, *, rate: int = 44100, channels: int = 2) -> None:
    with wave.open(str(file), "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        sound.writeframes(np.zeros(rate * channels, "<i2").tobytes())


def test_without_music_it_rings(tmp_path: Path) -> None:
    lay_out(None, tmp_path)
    (file,) = tmp_path.iterdir()
    assert seconds(read_wav(file)) == 5


def test_music_of_any_rate_is_made_the_telephone_s_and_replaces_what_was_there(tmp_path: Path) -> None:
    source, folder = tmp_path / "music", tmp_path / "asterisk"
    source.mkdir()
    a_file(source / "b.wav")
    a_file(source / "a.wav", rate=16000, channels=1)
    lay_out(None, folder)
    lay_out(source, folder)
    assert sorted(file.name for file in folder.iterdir()) == ["000.wav", "001.wav"]
    for file in folder.iterdir():
        with wave.open(str(file)) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (RATE, 1, RATE)


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"没有 \.wav"):
        lay_out(tmp_path, tmp_path / "asterisk")
    (tmp_path / "song.wav").write_bytes(b"ID3 not a wav")
    with pytest.raises(SettingsError, match="16 位 PCM"):
        lay_out(tmp_path, tmp_path / "asterisk")
