"""Which Asterisk is started, how, and its console. Starting and stopping it is the process keeper's work."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import NotPrepared, TelephonyDown
from ivr.packs import Pack
from ivr.settings import Settings
from ivr.telephony.asterisk.config import Folders, folders, render, write
from ivr.telephony.asterisk.music import lay_out
from ivr.telephony.asterisk.secrets import load_secrets

OLDEST = {"websocket": {20: (20, 16), 21: (21, 11), 22: (22, 6)}, "audiosocket": dict[int, tuple[int, int]]()}
"""By kind of media: first release of each branch that has it."""
COMMON = {"websocket": (23, 0), "audiosocket": (18, 0)}
"""From here on every release of every other branch has it."""
MODULES = {"websocket": "chan_websocket", "audiosocket": "app_audiosocket"}
"""Distributions split modules off: this one must be there."""
NEEDED = {"websocket": "≥ 22.6，或 20.16、21.11", "audiosocket": "≥ 18"}
CONSOLE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Asterisk:
    """One installed Asterisk."""

    command: tuple[str, ...]
    """The program, with the loader before it when it is not the system's."""
    version: str
    modules: Path
    data: Path
    """`astdatadir`: documentation, sounds."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An Asterisk with its configuration written, ready to be started."""

    asterisk: Asterisk
    where: Folders

    @property
    def start(self) -> tuple[str, ...]:
        """Command line that stays in the foreground."""
        return (*self.asterisk.command, "-C", str(self.where.etc / "asterisk.conf"), "-f")

    def console(self, command: str) -> str:
        """What Asterisk's console answers. Raises `TelephonyDown` while it does not run."""
        line = (*self.asterisk.command, "-C", str(self.where.etc / "asterisk.conf"), "-rx", command)
        try:
            done = subprocess.run(line, capture_output=True, timeout=CONSOLE_TIMEOUT_S, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TelephonyDown(f"Asterisk 控制台没有回答（{command}）：{error}") from error
        if done.returncode:
            told = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise TelephonyDown(f"Asterisk 没有运行，或控制台不可用：{told}（日志在 {self.where.log}）。")
        return done.stdout.decode(errors="replace")

    def ready(self) -> bool:
        """Fully booted: calls are taken."""
        try:
            return "fully booted" in self.console("core waitfullybooted").lower()
        except TelephonyDown:
            return False


def prepare(settings: Settings, packs: Mapping[str, Pack]) -> Prepared:
    """Find an Asterisk, write its configuration. Raises `NotPrepared`, `SettingsError`."""
    asterisk = find(settings)
    where = folders(settings, modules=asterisk.modules, data=asterisk.data)
    secrets = load_secrets(settings.var / "secrets.toml", [a.extension for a in settings.telephony.agents])
    write(render(settings, packs, secrets, where), where)
    music = settings.telephony.music
    lay_out(settings.root / music if music else None, where.music)
    return Prepared(asterisk, where)


def find(settings: Settings) -> Asterisk:
    """The one that the settings name, else the system's, else the one beside the project. Raises `NotPrepared`."""
    refused: list[str] = []
    media = settings.telephony.media
    for found in _candidates(settings):
        if isinstance(found, str):
            refused.append(found)
        elif suitable(found.version, media):
            return found
        else:
            refused.append(f"{found.command[-1]} 是 {found.version}，太旧（需要 {NEEDED[media]}）")
    told = "；".join(refused) or "系统里没有，项目的 .tools/asterisk 里也没有"
    raise NotPrepared(f"没有可用的 Asterisk：{told}。请运行 make prepare，或在设置 telephony.asterisk 里写出它的路径。")


def suitable(version: str, media: str = "websocket") -> bool:
    """Has this release what that kind of media needs? '22.10.1~dfsg' → True; what is no release number is trusted
    ('GIT-master')."""
    found = re.match(r"(?:certified-)?(\d+)\.(\d+)", version)
    if not found:
        return version.startswith("GIT")
    release = int(found[1]), int(found[2])
    return release >= OLDEST[media].get(release[0], COMMON[media])


def _candidates(settings: Settings) -> Iterator[Asterisk | str]:
    if settings.telephony.asterisk:
        yield _system(Path(settings.telephony.asterisk), settings.telephony.media)
        return
    system = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin:/opt/asterisk/sbin")
    if system:
        yield _system(Path(system), settings.telephony.media)
    beside = settings.tools / "asterisk"
    if (beside / "usr/sbin/asterisk").exists():
        yield _beside(beside)


def _system(program: Path, media: str) -> Asterisk | str:
    try:
        version = _version((str(program),))
    except OSError as error:
        return f"{program} 无法运行：{error}"
    prefix = program.resolve().parent.parent
    libs = [prefix / lib for lib in ("lib64", "lib", *(f"lib/{d.name}" for d in (prefix / "lib").glob("*-linux-gnu*")))]
    modules = next(
        (lib / "asterisk/modules" for lib in libs if (lib / f"asterisk/modules/{MODULES[media]}.so").exists()), None
    )
    if modules is None:
        return f"{program}（{version}）没有 {MODULES[media]} 模块"
    data = next(
        (d for d in (prefix / "share/asterisk", Path("/var/lib/asterisk")) if d.exists()), prefix / "share/asterisk"
    )
    return Asterisk((str(program),), version, modules, data)


def _beside(root: Path) -> Asterisk | str:
    """Debian's packages, unpacked: they run on this machine's kernel through their own loader."""
    loaders = sorted(root.glob("usr/lib/*-linux-gnu*/ld-linux-*.so.*"))
    if not loaders:
        return f"{root} 不完整（没有 ld-linux）"
    libraries = loaders[0].parent
    command = (str(loaders[0]), "--library-path", str(libraries), str(root / "usr/sbin/asterisk"))
    try:
        version = _version(command)
    except OSError as error:
        return f"{root} 无法运行：{error}"
    return Asterisk(command, version, libraries / "asterisk/modules", root / "usr/share/asterisk")


def _version(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run((*command, "-V"), capture_output=True, timeout=CONSOLE_TIMEOUT_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise OSError("查询版本超时") from error
    told = done.stdout.decode(errors="replace").strip()
    if not told.startswith("Asterisk "):
        raise OSError(done.stderr.decode(errors="replace").strip()[:200] or "它没有说出版本")
    return told.removeprefix("Asterisk ")
