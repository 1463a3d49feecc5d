"""Where espeak-ng is: the machine's own, or Debian's package that `make prepare` unpacked beside the project."""

from __future__ import annotations

import shutil

from ivr.errors import NotPrepared
from ivr.prepare.espeak import PROGRAM, beside
from ivr.settings import Settings


def espeak(settings: Settings) -> tuple[str, ...]:
    """Words that start it, with its data where that is not the system's; options and text follow.
    Raises `NotPrepared` where there is none."""
    if system := shutil.which("espeak-ng"):
        return (system,)
    folder = settings.tools / "espeak-ng"
    if not (folder / PROGRAM).exists():
        raise NotPrepared("没有 espeak-ng：请运行 make prepare，或安装系统的 espeak-ng 软件包。")
    return tuple(beside(folder))
