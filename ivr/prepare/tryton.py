"""A real CRM for the tests: Tryton in an environment of its own, and an empty database with the modules for sales."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Tuple

from ivr.prepare import environments, uv
from ivr.prepare.step import Job

MODULES = ("sale", "sale_complaint", "sale_subscription")
ADMIN_PASSWORD = "only-for-the-tests"  # noqa: S105  (of a database that lives as long as a test)
NAME = "crm"


def test_inputs(job: Job) -> str:
    lock = (job.places.locks / "tryton.txt").read_text("utf-8")
    return "\n".join([str(job.places.root), lock, *MODULES, ADMIN_PASSWORD])


def test_results(job: Job) -> Tuple[Path, ...]:
    return (_venv(job) / "bin/trytond", _database(job))


def for_the_test(job: Job) -> None:
    """The database is made once (about half a minute); each test works on a copy."""
    environments.tryton(job, _venv(job))
    folder = job.places.tools / "tryton" / "making"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / f"{NAME}.sqlite").touch()
    settings, password = folder / "trytond.conf", folder / "password"
    settings.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n", "utf-8")
    password.write_text(ADMIN_PASSWORD, "utf-8")
    words = [_venv(job) / "bin/trytond-admin", "-c", settings, "-d", NAME, "-u", *MODULES]
    words += ["--activate-dependencies", "--email", "admin@example.org", "-l", "en"]
    env = {**uv.environment(job), "TRYTONPASSFILE": str(password)}
    job.run(words, "建立 Tryton 的测试库", env=env, cwd=folder)
    (folder / f"{NAME}.sqlite").replace(_database(job))
    shutil.rmtree(folder)


def _venv(job: Job) -> Path:
    return job.places.tools / "tryton" / "venv-tryton"


def _database(job: Job) -> Path:
    return job.places.tools / "tryton" / f"{NAME}.sqlite"
