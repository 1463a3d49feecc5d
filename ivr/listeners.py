"""Who listens on which port of this machine, and which of them are our own processes. Linux only, from /proc."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"
"""TCP_LISTEN in /proc/net/tcp."""


def sockets(*, proc: Path = PROC) -> dict[int, set[str]]:
    """Port → inodes of the sockets that listen (TCP) or are bound (UDP) there."""
    found: dict[int, set[str]] = {}
    for table in ("tcp", "tcp6", "udp", "udp6"):
        file = proc / "net" / table
        if not file.is_file():
            continue
        for line in file.read_text("ascii").splitlines()[1:]:
            words = line.split()
            if table.startswith("tcp") and words[3] != LISTENING:
                continue
            found.setdefault(int(words[1].rpartition(":")[2], 16), set()).add(words[9])
    return found


def owners(inodes: Iterable[str], *, proc: Path = PROC) -> dict[str, int]:
    """Socket inode → process, as far as we may look."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[str, int] = {}
    for process in processes(proc=proc):
        try:
            for link in (proc / str(process) / "fd").iterdir():
                inode = wanted.get(str(link.readlink()))
                if inode:
                    found[inode] = process
        except OSError:  # another user's, or gone meanwhile
            continue
    return found


def processes(*, proc: Path = PROC) -> Iterator[int]:
    for entry in proc.iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


def command_line(process: int, *, proc: Path = PROC) -> str:
    """Words of a process, readable; empty when it is gone or another user's."""
    try:
        raw = (proc / str(process) / "cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()


def family(roots: Iterable[int], *, proc: Path = PROC) -> set[int]:
    """The processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for process in processes(proc=proc):
        try:
            status = (proc / str(process) / "stat").read_text("utf-8", "replace")
        except OSError:
            continue
        parent = int(status.rpartition(")")[2].split()[1])  # the name before it may hold spaces
        children.setdefault(parent, []).append(process)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        process = waiting.pop()
        if process not in found:
            found.add(process)
            waiting += children.get(process, [])
    return found
