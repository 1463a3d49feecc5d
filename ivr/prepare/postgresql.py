"""PostgreSQL for the tests of the ticket store: the system's where it will do, else the distribution's packages,
unpacked beside the project. Nobody but the tests needs it here: in production the server is the operator's.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from ivr.errors import NotPrepared
from ivr.prepare.apt import PrivateApt, unpack
from ivr.prepare.places import Places
from ivr.prepare.step import Job, empty, swap
from ivr.prepare.unpacked import LIBRARIES

PACKAGE = "postgresql"
OLDEST = 13
"""The oldest release that the store is for (`ivr.tickets.postgresql` says the same)."""
SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
"""Where distributions and PostgreSQL's own packages put the server; it is not in PATH there."""
NOT_UNPACKED = ("libc6", "libgcc-s1", "libstdc++6", "gcc-", "libllvm", "perl", "libperl", "locales", "debconf")
"""The same release's C library is there already; JIT, PL/Perl and Debian's cluster scripts are not used."""


@dataclass(frozen=True)
class Programs:
    """initdb and postgres of one release."""

    folder: Path
    version: int
    libraries: Tuple[Path, ...] = field(default=())
    """Of the unpacked packages; empty for the system's."""

    def environment(self) -> Dict[str, str]:
        if not self.libraries:
            return dict(os.environ)
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, self.libraries))}


def find(places: Places) -> Optional[Programs]:
    """The system's newest, else what was unpacked. None: neither is there, or too old."""
    return system() or unpacked(places.postgresql)


def system() -> Optional[Programs]:
    folders = [folder for pattern in SYSTEM for folder in Path("/").glob(pattern[1:])]
    in_path = shutil.which("postgres")
    if in_path:
        folders.append(Path(in_path).resolve().parent)
    found = [Programs(folder, release) for folder in folders if (release := version(folder)) >= OLDEST]
    return max(found, key=lambda programs: programs.version, default=None)


def unpacked(folder: Path) -> Optional[Programs]:
    libraries = tuple(path for pattern in LIBRARIES for path in sorted(folder.glob(pattern)) if path.is_dir())
    for programs in sorted(folder.glob("usr/lib/postgresql/*/bin")):
        found = Programs(programs, 0, libraries)
        release = version(programs, found.environment())
        if release >= OLDEST:
            return Programs(programs, release, libraries)
    return None


def version(folder: Path, environment: Optional[Dict[str, str]] = None) -> int:
    """Major release of the server in a folder that has initdb, too; 0 = there is none that runs."""
    if not (folder / "initdb").exists():
        return 0
    try:
        said = subprocess.run(
            [str(folder / "postgres"), "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=environment,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r"PostgreSQL\) (\d+)", said)
    return int(match[1]) if match else 0


def test_inputs(job: Job) -> str:
    found = system()
    return f"{PACKAGE} {OLDEST} {found}"


def test_results(job: Job) -> Tuple[Path, ...]:
    return () if system() else (job.places.postgresql / "usr/lib/postgresql",)


def for_the_test(job: Job) -> None:
    """Where it cannot be had the tests on SQLite remain; those on PostgreSQL say again that they are skipped."""
    found = system()
    if found:
        job.terminal.say(f"    使用系统的 PostgreSQL {found.version}（{found.folder}）")
        return
    try:
        _unpack(job)
    except NotPrepared as error:
        job.terminal.say(f"    PostgreSQL 上的工单测试会跳过：{error}", "yellow")


def _unpack(job: Job) -> None:
    apt = PrivateApt(job)
    apt.update()
    fresh = empty(job.places.tools / "postgresql.new")
    packages: List[Path] = apt.fetch_with_all_it_needs(PACKAGE)
    unpack(job, [one for one in packages if not one.name.startswith(NOT_UNPACKED)], fresh)
    if unpacked(fresh) is None:
        raise NotPrepared(f"取来的 PostgreSQL 不能运行，或比 {OLDEST} 旧。全部输出在 {job.places.logs}。")
    swap(fresh, job.places.postgresql)
    apt.forget()
