"""What was published: `var/published/<n>/` holds a model and the `dialogue/` and `data/` it was trained from.

A version is written beside its place and renamed, so it is whole or not there. `current.json` names the one that a
line serves; it is written when the version is really at work.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ivr.errors import SettingsError
from ivr.settings import Settings

KEPT = 10
"""Versions that stay for going back."""
MODEL = "model.tar.gz"
REPORT = "report.json"
_NOT_COPIED = shutil.ignore_patterns("*.py", "__pycache__", "customers.yml", ".rasa", "models", "results")
"""Programs belong to the installation, customers to the CRM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    number: int
    made_at: str
    """ISO, business time."""
    model: str
    """Name that training gave the model."""
    before: int = 0
    """What was current when it was published: where a rollback goes; 0 = nothing."""
    note: str = ""


class Versions:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.folder = settings.var / "published"

    def all(self) -> list[Version]:
        """Oldest first. Raises `SettingsError` for a folder that is not a version."""
        found = [self._read(folder) for folder in self._numbered()]
        return sorted(found, key=lambda version: version.number)

    def place(self, number: int) -> Path:
        return self.folder / str(number)

    def get(self, number: int) -> Version:
        """Raises `SettingsError` naming those that there are."""
        known = {version.number: version for version in self.all()}
        if number not in known:
            there = "、".join(map(str, known)) or "一个也没有"
            raise SettingsError(f"没有第 {number} 版；有的是：{there}。请看 ivr dialogue rollback --list。")
        return known[number]

    def current(self) -> Version | None:
        """The one that calls get; None when nothing was published. Raises `SettingsError`."""
        file = self.folder / "current.json"
        if not file.exists():
            return None
        try:
            number = int(msgspec.json.decode(file.read_bytes())["number"])
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise SettingsError(f'{file} 读不了：{error}。请写成 {{"number": 版本号}}。') from error
        return self.get(number) if number else None

    def make_current(self, number: int) -> None:
        write_whole(self.folder / "current.json", msgspec.json.encode({"number": number}))

    def make(self, model: Path, note: str = "") -> Version:
        """A new version of the project's files as they are now, with this model."""
        now = self.current()
        number = max((version.number for version in self.all()), default=0) + 1
        made_at = self._settings.now().isoformat(timespec="seconds")
        before = now.number if now else 0
        version = Version(number=number, made_at=made_at, model=model.name, before=before, note=note)
        beside = self.folder / f".{number}.new"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name in ("dialogue", "data"):
            shutil.copytree(self._settings.root / name, beside / name, ignore=_NOT_COPIED)
        shutil.copy2(model, beside / MODEL)
        (beside / "version.json").write_bytes(msgspec.json.encode(version))
        beside.rename(self.place(number))
        return version

    def forget_old(self) -> None:
        """Old versions go; the current one and where it goes back to stay."""
        now = self.current()
        kept = {now.number, now.before} if now else set()
        for version in self.all()[:-KEPT]:
            if version.number not in kept:
                shutil.rmtree(self.place(version.number), ignore_errors=True)

    def forget(self, number: int) -> None:
        """A version that never came to work."""
        shutil.rmtree(self.place(number), ignore_errors=True)

    def _numbered(self) -> Iterable[Path]:
        return [each for each in self.folder.glob("*") if each.name.isdigit()] if self.folder.is_dir() else []

    def _read(self, folder: Path) -> Version:
        try:
            return msgspec.json.decode((folder / "version.json").read_bytes(), type=Version)
        except (OSError, msgspec.MsgspecError) as error:
            raise SettingsError(f"{folder} 不是完整的一版：{error}。请删掉这个文件夹。") from error


def write_whole(file: Path, content: bytes) -> None:
    """Readers see the old file or the new one, never half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(file)


def shown(version: Version) -> str:
    """第 3 版（11月22日 10:20，备注）"""
    made = dt.datetime.fromisoformat(version.made_at)
    note = f"，{version.note}" if version.note else ""
    return f"第 {version.number} 版（{made.month}月{made.day}日 {made:%H:%M} 发布{note}）"
