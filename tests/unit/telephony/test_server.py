"""Which Asterisk is taken."""

from pathlib import Path

import pytest

from ivr.errors import NotPrepared, TelephonyDown
from ivr.settings import Settings, Telephony
from ivr.telephony.asterisk.config import folders
from ivr.telephony.asterisk.server import Asterisk, Prepared, find, suitable


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("22.10.1+dfsg+~cs6.17.60671434-1", True),
        ("22.6.0", True),
        ("22.5.2", False),
        ("21.11.0", True),
        ("21.10.0", False),
        ("20.16.0", True),
        ("20.6.0~dfsg+~cs6.13.40431414-2", False),
        ("18.10.0~dfsg+~cs6.10.40431411-2", False),
        ("23.0.0", True),
        ("certified-22.8-cert1", True),
        ("GIT-master-1234", True),
        ("", False),
    ],
)
def test_version(version: str, fits: bool) -> None:
    assert suitable(version) is fits


@pytest.mark.parametrize(
    ("version", "fits"), [("18.10.0~dfsg", True), ("20.6.0", True), ("22.5.2", True), ("16.28.0", False)]
)
def test_version_for_audiosocket(version: str, fits: bool) -> None:
    assert suitable(version, "audiosocket") is fits


def test_an_old_asterisk_with_audiosocket_is_used_where_the_settings_want_it(tmp_path: Path) -> None:
    file = program(tmp_path, "Asterisk 18.26.4")
    modules = tmp_path / "lib" / "asterisk" / "modules"
    modules.mkdir(parents=True)
    (modules / "app_audiosocket.so").touch()
    assert find(Settings(telephony=Telephony(asterisk=str(file), media="audiosocket"))).modules == modules
    with pytest.raises(NotPrepared, match="chan_websocket"):
        find(Settings(telephony=Telephony(asterisk=str(file))))


def program(folder: Path, says: str) -> Path:
    file = folder / "sbin" / "asterisk"
    file.parent.mkdir(parents=True)
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


def test_a_system_asterisk_is_used_with_its_own_modules(tmp_path: Path) -> None:
    file = program(tmp_path, "Asterisk 22.8.0")
    modules = tmp_path / "lib" / "asterisk" / "modules"
    modules.mkdir(parents=True)
    (modules / "chan_websocket.so").touch()
    found = find(Settings(telephony=Telephony(asterisk=str(file))))
    assert (found.command, found.version, found.modules) == ((str(file),), "22.8.0", modules)


@pytest.mark.parametrize(("says", "told"), [("Asterisk 22.8.0", "chan_websocket"), ("nonsense", "版本")])
def test_one_that_does_not_do_is_told(tmp_path: Path, says: str, told: str) -> None:
    file = program(tmp_path, says)
    with pytest.raises(NotPrepared, match=told):
        find(Settings(telephony=Telephony(asterisk=str(file))))


def test_an_old_one_is_told_with_its_version(tmp_path: Path) -> None:
    file = program(tmp_path, "Asterisk 22.5.0")
    modules = tmp_path / "lib" / "asterisk" / "modules"
    modules.mkdir(parents=True)
    (modules / "chan_websocket.so").touch()
    with pytest.raises(NotPrepared, match=r"22\.5\.0，太旧"):
        find(Settings(telephony=Telephony(asterisk=str(file))))


def test_a_missing_one_is_told() -> None:
    with pytest.raises(NotPrepared, match="nowhere"):
        find(Settings(telephony=Telephony(asterisk="/nowhere/asterisk")))


def test_a_console_without_an_asterisk_is_told(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    gone = Asterisk((str(tmp_path / "asterisk"),), "22.8.0", tmp_path, tmp_path)
    prepared = Prepared(gone, folders(settings, modules=tmp_path, data=tmp_path))
    with pytest.raises(TelephonyDown):
        prepared.console("core show uptime")
    assert not prepared.ready()
