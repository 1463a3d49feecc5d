"""Reading hand-written YAML: values as text, and errors that say where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ivr.errors import SettingsError


def text_of(value: object) -> str:
    """A YAML scalar as the text that was meant: dates in ISO form, 58 and "58" alike."""
    match value:
        case dt.datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case dt.date():
            return value.isoformat()
        case bool():
            return "true" if value else "false"
        case _:
            return str(value).strip()


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file we are. All methods raise `SettingsError` naming it."""

    where: str
    prefix: str = ""

    def below(self, key: str) -> Place:
        return Place(self.where, f"{self.prefix}{key}.")

    def wrong(self, key: str, why: str) -> NoReturn:
        raise SettingsError(f"{self.where}：{self.prefix}{key} {why}。")

    def only(self, raw: Mapping[str, Any], known: Iterable[str]) -> None:
        names = list(known)
        for key in raw:
            if key not in names:
                self.wrong(str(key), f"不认识；可用的是 {'、'.join(names)}")

    def text(self, raw: Mapping[str, Any], key: str) -> str:
        value = raw.get(key)
        if value is None or isinstance(value, (dict, list)) or not text_of(value):
            self.wrong(key, "没有写")
        return text_of(value)

    def texts(self, value: object, key: str) -> tuple[str, ...]:
        """One or several texts."""
        listed = value if isinstance(value, list) else [value]
        if not listed or any(item is None or isinstance(item, (dict, list)) for item in listed):
            self.wrong(key, "应当是一句或几句话")
        return tuple(text_of(item) for item in listed)

    def mapping(self, raw: Mapping[str, Any], key: str, *, needed: bool = False) -> Mapping[str, Any]:
        value = raw.get(key)
        if value is None and not needed:
            return {}
        if not isinstance(value, dict):
            self.wrong(key, "应当是“键: 值”的形式")
        return value

    def items(self, raw: Mapping[str, Any], key: str) -> Iterable[tuple[Any, Any]]:
        return self.mapping(raw, key).items()

    def listed(self, raw: Mapping[str, Any], key: str) -> list[Any]:
        value = raw.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(key, "应当是列表")
        return value

    def mappings(self, raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        listed = self.listed(raw, key)
        if any(not isinstance(item, dict) for item in listed):
            self.wrong(key, "应当是列表，每一项是“键: 值”的形式")
        return listed

    def turn(self, value: object, key: str) -> int:
        if not isinstance(value, int) or value < 1:
            self.wrong(key, f"里的 {value!r} 不是轮次；轮次从 1（开场白）数起")
        return value
