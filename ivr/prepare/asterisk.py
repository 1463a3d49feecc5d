"""Asterisk ≥ 22.6: the system's when it is suitable, else Debian's package unpacked beside the project.

An unpacked Debian package runs on any kernel through its own loader, so neither root nor chroot is needed,
and nothing of the system changes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import List, Tuple

from ivr.errors import NotPrepared
from ivr.prepare.apt import PrivateApt, unpack
from ivr.prepare.apt_sources import release
from ivr.prepare.step import Job, empty, swap

SUITES = ("forky", "sid")
"""Debian's suites that carry Asterisk 22, the steadier first."""
OLDEST = {20: (20, 16), 21: (21, 11), 22: (22, 6)}
"""First release of each branch with chan_websocket; later branches all have it."""


def install(job: Job) -> None:
    ready = ready_version(job)
    if ready:
        job.terminal.say(f"    使用已有的 {ready}")
        return
    system = release()
    if system.get("ID") != "debian":
        raise NotPrepared(
            f"{system.get('PRETTY_NAME', '本系统')} 的软件源里没有 Asterisk 22：请自行安装 Asterisk 22.6 或更新的版本，"
            '或在 ivr.toml 的 [telephony] 里写 asterisk = "它的路径"。'
        )
    apt = _suite(job)
    packages = apt.fetch_with_all_it_needs("asterisk")
    fresh = empty(job.places.tools / "asterisk.new")
    unpack(job, packages, fresh)
    if not suitable(said(beside(fresh))):
        raise NotPrepared(
            f"取来的 Asterisk 不能运行或太旧：{said(beside(fresh)) or '没有版本号'}。全部输出在 {job.places.logs}。"
        )
    swap(fresh, job.places.asterisk)
    apt.forget()
    job.terminal.say(f"    {said(beside(job.places.asterisk))}")


def results(job: Job) -> Tuple[Path, ...]:
    return () if ready_version(job) else (job.places.asterisk / "usr/sbin/asterisk",)


def ready_version(job: Job) -> str:
    """What the Asterisk of the settings or the system says of itself; empty when none will do.
    Raises `NotPrepared` for a setting that is wrong."""
    named = job.setting("telephony", "asterisk")
    if named:
        audiosocket = job.setting("telephony", "media") == "audiosocket"
        if not suitable(said([named]), audiosocket=audiosocket):
            oldest = "18" if audiosocket else "22.6"
            raise NotPrepared(f"ivr.toml 里的 telephony.asterisk（{named}）不能运行，或比 {oldest} 旧：请改正这一项。")
        return f"{said([named])}（{named}，设置里写的）"
    system = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    if system and suitable(said([system])) and _has_websocket_media():
        return f"{said([system])}（{system}，系统自带）"
    return ""


def beside(folder: Path) -> List[str]:
    """Words that start the unpacked Asterisk: through the loader it was built for."""
    loaders = sorted(folder.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*"))
    if not loaders:
        return [str(folder / "usr/sbin/asterisk")]
    return [str(loaders[0]), "--library-path", str(loaders[0].parent), str(folder / "usr/sbin/asterisk")]


def said(command: List[str]) -> str:
    """`Asterisk 22.10.1~dfsg+~cs6…`; empty when it does not run."""
    try:
        return subprocess.run([*command, "-V"], capture_output=True, text=True, timeout=30, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def suitable(text: str, *, audiosocket: bool = False) -> bool:
    """Has this release chan_websocket (or AudioSocket)? `Asterisk 22.10.1~dfsg` → True."""
    match = re.search(r"Asterisk (?:certified[/-])?(\d+)\.(\d+)", text)
    if not match:
        return False
    release = int(match[1]), int(match[2])
    if audiosocket:
        return release >= (18, 0)
    return release >= OLDEST.get(release[0], (23, 0))


def _has_websocket_media() -> bool:
    """Distributions split the modules off: the media channel must be there, too."""
    folders = ("usr/lib", "usr/lib/*", "usr/lib64", "usr/local/lib")
    return any(any(Path("/").glob(f"{folder}/asterisk/modules/chan_websocket.so")) for folder in folders)


def _suite(job: Job) -> PrivateApt:
    for suite in SUITES:
        apt = PrivateApt(job, suite)
        apt.update()
        carried = apt.carries("asterisk")
        if suitable(f"Asterisk {carried.split(':')[-1]}"):
            job.terminal.say(f"    Debian {suite} 的 asterisk {carried}：只解开到 .tools/asterisk，不安装到系统")
            return apt
    raise NotPrepared(
        "配置的 Debian 镜像里没有 Asterisk 22.6 或更新的版本（forky、sid 都没有）："
        "请换一个完整的镜像，或自行安装 Asterisk 22。"
    )
