"""Model folders that one brings: unpacked safely from a folder or an archive, and checked against their checksums.

`var/models-speech/NAME/` holds a model, `NAME.sums.json` beside it the SHA-256 of each of its files.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import NotPrepared
from ivr.speech.sherpa_files import looks_like_sherpa
from ivr.speech.sherpa_trial import checked

LARGEST_BYTES = 8 << 30
"""Of an unpacked model; the largest Vosk models have some 5 GB."""
BLOCK = 1 << 20
BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError,
    shutil.Error, RuntimeError, NotImplementedError,
)  # fmt: skip
"""What the standard library says to an archive or a folder that cannot be read, an encrypted one included."""
Sign = Callable[[Path], bool]
Try = Callable[[Path], object]
"""Raises `NotPrepared`, a sentence."""


def _any_of(*files: str) -> Sign:
    return lambda folder: any((folder / file).is_file() for file in files)


SIGNS: dict[str, Sign] = {
    "vosk": _any_of("am/final.mdl", "final.mdl"),
    "whisper": _any_of("vocabulary.json", "vocabulary.txt"),
    "sherpa": looks_like_sherpa,
}
"""Engine → is a folder one of its models, by its files?"""
TRIALS: Mapping[str, Try] = {"sherpa": checked}
"""Engine → how its models are tried, where files alone do not tell."""


@dataclass(frozen=True, slots=True)
class Model:
    folder: Path
    engine: str | None
    """None: no engine knows what this is."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not as it was when the model was added."""

    file: str
    why: str


def described(folder: Path) -> Model:
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return Model(folder, engine_of(folder), size)


def engine_of(folder: Path) -> str | None:
    return next((engine for engine, sign in SIGNS.items() if sign(folder)), None)


def prove(folder: Path, engine: str) -> None:
    """Is it a model of this engine that loads? Raises `NotPrepared`."""
    if not SIGNS[engine](folder):
        raise NotPrepared(f"{folder} 里没有 {engine} 模型的文件：请改设置里的 engine 或 model。")
    if engine in TRIALS:
        TRIALS[engine](folder)


def add(shelf: Path, name: str, source: Path) -> Model:
    """Puts the model that `source` holds (a folder, .zip, .tar, .tar.gz, .tar.bz2, .tar.xz) on the shelf, whole or not
    at all. Raises `NotPrepared`."""
    target = shelf / name
    if target.exists():
        raise NotPrepared(f"已经有叫 {name} 的模型（{target}）：请换一个名字，或先删掉它。")
    shelf.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=shelf, prefix=".new-") as scratch:
        fresh = Path(scratch) / "model"
        _unpack(source, fresh)
        found = _inner(fresh)
        engine = engine_of(found)
        if engine is None:
            raise NotPrepared(f"{source.name} 里没有认得的语音模型（Vosk、Whisper 或 sherpa-onnx 的文件夹）。")
        prove(found, engine)
        sums = {file: checksum(found / file) for file in _files(found)}
        _sums_file(target).write_text(json.dumps(sums, indent=1, ensure_ascii=False) + "\n", "utf-8")
        found.rename(target)
    return described(target)


def check(folder: Path) -> list[Fault]:
    """What is not as it was when the model was added. Raises `NotPrepared` when nothing was noted then."""
    try:
        noted: dict[str, str] = json.loads(_sums_file(folder).read_text("utf-8"))
    except FileNotFoundError as error:
        raise NotPrepared(f"模型 {folder.name} 没有记下校验和：它不是用 ivr models add 加进来的。") from error
    except ValueError as error:
        raise NotPrepared(f"{_sums_file(folder)} 不是 JSON：请重新加一次模型 {folder.name}。") from error
    there = set(_files(folder))
    faults = [Fault(file, "没有了") for file in sorted(noted.keys() - there)]
    faults += [Fault(file, "是多出来的") for file in sorted(there - noted.keys())]
    changed = [file for file in sorted(there & noted.keys()) if checksum(folder / file) != noted[file]]
    return faults + [Fault(file, "内容变了") for file in changed]


def checksum(file: Path) -> str:
    """SHA-256, hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _sums_file(folder: Path) -> Path:
    return folder.parent / f"{folder.name}.sums.json"


def _files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def _unpack(source: Path, target: Path) -> None:
    try:
        if source.is_dir():
            shutil.copytree(source, target)
        elif zipfile.is_zipfile(source):
            _unzip(source, target)
        elif source.is_file() and tarfile.is_tarfile(source):
            _untar(source, target)
        else:
            raise NotPrepared(f"{source} 不是文件夹，也不是完好的 zip 或 tar 压缩包：请检查路径。")
    except BROKEN as error:
        raise NotPrepared(f"压缩包 {source.name} 坏了，或里面的路径不安全：{error}。") from error


def _untar(source: Path, target: Path) -> None:
    with tarfile.open(source) as archive:
        _bounded(source, (member.size for member in archive.getmembers()))
        archive.extractall(target, filter="data")
        while archive.fileobj.read(BLOCK):
            pass  # to the end: the compressor's own checksum stands there


def _unzip(source: Path, target: Path) -> None:
    """`ZipFile.extract` leaves .. and a leading / out of names."""
    with zipfile.ZipFile(source) as archive:
        _bounded(source, (member.file_size for member in archive.infolist()))
        for member in archive.infolist():
            if stat.S_ISLNK(member.external_attr >> 16):
                raise NotPrepared(f"压缩包 {source.name} 里的 {member.filename} 是符号链接，不解开。")
            archive.extract(member, target)


def _bounded(source: Path, sizes: Iterable[int]) -> None:
    if sum(sizes) > LARGEST_BYTES:
        raise NotPrepared(f"压缩包 {source.name} 解开超过 {LARGEST_BYTES >> 30} GB：这不像语音模型。")


def _inner(folder: Path) -> Path:
    """Archives of models hold one folder, which holds the files."""
    while engine_of(folder) is None:
        inside = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        if len(inside) != 1 or not inside[0].is_dir():
            break
        folder = inside[0]
    return folder
