"""Settings as a file: read, checked, written."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from ivr.errors import SettingsError
from ivr.settings.line import PROJECT, Settings
from ivr.settings.others import Webhook


def load(file: Path | None = None) -> Settings:
    """Settings from `file`, else `$IVR_SETTINGS`, else `ivr.toml` in the project, else the defaults.
    Relative paths in a file are relative to it. Raises `SettingsError` naming file and field."""
    named = file or (Path(os.environ["IVR_SETTINGS"]) if os.environ.get("IVR_SETTINGS") else None)
    path = named or PROJECT / "ivr.toml"
    if not path.exists():
        if named:
            raise SettingsError(f"找不到设置文件 {path}：请检查 --settings 或 IVR_SETTINGS。")
        return Settings()
    try:
        text = path.read_text("utf-8")
        raw = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text)
        settings = msgspec.convert(raw, Settings, strict=True, dec_hook=_path_beside(path))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise SettingsError(f"设置文件 {path} 有误：{error}。") from error
    except OSError as error:
        raise SettingsError(f"设置文件 {path} 读不了（{error.strerror}）：请检查它是不是文件、有没有权限。") from error
    unknown = sorted(_unknown(raw, settings))
    if unknown:
        raise SettingsError(f"设置文件 {path} 里有不认识的项：{'、'.join(unknown)}。可用的项见 ivr/settings/。")
    try:
        settings.zone  # noqa: B018  (a wrong name must be told now, not in a call)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # "../x" is a ValueError, a folder's name an OSError
        raise SettingsError(f"设置文件 {path}：没有叫 {settings.time_zone!r} 的时区。") from error
    wrong = next((sentence for webhook in settings.webhooks for sentence in _wrong_with(webhook)), "")
    if wrong or len({webhook.address for webhook in settings.webhooks}) < len(settings.webhooks):
        raise SettingsError(f"设置文件 {path}：{wrong or '[[webhooks]] 里有两个相同的 address，请合成一个。'}")
    return settings


def save(settings: Settings, file: Path) -> None:
    """The settings as a .json file that `load` reads: child processes get exactly ours."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(settings, enc_hook=str))


def _wrong_with(webhook: Webhook) -> Iterator[str]:
    place = f"[[webhooks]] 的 address（{webhook.name or '没有名字'}）"  # itself it may hold a secret
    try:
        address = urlsplit(webhook.address)
        known = address.scheme in {"http", "https"} and bool(address.hostname) and address.port != 0
    except ValueError:
        known, address = False, urlsplit("")
    if not known or len(webhook.address) > 500:
        yield f"{place} 不对：要写成 https://主机/路径。"
    if address.username or address.password:
        yield f"{place} 里不要写用户名和密码：签名已经证明是谁发的。"


def _path_beside(file: Path) -> Callable[[type, object], object]:
    def convert(kind: type, value: object) -> object:
        if issubclass(kind, Path) and isinstance(value, str):
            return (file.parent / value).resolve()
        raise NotImplementedError(kind)

    return convert


def _unknown(raw: object, settings: object, at: str = "") -> list[str]:
    """Keys of the file that no setting has, at any depth: `telephony.agents[0].nmae`."""
    if isinstance(raw, list) and isinstance(settings, tuple):
        pairs = zip(raw, settings, strict=False)
        return [name for number, (one, set_) in enumerate(pairs) for name in _unknown(one, set_, f"{at}[{number}]")]
    if isinstance(raw, dict) and isinstance(settings, Mapping):
        return [name for key, value in raw.items() for name in _unknown(value, settings[key], f"{at}.{key}")]
    if not isinstance(raw, dict) or not is_dataclass(settings):
        return []
    known = {one.name for one in fields(settings)}
    found: list[str] = []
    for key, value in raw.items():
        name = f"{at}.{key}" if at else key
        found += _unknown(value, getattr(settings, key), name) if key in known else [name]
    return found
