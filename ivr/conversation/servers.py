"""Which Rasa answers a call: the pair (Rasa and action server) that is at work when the call begins, to its end.

A line may change its pair while calls are going on (`ivr.publishing`). What is at work stands in
`var/run/dialogue.json`, written by whoever keeps the pairs and holds `dialogue.lock`; without such a keeper the pair is
at the ports of the settings. Each call holds a shared lock on its pair's own file, whatever process the call is in: a
pair whose lock is free has no calls left. The kernel lets go of the locks of a process that dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import msgspec

from ivr.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """The pair that new calls get."""

    home: int
    """Rasa's port in the settings of the line: who has other settings is not meant."""
    rasa: int
    """Ports."""
    actions: int
    version: int = 0
    """Number of the published version; 0 = the files as they are edited."""
    content: str = ""
    """Folder of that version; empty = the project's own `dialogue/` and `data/`."""


@dataclass(slots=True)
class Lease:
    """A call's hold on its pair."""

    url: str
    """Rasa's address."""
    data: Path
    """What the hotlines know, as the pair knows it."""
    file: int = -1

    def release(self) -> None:
        if self.file >= 0:
            os.close(self.file)
            self.file = -1


class Servers(Protocol):
    def take(self, call_id: str) -> Lease: ...


class OneServer:
    """Always the same Rasa."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def take(self, call_id: str) -> Lease:
        return Lease(self._url, Path())


class LineServers:
    """The pair at work, chosen as each call begins. Remembers what calls hold, until they let go."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._held: dict[str, Lease] = {}

    def take(self, call_id: str) -> Lease:
        lease = self._take()
        self._held = {name: held for name, held in self._held.items() if held.file >= 0}
        self._held[call_id] = lease
        return lease

    def data_of(self, call_id: str) -> Path:
        """What the hotlines know for that call; for others, what new calls get."""
        lease = self._held.get(call_id)
        if lease is None or lease.file < 0:
            return at_work(self._settings).data
        return lease.data

    def _take(self) -> Lease:
        folder = run_folder(self._settings)
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            chosen = serving(self._settings)
            file = os.open(pair_lock(folder, chosen.rasa), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(file, fcntl.LOCK_SH)
            if serving(self._settings) == chosen:  # it did not change between reading and holding
                known = with_pair(self._settings, chosen)
                return Lease(f"http://{known.host}:{chosen.rasa}", known.data, file)
            os.close(file)


def run_folder(settings: Settings) -> Path:
    return settings.var / "run"


def state_file(settings: Settings) -> Path:
    return run_folder(settings) / "dialogue.json"


def pair_lock(folder: Path, rasa_port: int) -> Path:
    return folder / f"dialogue-{rasa_port}.lock"


def kept(settings: Settings) -> bool:
    """Does a line keep its pairs here?"""
    try:
        file = os.open(run_folder(settings) / "dialogue.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def serving(settings: Settings) -> Serving:
    """What new calls get."""
    usual = Serving(
        home=settings.ports.rasa,
        rasa=settings.ports.rasa,
        actions=settings.ports.actions,
        content=settings.content,
    )
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        stated = msgspec.json.decode(state_file(settings).read_bytes(), type=Serving)
        if stated.home == settings.ports.rasa and kept(settings):
            return stated
    return usual


def at_work(settings: Settings) -> Settings:
    """The settings with the ports and the content of the pair that new calls get."""
    return with_pair(settings, serving(settings))


def with_pair(settings: Settings, pair: Serving) -> Settings:
    ports = replace(settings.ports, rasa=pair.rasa, actions=pair.actions)
    return replace(settings, ports=ports, content=pair.content)
