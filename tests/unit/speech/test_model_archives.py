"""Models that one brings: archives of all kinds, and what is refused."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from ivr.errors import NotPrepared
from ivr.speech.model_archives import add, check, engine_of

FILES = {"am/final.mdl": b"acoustic", "graph/words.txt": b"one 1\n"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source/vosk-model-xx-0.1"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def packed(source: Path, kind: str) -> Path:
    archive = source.parent / f"model.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as out:
            for file in source.rglob("*"):
                out.write(file, f"{source.name}/{file.relative_to(source)}")
    else:
        with tarfile.open(archive, f"w:{kind.partition('.')[2]}") as out:
            out.add(source, source.name)
    return archive


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz", "tar.bz2", "tar.xz", "tar."])
def test_a_model_is_the_folder_inside_and_whole(kind: str, source: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    model = add(shelf, "mine", source if kind == "folder" else packed(source, kind))
    assert (model.engine, model.size) == ("vosk", sum(map(len, FILES.values())))
    assert {name: (shelf / "mine" / name).read_bytes() for name in FILES} == FILES
    assert check(shelf / "mine") == []
    assert sorted(entry.name for entry in shelf.iterdir()) == ["mine", "mine.sums.json"], "nothing half-done is left"


def test_what_changed_is_found(source: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    add(shelf, "mine", source)
    (shelf / "mine/graph/words.txt").write_bytes(b"one 2\n")
    (shelf / "mine/am/final.mdl").unlink()
    (shelf / "mine/new").write_bytes(b"")
    faults = {fault.file: fault.why for fault in check(shelf / "mine")}
    assert faults == {"am/final.mdl": "没有了", "new": "是多出来的", "graph/words.txt": "内容变了"}


def tar_with(tmp_path: Path, name: str, link: str = "") -> Path:
    file = tmp_path / "bad.tar.gz"
    with tarfile.open(file, "w:gz") as out:
        member = tarfile.TarInfo(name)
        if link:
            member.type, member.linkname = tarfile.SYMTYPE, link
        out.addfile(member, io.BytesIO())
    return file


def zip_with_a_link(tmp_path: Path) -> Path:
    file = tmp_path / "bad.zip"
    with zipfile.ZipFile(file, "w") as out:
        member = zipfile.ZipInfo("final.mdl")
        member.external_attr = 0o120777 << 16
        out.writestr(member, "/etc/passwd")
    return file


def cut_off(tmp_path: Path) -> Path:
    whole = tar_with(tmp_path, "final.mdl").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    return tmp_path / "cut.tar.gz"


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_a_damaged_archive_is_refused(kind: str, source: Path, tmp_path: Path) -> None:
    (source / "am/final.mdl").write_bytes(random.Random(0).randbytes(40_000))  # noqa: S311
    archive = packed(source, kind)
    content = bytearray(archive.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(64)
    archive.write_bytes(content)
    with pytest.raises(NotPrepared):
        add(tmp_path / "shelf", "mine", archive)
    assert list((tmp_path / "shelf").iterdir()) == []


@pytest.mark.parametrize(
    "archive",
    [
        lambda tmp: tar_with(tmp, "../outside"),
        lambda tmp: tar_with(tmp, "final.mdl", link="/etc/passwd"),
        zip_with_a_link,
        cut_off,
        lambda tmp: tar_with(tmp, "holiday.jpg"),
        lambda tmp: tmp / "nowhere.zip",
    ],
)
def test_what_is_unsafe_broken_or_no_model_is_refused(archive: "object", tmp_path: Path) -> None:
    assert callable(archive)
    with pytest.raises(NotPrepared):
        add(tmp_path / "shelf", "mine", archive(tmp_path))
    assert list((tmp_path / "shelf").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_a_name_is_taken_once(source: Path, tmp_path: Path) -> None:
    add(tmp_path / "shelf", "mine", source)
    with pytest.raises(NotPrepared, match="mine"):
        add(tmp_path / "shelf", "mine", source)


def test_each_engine_knows_its_models(tmp_path: Path) -> None:
    for name, engine in {"final.mdl": "vosk", "vocabulary.json": "whisper"}.items():
        (tmp_path / engine).mkdir()
        (tmp_path / engine / name).touch()
        assert engine_of(tmp_path / engine) == engine
    assert engine_of(tmp_path) is None
    (tmp_path / "tokens.txt").touch()
    assert engine_of(tmp_path) is None, "tokens alone are no model"
    (tmp_path / "model.int8.onnx").touch()
    assert engine_of(tmp_path) == "sherpa"
