"""What the machine itself must offer: room on the disk, and the few libraries every wheel takes for granted."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
from typing import List

from ivr.errors import NotPrepared
from ivr.prepare.step import Job

LIBRARIES = {"libstdc++.so.6": "libstdc++6", "libgcc_s.so.1": "libgcc-s1", "libz.so.1": "zlib1g"}
"""Shared library → Debian package. All else that the wheels need is in the wheels (checked over both environments)."""
FULL_GB = 8.0
"""Two environments, their cache, Asterisk and the models."""
REFRESH_GB = 1.0


def check(job: Job) -> None:
    if platform.system() != "Linux" or platform.machine() not in ("x86_64", "aarch64"):
        raise NotPrepared(f"需要 64 位的 Linux（x86_64），这台是 {platform.system()} {platform.machine()}。")
    wanted = [package for library, package in LIBRARIES.items() if not _loads(library)]
    if wanted:
        _apt_install(job, wanted)


def check_room(job: Job) -> None:
    """Raises `NotPrepared` when the disk will not do. Asked before anything is fetched."""
    complete = (job.places.stamps / "rasa").is_file()
    need = REFRESH_GB if complete else FULL_GB
    free = shutil.disk_usage(job.places.root).free / 1e9
    if free < need:
        where = f"{job.places.root} 所在的盘还剩 {free:.1f} GB，需要 {need:.0f} GB"
        raise NotPrepared(f"磁盘空间不够：{where}，请先腾出空间。")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _apt_install(job: Job, packages: List[str]) -> None:
    names = " ".join(packages)
    words: List[str] = []
    if os.geteuid() != 0:
        if not _may_sudo():
            raise NotPrepared(f"系统缺少 {names}：请用 root 运行 apt-get install {names}，再运行一次。")
        words = ["sudo", "-n"]
    job.terminal.say(f"    系统缺少 {names}：现在用 apt-get 安装到系统里", "yellow")
    env = job.places.environment()
    job.run([*words, "apt-get", "update"], "读取软件源的目录", env=env)
    job.run([*words, "apt-get", "install", "-y", "--no-install-recommends", *packages], f"安装 {names}", env=env)


def _may_sudo() -> bool:
    """Without being asked for a password."""
    if not shutil.which("sudo"):
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
