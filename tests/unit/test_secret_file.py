from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ivr.errors import SettingsError
from ivr.secret_file import change, read, to_toml
from ivr.telephony.asterisk.secrets import load_secrets


def test_whoever_writes_its_part_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secrets.toml"
    change(file, lambda known: known | {"webhooks": {"https://crm.example/hook?a=1": "whsec_eA=="}})
    first = load_secrets(file, ["8001"])
    change(file, lambda known: known | {"crm": {"token": 'mit "Anführung" \\ und 中文\n'}})
    assert load_secrets(file, ["8001", "8002"]).agents["8001"] == first.agents["8001"]
    known = read(file)
    assert known["webhooks"] == {"https://crm.example/hook?a=1": "whsec_eA=="}
    assert known["crm"] == {"token": 'mit "Anführung" \\ und 中文\n'}
    assert set(known["agents"]) == {"8001", "8002"}
    assert file.stat().st_mode & 0o077 == 0


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "secrets.toml"
    load_secrets(file, ["8001"])
    written = file.stat().st_ino
    load_secrets(file, ["8001"])
    assert file.stat().st_ino == written


def test_all_kinds_of_values_are_read_back() -> None:
    content = {"a": "b", "list": ["x", "y"], "on": True, "n": 1.5, "t": {"k": {"in": ["1"]}, "z": "\x7f"}}
    assert tomllib.loads(to_toml(content)) == content


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text("= 1")
    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        load_secrets(tmp_path / "secrets.toml")
