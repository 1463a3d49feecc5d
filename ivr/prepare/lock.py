"""Locks again what `requirements/*.in` ask for: `python3 -m ivr.prepare.lock`. Hashes, no addresses."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ivr.errors import IvrError, NotPrepared
from ivr.prepare import uv
from ivr.prepare.places import Places
from ivr.prepare.step import Job
from ivr.prepare.terminal import Terminal

LOCKS = {
    "uv": ("--universal", "--python-version", "3.9"),
    "build": ("--universal", "--python-version", "3.10"),
    "ivr": ("--python-version", "3.11"),
    "dev": ("--python-version", "3.11"),
    "talk": ("--python-version", "3.11"),
    "models": ("--no-deps", "--python-version", "3.11"),
    "tryton": ("--python-version", "3.11"),
    "rasa": ("--python-version", "3.10"),
}
"""Lock file → which Pythons it is for. Rasa runs on one alone."""


def lock(job: Job) -> None:
    tool = uv.program(job)
    if not tool:
        raise NotPrepared("还没有 uv：请先运行 make prepare。")
    # The index alone decides: what lies in further indexes or folders of this machine must not get into a lock file.
    env = {name: value for name, value in uv.environment(job).items() if name not in ("UV_INDEX", "UV_FIND_LINKS")}
    for name, flags in LOCKS.items():
        job.terminal.say(f"锁定 requirements/{name}.txt")
        words = [tool, "pip", "compile", "--quiet", "--generate-hashes", "--no-emit-index-url", "--no-header", *flags]
        words += [f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
        job.run(words, f"锁定 {name}", env=env, cwd=job.places.root)


if __name__ == "__main__":
    os.umask(0o022)
    try:
        lock(Job(Places(Path(__file__).resolve().parents[2]), Terminal(), {}, "lock"))
    except IvrError as error:
        Terminal().fail(f"✗ {error}")
        sys.exit(1)
