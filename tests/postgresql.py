"""A PostgreSQL server of the tests' own: a new cluster in a temporary folder, on a Unix socket only, thrown away when
the session ends, and when pytest is killed, too: the shell that keeps it ends with the pipe to pytest.

PostgreSQL refuses to run as root; there it runs as `nobody`.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from ivr.prepare.places import Places
from ivr.prepare.postgresql import Programs, find

ROLE = "ivr"
START_S = 60.0
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "150",
    "timezone": "GMT",
    "log_timezone": "GMT",
}
"""Nothing of it is to survive; and no time zone files are needed."""
KEEPER = """
folder=$1 programs=$2; shift 2
"$programs/initdb" -D "$folder/data" -U ivr -A trust -E UTF8 --no-locale --no-sync || exit 1
"$programs/postgres" -D "$folder/data" -k "$folder" "$@" </dev/null &
server=$!
trap 'kill -QUIT $server' TERM INT HUP
read -r _
kill -QUIT $server 2>/dev/null
wait $server
rm -rf "$folder"
"""


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://{ROLE}@/{database}?host={self.folder}"

    def create(self, template: str = "template0") -> str:
        """A new database, as a copy of another; its name."""
        self._made += 1
        name = f"test_{self._made}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, database: str) -> None:
        self.run(f'DROP DATABASE "{database}" WITH (FORCE)')

    def run(self, statement: str, database: str = "postgres") -> None:
        asyncio.run(self._run(statement, database))

    async def _run(self, statement: str, database: str) -> None:
        connection = await asyncpg.connect(user=ROLE, host=str(self.folder), database=database)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running(places: Places, options: Mapping[str, str] = {}) -> Iterator[Server | None]:
    """None where there is no PostgreSQL. `options` go before `OPTIONS`."""
    programs = find(places)
    if programs is None:
        yield None
        return
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="ivr-postgresql-", dir="/tmp"))
    keeper = _keep(programs, folder, owner, OPTIONS | dict(options))
    try:
        _wait(keeper, folder)
        yield Server(folder)
    finally:
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait(START_S)
        shutil.rmtree(folder, ignore_errors=True)


def _keep(
    programs: Programs, folder: Path, owner: pwd.struct_passwd, wanted: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    programs = _reachable(programs, folder, owner)
    if os.geteuid() == 0:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    options = [word for name, value in wanted.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "keeper", folder, programs.folder, *options],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**programs.environment(), "TZ": "GMT", "LC_ALL": "C", "HOME": str(folder)},
            start_new_session=True,  # Ctrl-C is for pytest
            **({"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}),
        )


def _reachable(programs: Programs, folder: Path, owner: pwd.struct_passwd) -> Programs:
    """What was unpacked in a folder that is root's alone is copied to where the server's owner may read it."""
    test = ["/bin/sh", "-c", 'test -x "$1/postgres"', "test", programs.folder]
    if os.geteuid() != 0 or subprocess.run(test, user=owner.pw_uid, extra_groups=[], check=False).returncode == 0:
        return programs
    root = programs.folder.parents[4]
    shutil.copytree(root / "usr", folder / "unpacked/usr", symlinks=True)
    moved = tuple(folder / "unpacked" / path.relative_to(root) for path in programs.libraries)
    return Programs(folder / "unpacked" / programs.folder.relative_to(root), programs.version, moved)


def _wait(keeper: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            Server(folder).run("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            if keeper.poll() is not None or time.monotonic() > until:
                log = folder / "log"
                said = log.read_text("utf-8", errors="replace")[-2000:] if log.exists() else ""
                raise RuntimeError(f"PostgreSQL did not start: {said}") from None
            time.sleep(0.05)
        else:
            return
