"""Sentences that a person recorded: they are played wherever they would be said.

data/recordings/recordings.yml                     for all hotlines
data/packs/<hotline>/recordings/recordings.yml     for one, before those of all

Each is a mapping: sentence → sound file beside it. What is compared is what is said: marks, spaces, and whether a
number is written in digits make no difference. A recording may hold one clause or several sentences.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.audio import to_pcm
from ivr.errors import SettingsError, SpeechFailed
from ivr.packs import read_yaml
from ivr.speech.clauses import parts, pause_after
from ivr.speech.decoding import decoded
from ivr.speech.levelling import piece
from ivr.speech.spoken import spoken

log = logging.getLogger(__name__)

INDEX = "recordings.yml"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stretch of a reply that a person said."""

    text: str
    """As it is in the reply, its closing mark with it."""
    file: Path


@dataclass(frozen=True, slots=True)
class Recordings:
    files: Mapping[str, Path]
    """What is said, without marks → sound file."""

    def cut(self, text: str) -> Iterator[str | Recorded]:
        """A spoken text in order: the longest stretches that were recorded, and what lies between them."""
        pieces = parts(text)
        between, at = "", 0
        while at < len(pieces):
            end = self._longest(pieces, at)
            if end == at:
                between, at = between + pieces[at], at + 1
                continue
            if between:
                yield between
            run = "".join(pieces[at:end])
            yield Recorded(run, self.files[key(run)])
            between, at = "", end
        if between:
            yield between

    def _longest(self, pieces: list[str], start: int) -> int:
        """End of the longest recorded run from there; `start` when there is none."""
        if not self.files:
            return start
        ends = range(len(pieces), start, -1)
        return next((end for end in ends if key("".join(pieces[start:end])) in self.files), start)


NONE = Recordings({})


def key(text: str) -> str:
    """What is compared of a spoken text."""
    return re.sub(r"[\W_]", "", text).lower()


def folders(data: Path, hotline: str) -> tuple[Path, Path]:
    """Where recordings are, those of all hotlines first."""
    return data / "recordings", data / "packs" / hotline / "recordings"


def read_index(folder: Path) -> dict[str, Path]:
    """Sentence as written → file, whether or not it is there. Empty without an index. Raises `SettingsError`."""
    index = folder / INDEX
    if not index.exists():
        return {}
    content = read_yaml(index)
    odd = [sentence for sentence, name in content.items() if not isinstance(name, str)]
    if odd:
        raise SettingsError(f"{index}：“{odd[0]}”后面要写一个声音文件的名字。")
    return {str(sentence): folder / name for sentence, name in content.items()}


def load_recordings(data: Path, hotline: str) -> Recordings:
    """Of one hotline. A recording whose file is missing is told in the log; its sentence is synthesised.
    Raises `SettingsError`."""
    files: dict[str, Path] = {}
    for folder in folders(data, hotline):
        for sentence, file in read_index(folder).items():
            if file.is_file():
                files[key(spoken(sentence))] = file
            else:
                log.warning("缺少录音 %s，“%s”改为合成。", file, sentence)
    return Recordings(files)


def sound(recorded: Recorded, loudness_dbov: float) -> bytes | None:
    """As it is played: levelled like synthesised speech. Blocks. None when the file cannot be decoded."""
    try:
        samples = decoded(recorded.file)
    except SpeechFailed as error:
        log.warning("录音用不了，“%s”改为合成：%s", recorded.text, error)
        return None
    return to_pcm(piece(samples, loudness_dbov, pause_after(recorded.text)))
