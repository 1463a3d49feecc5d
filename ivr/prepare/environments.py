"""The Python environments, exactly as their lock files say. Also what sdists are built with has hashes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import List

from ivr.prepare import interpreters, uv
from ivr.prepare.step import Job

PRODUCT = ("3.11", "3.12")
RASA = ("3.10",)


def product(job: Job) -> None:
    places = job.places
    python = interpreters.find(job, PRODUCT)
    _settle(job, places.product, python, [places.locks / "ivr.txt", places.locks / "dev.txt"], "安装产品的 Python 环境")
    # Our own package, in place. setuptools is in the lock file, so nothing is fetched for the build.
    own = [uv.program(job), "pip", "install", "--python", places.product / "bin/python"]
    own += ["--no-deps", "--no-build-isolation"]
    job.run([*own, "--editable", places.root], "登记 ivr 命令", env=uv.environment(job), cwd=places.root)
    _unfinished(job, places.product).unlink()


def rasa(job: Job) -> None:
    places = job.places
    python = interpreters.find(job, RASA, setting=job.setting("dialogue", "python"))
    _settle(job, places.rasa, python, [places.locks / "rasa.txt"], "安装 Rasa 的 Python 环境（约 2.6 GB）")
    _unfinished(job, places.rasa).unlink()


def tryton(job: Job, venv: Path) -> None:
    """Only for the tests: a program that we talk to, apart from our own pins."""
    python = interpreters.find(job, PRODUCT)
    _settle(job, venv, python, [job.places.locks / "tryton.txt"], "安装 Tryton")
    _unfinished(job, venv).unlink()


def _settle(job: Job, venv: Path, python: str, locks: List[Path], what: str) -> None:
    """The environment brought to the lock files' state. It is made anew where an earlier attempt was interrupted in it
    or the interpreter changed; else uv changes only what differs."""
    tool, env = uv.program(job), uv.environment(job)
    known = PRODUCT + RASA
    same = interpreters.probe(str(venv / "bin/python"), known) == interpreters.probe(python, known)
    if _unfinished(job, venv).exists() or not same:
        shutil.rmtree(venv, ignore_errors=True)
    _unfinished(job, venv).parent.mkdir(parents=True, exist_ok=True)
    _unfinished(job, venv).touch()
    if not venv.exists():
        job.terminal.say(f"    Python：{python}")
        job.run([tool, "venv", "--python", python, venv], "建立 Python 环境", env=env)
    build = job.places.locks / "build.txt"
    flags = ["--require-hashes", "--build-constraints", build, "--require-build-hashes"]
    words = [tool, "pip", "sync", "--python", venv / "bin/python", *flags, *locks]
    job.run(words, what, env=env, cwd=job.places.root)


def _unfinished(job: Job, venv: Path) -> Path:
    """A mark that stands from the first change of an environment to its last."""
    return job.places.stamps / f"{venv.name}.unfinished"
