"""A step of the preparation, and the stamp that says it is done.

A stamp is written last and holds a hash of everything the result depends on; a step whose stamp matches and whose
results are there is skipped. So any step can be interrupted at any moment and simply runs again.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterable, Sequence, Tuple

from ivr.prepare.places import Places
from ivr.prepare.program import run
from ivr.prepare.terminal import Terminal


@dataclass(frozen=True)
class Job:
    """What the work of a step has at hand."""

    places: Places
    terminal: Terminal
    settings: Dict[str, Dict[str, object]]
    """`ivr.toml` as it is."""
    step: str = ""
    """Name of the step at work: its log carries it."""

    def run(self, argv: Sequence[object], what: str, *, env: Dict[str, str], cwd: Path | None = None) -> str:
        """One program. `what` completes “还在…”. Raises `NotPrepared`."""
        log = self.places.logs / f"{self.step or 'prepare'}.log"
        return run([str(word) for word in argv], what=what, env=env, log=log, terminal=self.terminal, cwd=cwd)

    def setting(self, table: str, name: str) -> str:
        return str(self.settings.get(table, {}).get(name, "") or "")


@dataclass(frozen=True)
class Step:
    name: str
    does: str
    """What it does, for whoever waits."""
    inputs: Callable[[Job], str]
    """Everything the result depends on, as text."""
    results: Callable[[Job], Tuple[Path, ...]]
    """Files that must be there when it is done."""
    work: Callable[[Job], None]

    def is_done(self, job: Job) -> bool:
        stamp = job.places.stamps / self.name
        return (
            stamp.is_file()
            and stamp.read_text("utf-8").strip() == self.signature(job)
            and all(path.exists() for path in self.results(job))
        )

    def signature(self, job: Job) -> str:
        return hashlib.sha256(self.inputs(job).encode()).hexdigest()

    def carry_out(self, job: Job) -> None:
        stamp = job.places.stamps / self.name
        stamp.unlink(missing_ok=True)
        signature = self.signature(job)
        self.work(job)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        beside = stamp.with_name(stamp.name + ".new")
        beside.write_text(signature + "\n", "utf-8")
        beside.replace(stamp)


def fingerprint(files: Iterable[Path], root: Path) -> str:
    """Names and contents of files, independent of where the project lies."""
    lines = [f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sorted(files)]
    return "\n".join(lines)


def swap(whole: Path, place: Path) -> None:
    """A finished folder takes the place of the old one."""
    old = place.with_name(place.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    whole.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def empty(folder: Path) -> Path:
    """The folder, new and empty: what an interrupted run left there is thrown away."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
