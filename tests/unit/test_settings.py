from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.errors import SettingsError
from ivr.packs import load_packs
from ivr.settings import Ports, Settings, load, save


def written(folder: Path, text: str) -> Path:
    file = folder / "ivr.toml"
    file.write_text(text, "utf-8")
    return file


def test_without_a_file_the_defaults_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IVR_SETTINGS", raising=False)
    monkeypatch.setattr("ivr.settings.file.PROJECT", Path("/nonexistent"))
    assert load() == Settings()


def test_a_file_changes_what_it_names_and_paths_are_beside_it(tmp_path: Path) -> None:
    settings = load(written(tmp_path, 'var = "state"\n[ports]\nsip = 5070\n[[telephony.agents]]\nextension = "9001"\n'))
    assert settings.ports.sip == 5070
    assert settings.ports.ami == Ports().ami
    assert settings.var == tmp_path / "state"
    assert [agent.extension for agent in settings.telephony.agents] == ["9001"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sipp = 1", "sipp"),
        ("[ports]\nsipp = 1", "ports.sipp"),
        ('[ports]\nsip = "x"', "ports.sip"),
        ('time_zone = "Mars/Olympus"', "Mars/Olympus"),
        ("[ports", "ivr.toml"),
        ('time_zone = ""', "时区"),
        ('time_zone = "../x"', "../x"),
        ('time_zone = "Asia"', "Asia"),
        ('zone = "Asia/Shanghai"', "zone"),
        ('[[telephony.agents]]\nextension = "1"\n[[telephony.agents]]\nextension = "2"\nnmae = "x"', "agents[1].nmae"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(named)):
        load(written(tmp_path, text))


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="读不了"):
        load(tmp_path)


def test_without_packs_the_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="packs"):
        load_packs(tmp_path)


def test_children_get_exactly_our_settings(tmp_path: Path) -> None:
    settings = replace(Settings(), simulation=True, var=tmp_path / "v", ports=Ports(sip=7))
    save(settings, tmp_path / "run" / "settings.json")
    assert load(tmp_path / "run" / "settings.json") == settings


@pytest.mark.parametrize(
    ("address", "with_password"),
    [
        ("postgresql://ivr@db.example:5433/ivr", "postgresql://ivr:a%40%2Fb@db.example:5433/ivr"),
        ("postgresql://ivr@/ivr?host=/run/postgresql", "postgresql://ivr:a%40%2Fb@/ivr?host=/run/postgresql"),
        ("postgresql://ivr:own@db/ivr", "postgresql://ivr:own@db/ivr"),
        ("postgresql:///ivr", "postgresql:///ivr"),
        ("sqlite:////srv/tickets.db", "sqlite:////srv/tickets.db"),
    ],
)
def test_the_databases_password_is_with_the_secrets(tmp_path: Path, address: str, with_password: str) -> None:
    (tmp_path / "secrets.toml").write_text('database_password = "a@/b"\n')
    assert Settings(var=tmp_path, database=address).database_url == with_password
    assert Settings(var=tmp_path / "none", database=address).database_url == address


def test_a_secrets_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text("database_password = a\n")
    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        _ = Settings(var=tmp_path, database="postgresql://ivr@db/ivr").database_url


def test_a_limit_that_lets_nobody_in_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ivr.toml"
    file.write_text("[api]\nfailed_logins = 0\n")
    with pytest.raises(SettingsError, match="failed_logins"):
        load(file)
