"""Debian packages without installing them: apt with a state of its own, and `dpkg-deb -x`. Needs no root.

apt verifies what it fetches with the archive's keys as always; only where the lists lie is ours.
"""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import List

from ivr.errors import NotPrepared
from ivr.prepare.apt_sources import configured, mirror, release
from ivr.prepare.step import Job, empty

EXPIRED = re.compile(r"Release file .* is expired|Release file for .* is not valid yet|已经过期", re.IGNORECASE)


class PrivateApt:
    """One suite of the machine's own mirror."""

    def __init__(self, job: Job, suite: str = "") -> None:
        """`suite` empty = the machine's own release. Raises `NotPrepared` where there is no apt or no Debian mirror."""
        system = release()
        codename = system.get("VERSION_CODENAME", "")
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise NotPrepared(f"这台机器（{system.get('PRETTY_NAME', '未知系统')}）没有 apt-get 和 dpkg-deb。")
        source = mirror(configured(), codename)
        if source is None:
            raise NotPrepared(f"在 /etc/apt 的软件源里没有找到 {codename or '本系统'} 的 main，请先配置软件源。")
        self._job = job
        self._folder = job.places.apt / (suite or codename)
        self._lenient: List[str] = []
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").write_text("", "utf-8")
        keys = ""
        if "BEGIN PGP" in source.signed_by:
            key_file = self._folder / "key.asc"
            key_file.write_text(
                "\n".join("" if line == "." else line for line in source.signed_by.splitlines()).strip() + "\n", "utf-8"
            )
            keys = str(key_file)
        (self._folder / "sources.list").write_text(source.line(suite or codename, keys), "utf-8")

    def update(self) -> None:
        """Package lists. A mirror that lags behind answers with an expired Release file: then, and only then,
        its date is let pass."""
        try:
            said = self._apt(["update"], "读取软件源的目录")
            if not EXPIRED.search(said):
                return
        except NotPrepared:
            if not EXPIRED.search(self._log().read_text("utf-8", errors="replace")):
                raise
        self._job.terminal.say("    软件源的目录已过期（镜像没有及时更新）：这一次不检查日期，签名照常检查。", "yellow")
        self._lenient = ["-o", "Acquire::Check-Valid-Until=false", "-o", "Acquire::Check-Date=false"]
        self._apt(["update"], "读取软件源的目录")

    def carries(self, package: str) -> str:
        """Its version in this suite; empty = not there."""
        match = re.search(
            r"^Version: (\S+)",
            self._apt(["show", "--no-all-versions", package], "查询软件包", program="apt-cache", fine=True),
            re.M,
        )
        return match[1] if match else ""

    def fetch_alone(self, package: str) -> Path:
        """Just this one package file."""
        folder = empty(self._folder / "alone" / package)
        self._apt(["download", package], f"下载 {package}", cwd=folder)
        return next(folder.glob("*.deb"))

    def fetch_with_all_it_needs(self, *packages: str) -> List[Path]:
        """The packages and everything down to libc, as nothing counts as installed."""
        archives = self._folder / "cache" / "archives"
        words, what = ["-y", "install", "--download-only", *packages], f"下载 {packages[0]} 及其依赖"
        try:
            self._apt(words, what)
        except NotPrepared:
            time.sleep(2)
            self._apt(words, what)  # what came whole is kept, the rest resumes
        return sorted(archives.glob("*.deb"))

    def forget(self) -> None:
        """What was unpacked needs neither package files nor lists any more; the next time they would be old."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _apt(
        self, words: List[str], what: str, *, program: str = "apt-get", cwd: Path | None = None, fine: bool = False
    ) -> str:
        folder = self._folder
        options = {
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Log": folder / "log",
            "APT::Install-Recommends": "false",
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": "",
            "Acquire::Retries": "3",
            "Acquire::Languages": "none",
        }
        spelled = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        try:
            return self._job.run(
                [program, *spelled, *self._lenient, *words], what, env=self._job.places.environment(), cwd=cwd
            )
        except NotPrepared:
            if fine:
                return ""
            raise

    def _log(self) -> Path:
        return self._job.places.logs / f"{self._job.step or 'prepare'}.log"


def unpack(job: Job, packages: List[Path], into: Path) -> None:
    for package in packages:
        job.run(["dpkg-deb", "-x", package, into], f"解开 {package.name.split('_')[0]}", env=job.places.environment())
