"""Versions and interpreters: what counts as suitable."""

import sys
from pathlib import Path

import pytest

from ivr.prepare.asterisk import beside, suitable
from ivr.prepare.interpreters import candidates, probe
from ivr.prepare.settings_file import plain, read
from ivr.prepare.uv import version


@pytest.mark.parametrize(
    ("said", "will_do"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.17.60671434-1", True),
        ("Asterisk 22.6.0", True),
        ("Asterisk certified/22.8-cert1", True),
        ("Asterisk 23.0.0", True),
        ("Asterisk 20.16.0", True),
        ("Asterisk 20.15.2", False),
        ("Asterisk 22.5.2", False),
        ("Asterisk 16.28.0~dfsg-0+deb11u4", False),
        ("", False),
    ],
)
def test_asterisk_22_6_or_newer(said: str, will_do: bool) -> None:
    assert suitable(said) is will_do


def test_audiosocket_does_with_an_older_one() -> None:
    assert suitable("Asterisk 18.26.4", audiosocket=True)
    assert not suitable("Asterisk 16.28.0~dfsg-0+deb11u4", audiosocket=True)


def test_an_unpacked_asterisk_is_started_by_its_own_loader(tmp_path: Path) -> None:
    library = tmp_path / "usr/lib/x86_64-linux-gnu"
    library.mkdir(parents=True)
    (library / "ld-linux-x86-64.so.2").touch()
    assert beside(tmp_path) == [
        str(library / "ld-linux-x86-64.so.2"),
        "--library-path",
        str(library),
        str(tmp_path / "usr/sbin/asterisk"),
    ]


def test_a_shim_that_does_not_run_the_version_is_refused(tmp_path: Path) -> None:
    shim = tmp_path / "python3.10"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.10: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert probe(str(shim), ("3.10",)) == ""
    assert probe(str(tmp_path / "none"), ("3.10",)) == ""
    assert version(str(shim)) == (0,)


def test_the_real_interpreter_behind_an_environment_is_found() -> None:
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert probe(sys.executable, (own,)) == str(Path(sys._base_executable).resolve())  # type: ignore[attr-defined]
    assert probe(sys.executable, ("2.7",)) == ""


def test_every_folder_of_path_is_asked_then_pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shims, real, pyenv = tmp_path / "shims", tmp_path / "real", tmp_path / "pyenv/versions/3.10.13/bin"
    for folder in (shims, real, pyenv):
        folder.mkdir(parents=True)
        (folder / "python3.10").write_text("#!/bin/sh\n")
        (folder / "python3.10").chmod(0o755)
    monkeypatch.setenv("PATH", f"{shims}:{real}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    found = list(candidates(("3.10",), tmp_path))
    assert found == [str(shims / "python3.10"), str(real / "python3.10"), sys.executable, str(pyenv / "python3.10")]


def test_settings_without_tomllib(tmp_path: Path) -> None:
    text = "# set\n[dialogue]\npython = \"/opt/python3.10\"  # for Rasa\n[telephony.trunk]\nhost = 'sip.example'\n"
    assert plain(text) == {"dialogue": {"python": "/opt/python3.10"}, "telephony.trunk": {"host": "sip.example"}}
    (tmp_path / "ivr.toml").write_text(text)
    assert read(tmp_path / "ivr.toml")["dialogue"] == {"python": "/opt/python3.10"}
    assert read(tmp_path / "none.toml") == {}
