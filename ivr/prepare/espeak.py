"""espeak-ng: the system's where there is one, else Debian's package unpacked beside the project, as Asterisk is.

It speaks many languages roughly: a voice to fall back on, and the caller of tests in languages that no other voice has.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import List, Tuple

from ivr.errors import NotPrepared
from ivr.prepare.apt import PrivateApt, unpack
from ivr.prepare.apt_sources import release
from ivr.prepare.step import Job, empty, swap
from ivr.prepare.unpacked import starter

PACKAGE = "espeak-ng"
PROGRAM = "usr/bin/espeak-ng"


def install(job: Job) -> None:
    found = system()
    if found:
        job.terminal.say(f"    使用已有的 {found}")
        return
    if release().get("ID") != "debian":
        job.terminal.say("    本系统没有 espeak-ng，备用声音不可用：需要时请安装 espeak-ng 再运行一次。", "yellow")
        return
    apt = PrivateApt(job)
    apt.update()
    fresh = empty(job.places.tools / "espeak-ng.new")
    unpack(job, apt.fetch_with_all_it_needs(PACKAGE), fresh)
    if not speaks(fresh):
        raise NotPrepared(f"取来的 espeak-ng 不能运行。全部输出在 {job.places.logs}。")
    swap(fresh, job.places.espeak)
    apt.forget()


def results(job: Job) -> Tuple[Path, ...]:
    return () if system() or release().get("ID") != "debian" else (job.places.espeak / PROGRAM,)


def system() -> str:
    """Path of the machine's own; empty when there is none."""
    return shutil.which(PACKAGE) or ""


def speaks(folder: Path) -> bool:
    """Does the unpacked one run and find its voices?"""
    try:
        done = subprocess.run(
            [*beside(folder), "--voices=cmn"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and "cmn" in done.stdout


def beside(folder: Path) -> List[str]:
    """Words that start the unpacked espeak-ng, with the data it speaks from; options and text follow."""
    data = next(iter(sorted(folder.glob("usr/lib/*-linux-gnu*/espeak-ng-data"))), folder / "espeak-ng-data")
    return [*starter(folder, PROGRAM), f"--path={data.parent}"]
