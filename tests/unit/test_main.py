"""What the operating system refuses reaches a person as one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ivr import __main__ as cli


def test_what_the_system_refuses_is_one_sentence_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ivr.toml"
    file.write_text(f"root = '{tmp_path}'\n", "utf-8")
    (tmp_path / "data" / "packs" / "appliance").mkdir(parents=True)
    (tmp_path / "data" / "packs" / "appliance" / "hotline.yml").mkdir()
    monkeypatch.setenv("IVR_SETTINGS", str(file))
    monkeypatch.delenv("IVR_DEBUG", raising=False)
    monkeypatch.setattr(sys, "argv", ["ivr", "chat"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    told = capsys.readouterr().err
    assert left.value.code == 1
    assert "hotline.yml 是文件夹" in told
    assert "Traceback" not in told
