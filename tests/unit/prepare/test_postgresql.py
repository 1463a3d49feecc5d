"""Which PostgreSQL the tests take."""

from pathlib import Path

import pytest

from ivr.prepare import postgresql
from ivr.prepare.places import Places


def installed(folder: Path, said: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "initdb").touch()
    (folder / "postgres").write_text(f"#!/bin/sh\necho '{said}'\n")
    (folder / "postgres").chmod(0o755)
    return folder


def test_the_systems_newest_that_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for release in ("9.6.24", "12.1", "15.14 (Debian 15.14-0+deb12u1)", "17.2"):
        installed(tmp_path / release.split(" ")[0] / "bin", f"postgres (PostgreSQL) {release}")
    (tmp_path / "18/bin").mkdir(parents=True)
    monkeypatch.setattr(postgresql, "SYSTEM", (f"{tmp_path}/*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = postgresql.find(Places(tmp_path))
    assert found == postgresql.Programs(tmp_path / "17.2/bin", 17)


def test_without_one_the_unpacked_with_its_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "SYSTEM", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert postgresql.find(Places(tmp_path)) is None
    place = Places(tmp_path).postgresql
    (place / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    programs = installed(place / "usr/lib/postgresql/15/bin", "postgres (PostgreSQL) 15.14")
    found = postgresql.find(Places(tmp_path))
    assert found is not None
    assert (found.folder, found.version) == (programs, 15)
    assert found.environment()["LD_LIBRARY_PATH"] == str(place / "usr/lib/x86_64-linux-gnu")


def test_what_does_not_run_is_none(tmp_path: Path) -> None:
    (tmp_path / "initdb").touch()
    (tmp_path / "postgres").write_text("no program")
    assert postgresql.version(tmp_path) == 0
