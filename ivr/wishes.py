"""Wishes to publish: who wants a version at work leaves one for the running line, and reads beside it its outcome.

Both are files in `var/run/wishes/`, a pair for each wish. The line fulfils them in their order (`ivr.publishing`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ivr.conversation.servers import kept, run_folder
from ivr.designing.versions import write_whole
from ivr.errors import PeerDown
from ivr.settings import Settings

log = logging.getLogger(__name__)

LOOK_S = 0.5
NEWS_WITHIN_S = 600.0
"""Whoever wished waits no longer than this after the line's last word: starting a pair takes five minutes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    id: str
    number: int
    """Version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    id: str
    """Of the wish."""
    done: bool = False
    error: str = ""
    says: tuple[str, ...] = ()
    """What happened so far, a sentence each."""


# --- the line's side -----------------------------------------------------------------


class Wishes:
    """Of one line."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._unwritten: dict[str, Outcome] = {}
        """Wish → what could not be written yet."""

    def clear(self) -> None:
        """Those of an earlier line are nobody's."""
        shutil.rmtree(wishes_folder(self._settings), ignore_errors=True)

    def waiting(self) -> Iterator[Wish]:
        """The oldest first."""
        for file in sorted(wishes_folder(self._settings).glob("*.wish")):
            try:
                yield msgspec.json.decode(file.read_bytes(), type=Wish)
            except (OSError, msgspec.MsgspecError) as error:
                log.warning("a wish to publish cannot be read: %s", error)
                with contextlib.suppress(OSError):
                    file.unlink()

    def done(self, wish: Wish) -> None:
        with contextlib.suppress(OSError):
            wish_file(self._settings, wish.id).unlink()

    def report(self, outcome: Outcome) -> None:
        """What cannot be written now is written later: what was done is done all the same."""
        self._unwritten[outcome.id] = outcome
        try:
            write_whole(outcome_file(self._settings, outcome.id), msgspec.json.encode(outcome))
        except OSError as error:
            log.warning("what became of a wish cannot be written: %s", error)
        else:
            del self._unwritten[outcome.id]

    def report_again(self) -> None:
        for outcome in list(self._unwritten.values()):
            self.report(outcome)


# --- who wishes ----------------------------------------------------------------------


def wishes_folder(settings: Settings) -> Path:
    return run_folder(settings) / "wishes"


def wish_file(settings: Settings, wish: str) -> Path:
    return wishes_folder(settings) / f"{wish}.wish"


def outcome_file(settings: Settings, wish: str) -> Path:
    return wishes_folder(settings) / f"{wish}.outcome"


async def ask_line(
    settings: Settings, number: int, tell: Callable[[str], None], *, news_within_s: float = NEWS_WITHIN_S
) -> bool:
    """Have the running line serve that version, and wait. False: no line runs here. Raises `PeerDown` with what kept
    it from it; then the line goes on with the version it had."""
    if not kept(settings):
        return False
    wish = Wish(id=f"{time.time_ns():020}-{os.getpid()}", number=number)
    file = wish_file(settings, wish.id)
    write_whole(file, msgspec.json.encode(wish))
    try:
        await _granted(settings, wish, tell, news_within_s)
    finally:
        file.unlink(missing_ok=True)  # who waits no longer does not wish any more
        outcome_file(settings, wish.id).unlink(missing_ok=True)
    return True


async def _granted(settings: Settings, wish: Wish, tell: Callable[[str], None], news_within_s: float) -> None:
    told, heard_at = 0, time.monotonic()
    while True:
        outcome = _outcome(settings, wish)
        for sentence in outcome.says[told:]:
            tell(sentence)
            heard_at = time.monotonic()
        told = len(outcome.says)
        if outcome.error:
            raise PeerDown(f"没有换上：{outcome.error}\n线路仍用原来的对话，来电不受影响。")
        if outcome.done:
            return
        if not kept(settings):
            raise PeerDown("线路停了，没有换上。下次 ivr up 仍用原来的对话。")
        if time.monotonic() - heard_at > news_within_s:
            raise PeerDown(
                f"线路 {news_within_s:.0f} 秒没有说结果：请看 ivr up 的输出，"
                "用 ivr dialogue rollback --list 看线路正在用哪一版。"
            )
        await asyncio.sleep(LOOK_S)


def _outcome(settings: Settings, wish: Wish) -> Outcome:
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(outcome_file(settings, wish.id).read_bytes(), type=Outcome)
    return Outcome(id=wish.id)
