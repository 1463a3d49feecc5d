"""The dialogue's servers of a running line, in pairs: a Rasa and its action server, both of one published version.

Publishing starts a new pair beside the old one. When it is ready, new calls get it (`ivr.conversation.servers`); the
old pair is stopped when its last call has ended. A pair that does not start changes nothing. Who wants a version
published leaves a wish in `var/run/wishes/` and reads beside it what became of it; wishes are fulfilled in their order.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import IO

import msgspec

from ivr import programs
from ivr.conversation.servers import Serving, pair_lock, run_folder, state_file
from ivr.designing.versions import Version, Versions, shown, write_whole
from ivr.errors import IvrError, PeerDown, SettingsError
from ivr.network_ports import answers, free_ports
from ivr.processes import Processes, Tell
from ivr.settings import Settings
from ivr.wishes import Outcome, Wish, Wishes

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often wishes and draining pairs are looked at."""
LONGEST_DRAIN_S = 2 * 3600.0
"""A pair is stopped this long after the switch even if a call still holds it: no call takes so long."""
LOCKED_WITHIN_S = 5.0


@dataclass(slots=True)
class Pair:
    version: int
    """0 = the files as they are edited."""
    settings: Settings
    """With its ports and its content."""
    names: tuple[str, str]
    """Its programs: Rasa, actions."""
    draining: asyncio.Task[None] | None = None
    """Waits for its last call, then stops it."""
    stopping: asyncio.Task[None] | None = None
    """Ends its programs: from now on it must not be used any more."""
    switched_off: float = field(default=0.0)
    """Monotonic seconds."""


async def start_pair(
    processes: Processes, settings: Settings, suffix: str = "", endpoints: Path | None = None
) -> tuple[str, str]:
    """Rasa and its action server at the ports of the settings. Gives the programs' names. Raises `PeerDown`."""
    names = f"rasa{suffix}", f"actions{suffix}"
    try:
        await processes.start(programs.actions(settings, names[1]))
        await processes.start(programs.rasa(settings, names[0], endpoints))
    except BaseException:
        await processes.end(*names)
        raise
    return names


