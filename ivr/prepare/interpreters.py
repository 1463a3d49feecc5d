"""Finds a Python of a wanted version that really runs: a pyenv shim on PATH may stand for another one or for none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Sequence

from ivr.errors import NotPrepared
from ivr.prepare import uv
from ivr.prepare.step import Job

PROBE = (
    "import os, sys, ssl, sqlite3, ctypes, zlib, lzma, bz2; "
    "print('%d.%d' % sys.version_info[:2]); "
    "print(os.path.realpath(getattr(sys, '_base_executable', '') or sys.executable))"
)
"""Version and the interpreter itself; the modules are those a hastily compiled Python lacks."""


def find(job: Job, versions: Sequence[str], *, setting: str = "") -> str:
    """Path of an interpreter of one of `versions`, first come first served; fetched by uv as a last resort.
    `setting` is the path that `ivr.toml` names. Raises `NotPrepared` saying what was tried."""
    if setting:
        real = probe(setting, versions)
        if not real:
            raise NotPrepared(
                f"ivr.toml 里的 Python（{setting}）不能运行，或不是 {'、'.join(versions)}：请改正这一项。"
            )
        return real
    for candidate in candidates(versions, Path.home()):
        real = probe(candidate, versions)
        if real:
            return real
    wanted = versions[0]
    job.terminal.say(f"    没有找到 Python {'/'.join(versions)}：由 uv 下载 {wanted} 到项目里")
    env = uv.environment(job)
    try:
        job.run([uv.program(job), "python", "install", wanted], f"下载 Python {wanted}", env=env)
    except NotPrepared as error:
        hint = f"请安装 Python {wanted}，或设置环境变量 UV_PYTHON_INSTALL_MIRROR 指向一个镜像"
        named = '，或在 ivr.toml 的 [dialogue] 里写 python = "它的路径"' if wanted == "3.10" else ""
        told = f"这台机器没有 Python {wanted}，下载也没有成功。{hint}{named}。详情在 {job.places.logs}。"
        raise NotPrepared(told) from error
    for fetched in sorted((job.places.tools / "python").glob(f"cpython-{wanted}*/bin/python{wanted}")):
        real = probe(str(fetched), versions)
        if real:
            return real
    raise NotPrepared(f"uv 说装好了 Python {wanted}，但在 {job.places.tools / 'python'} 里找不到它。")


def candidates(versions: Sequence[str], home: Path) -> Iterator[str]:
    """Places to look, in order: PATH (every folder of it), the running interpreter, pyenv's versions."""
    for version in versions:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            on_path = shutil.which(f"python{version}", path=folder)
            if on_path:
                yield on_path
    yield sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", "") or home / ".pyenv")
    for version in versions:
        for path in sorted(pyenv.glob(f"versions/{version}*/bin/python{version}"), reverse=True):
            yield str(path)


def probe(path: str, versions: Sequence[str]) -> str:
    """The real interpreter behind `path`; empty when it does not run or is of another version."""
    try:
        done = subprocess.run([path, "-I", "-c", PROBE], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    said = done.stdout.split("\n")
    return said[1] if done.returncode == 0 and said[0] in versions else ""
