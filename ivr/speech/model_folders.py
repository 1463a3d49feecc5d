"""Where models lie: `var/models-speech` is for those that one brings, `.tools/models` holds what was prepared."""

from __future__ import annotations

from pathlib import Path

from ivr.errors import NotPrepared
from ivr.settings import Settings


def shelves(settings: Settings) -> tuple[Path, ...]:
    return (settings.var / "models-speech", settings.tools / "models")


def model_folder(settings: Settings, model: str, engine: str) -> Path:
    """The folder of a model that a setting names, by name or path. Raises `NotPrepared`."""
    if not model:
        raise NotPrepared(
            f"识别引擎 {engine} 要指定模型：请在设置的 [speech.recognisers.…] 里写 model：文件夹的名字或路径。"
        )
    places = [shelf / model for shelf in shelves(settings)] if "/" not in model else [_path(settings, model)]
    for place in places:
        if place.is_dir():
            return place
    raise NotPrepared(
        f"没有叫 {model} 的语音模型：请用 ivr models add 加一个（放在 var/models-speech），或写它的路径。"
    )


def _path(settings: Settings, model: str) -> Path:
    path = Path(model).expanduser()
    return path if path.is_absolute() else settings.root / path