class Pairs:
    """Keeps the pairs of one line. `async with Pairs(…) as pairs: await pairs.start(version)`."""

    def __init__(self, settings: Settings, processes: Processes, tell: Tell) -> None:
        self._settings = settings
        self._processes = processes
        self._tell = tell
        self._versions = Versions(settings)
        self._pairs: list[Pair] = []
        """The last one is at work."""
        self._lock: IO[bytes] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._wishes = Wishes(settings)

    async def __aenter__(self) -> Pairs:
        self._lock = await _locked(run_folder(self._settings) / "dialogue.lock")
        state_file(self._settings).unlink(missing_ok=True)
        self._wishes.clear()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [task for task in (self._watch, *(pair.draining for pair in self._pairs)) if task]
        for task in tasks:
            task.cancel()
        stopping = [pair.stopping for pair in self._pairs if pair.stopping]
        await asyncio.gather(*tasks, *stopping, return_exceptions=True)
        state_file(self._settings).unlink(missing_ok=True)
        if self._lock:
            self._lock.close()

    async def start(self, version: Version | None) -> None:
        """The first pair, at the ports of the settings. Raises `PeerDown`."""
        try:
            names = await start_pair(self._processes, self._settings)
        except PeerDown as error:
            back = "\n这是发布的版本；要回到上一版：ivr dialogue rollback。" if version else ""
            raise PeerDown(f"{error}{back}") from error
        self._go_to_work(Pair(version.number if version else 0, self._settings, names))
        self._watch = asyncio.create_task(self._watch_wishes(), name="publish wishes")

    async def switch(self, number: int, tell: Tell) -> None:
        """New calls get that version. Raises `IvrError`; then everything is as it was."""
        version = self._versions.get(number)
        old = self._pairs[-1]
        if old.version == number:
            self._remember(number)
            tell(f"新来电本来就由{shown(version)}接听。")
            return
        pair = await self._draining_still(number)
        if pair:
            tell("它还在为没打完的电话服务，直接换回去。")
        else:
            pair = await self._new(version, tell)
        try:
            self._remember(number)
            self._go_to_work(pair)
        except (OSError, PeerDown) as error:
            with contextlib.suppress(OSError):
                self._versions.make_current(old.version)
            self._pairs.insert(0, pair)
            self._let_drain(pair)
            raise PeerDown(f"写不了 {self._settings.var}：{error}") from error
        self._let_drain(old)
        tell(f"新来电现在由{shown(version)}接听。")

    def _remember(self, number: int) -> None:
        """The next start serves it, too. Raises `PeerDown`."""
        try:
            self._versions.make_current(number)
        except OSError as error:
            raise PeerDown(f"记不下新来电由第 {number} 版接听：{error}") from error

    def _let_drain(self, pair: Pair) -> None:
        pair.switched_off = time.monotonic()
        pair.draining = asyncio.create_task(self._drain(pair), name=f"drain {pair.version}")

    async def _draining_still(self, number: int) -> Pair | None:
        """A pair of that version that still runs for its last calls, taken out of draining."""
        pair = next((each for each in self._pairs[:-1] if each.version == number), None)
        if pair is None or pair.draining is None:
            return None
        if pair.stopping:
            await asyncio.wait([pair.draining])  # a new pair takes the names of its programs
            return None
        pair.draining.cancel()
        await asyncio.gather(pair.draining, return_exceptions=True)
        self._pairs.remove(pair)
        host, ports = pair.settings.host, pair.settings.ports
        if await answers(f"http://{host}:{ports.rasa}/status") and await answers(
            f"http://{host}:{ports.actions}/health"
        ):
            return replace(pair, draining=None)
        await self._processes.end(*pair.names)
        return None

    async def _new(self, version: Version, tell: Tell) -> Pair:
        rasa, actions = free_ports(self._settings.host)
        settings = replace(
            self._settings,
            ports=replace(self._settings.ports, rasa=rasa, actions=actions),
            content=str(self._versions.place(version.number)),
        )
        tell("正在启动新的一对服务（约一分钟），正在进行的电话不受影响……")
        names = await start_pair(self._processes, settings, f"-{version.number}")
        return Pair(version.number, settings, names)

    def _go_to_work(self, pair: Pair) -> None:
        home, ports, content = self._settings.ports.rasa, pair.settings.ports, pair.settings.content
        state = Serving(home=home, rasa=ports.rasa, actions=ports.actions, version=pair.version, content=content)
        write_whole(state_file(self._settings), msgspec.json.encode(state))
        self._pairs.append(pair)

    async def _drain(self, pair: Pair) -> None:
        """Stop the pair when no call holds it any more."""
        file = pair_lock(run_folder(self._settings), pair.settings.ports.rasa)
        while not _unused(file):
            if time.monotonic() - pair.switched_off > LONGEST_DRAIN_S:
                log.warning("version %s still has calls after %.0f s; stopped", pair.version, LONGEST_DRAIN_S)
                break
            await asyncio.sleep(LOOK_S)
        pair.stopping = asyncio.create_task(self._stop(pair, file), name=f"stop {pair.version}")
        await asyncio.shield(pair.stopping)  # half stopped is of no use to anybody

    async def _stop(self, pair: Pair, lock: Path) -> None:
        await self._processes.end(*pair.names)
        self._pairs.remove(pair)
        with contextlib.suppress(OSError):
            os.unlink(lock)  # noqa: PTH108
        self._say(f"对话第 {pair.version} 版的最后一通电话结束了，它的服务已停止。")

    # --- wishes --------------------------------------------------------------------

    async def _watch_wishes(self) -> None:
        while True:
            for wish in self._wishes.waiting():
                await self._fulfil(wish)
                self._wishes.done(wish)
            self._wishes.report_again()
            await asyncio.sleep(LOOK_S)

    async def _fulfil(self, wish: Wish) -> None:
        outcome = Outcome(id=wish.id)

        def tell(sentence: str) -> None:
            nonlocal outcome
            outcome = replace(outcome, says=(*outcome.says, sentence))
            self._wishes.report(outcome)
            self._say(sentence)

        try:
            await self.switch(wish.number, tell)
            outcome = replace(outcome, done=True)
        except IvrError as error:
            outcome = replace(outcome, done=True, error=str(error))
            self._say(f"第 {wish.number} 版没有换上：{error}")
        except Exception as error:  # the boundary of one wish: the line goes on with what it has
            log.exception("publishing %s failed", wish.number)
            outcome = replace(outcome, done=True, error=f"出错了：{error!r}")
        self._wishes.report(outcome)

    def _say(self, sentence: str) -> None:
        with contextlib.suppress(OSError):
            self._tell(sentence)


async def _locked(file: Path) -> IO[bytes]:
    """The line's own lock. Raises `SettingsError` when another line holds it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = file.open("ab")
    end = time.monotonic() + LOCKED_WITHIN_S
    while True:  # who only looks whether a line runs holds it for a moment
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                handle.close()
                raise SettingsError(f"已有一条线路在用 {file.parent.parent}：请先停掉它。") from None
            await asyncio.sleep(0.1)
        else:
            return handle


def _unused(file: Path) -> bool:
    """Nobody holds the pair. New calls do not come: they read the state after they hold a lock."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
