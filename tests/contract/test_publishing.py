"""Pairs of servers: real processes and real locks, but small servers instead of Rasa."""

from __future__ import annotations

import asyncio
import datetime as dt
import fcntl
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from rich.console import Console

from ivr import programs, publishing, wishes
from ivr.commands import dialogue_publish
from ivr.conversation.servers import LineServers, at_work, kept, run_folder, serving
from ivr.designing.versions import Version, Versions, write_whole
from ivr.errors import PeerDown, SettingsError
from ivr.network_ports import answers, free_ports
from ivr.processes import Processes
from ivr.programs import Program
from ivr.publishing import Pairs
from ivr.settings import Ports, Settings
from ivr.wishes import ask_line

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(sys.argv[2].encode())
    def log_message(self, *rest): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def small(settings: Settings, name: str, port: int, path: str, code: str = SERVER) -> Program:
    return Program(
        name=name,
        what=name,
        argv=(sys.executable, "-c", code, str(port), settings.content),
        cwd=settings.root,
        ready=lambda: answers(f"http://{settings.host}:{port}/{path}"),
        ready_within_s=15,
        settings=settings,
    )


@dataclass
class Line:
    settings: Settings
    versions: Versions
    pairs: Pairs
    said: list[str]

    async def publish(self, words: str) -> Version:
        (self.settings.root / "dialogue" / "words.yml").write_text(words, "utf-8")
        version = self.versions.make(self.settings.root / "m.tar.gz", words)
        assert await ask_line(self.settings, version.number, self.said.append)
        return version

    async def answer(self, url: str) -> str:
        async with aiohttp.ClientSession() as http, http.get(f"{url}/status") as response:
            return Path(await response.text()).name


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    rasa, actions = free_ports("127.0.0.1")
    monkeypatch.setattr(programs, "actions", lambda s, name: small(s, name, s.ports.actions, "health"))
    monkeypatch.setattr(programs, "rasa", lambda s, name, endpoints: small(s, name, s.ports.rasa, "status"))
    root = tmp_path / "root"
    for folder in ("dialogue", "data"):
        (root / folder).mkdir(parents=True)
    (root / "m.tar.gz").write_bytes(b"model")
    return replace(Settings(), root=root, var=tmp_path / "var", ports=Ports(rasa=rasa, actions=actions))


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Line]:
    said: list[str] = []
    versions = Versions(settings)
    version = versions.current()
    own = replace(settings, content=str(versions.place(version.number)) if version else "")
    async with Processes(own, said.append) as processes, Pairs(own, processes, said.append) as pairs:
        await pairs.start(version)
        yield Line(settings, versions, pairs, said)


async def until_stopped(url: str) -> None:
    async with asyncio.timeout(15):
        while await answers(f"{url}/status"):
            await asyncio.sleep(0.1)


async def test_new_calls_get_the_new_pair_and_the_old_one_ends_with_its_last_call(settings: Settings) -> None:
    async with running(settings) as line:
        servers = LineServers(settings)
        going_on = servers.take("old call")
        await line.publish("one")
        fresh = servers.take("new call")
        assert await line.answer(going_on.url) == ""
        assert await line.answer(fresh.url) == "1"
        assert servers.data_of("old call") == settings.root / "data"
        assert servers.data_of("new call") == line.versions.place(1) / "data"
        await asyncio.sleep(1.2)
        assert await line.answer(going_on.url) == ""  # a call is still on it
        going_on.release()
        await until_stopped(going_on.url)
        assert await line.answer(fresh.url) == "1"
        current = line.versions.current()
        assert current is not None
        assert current.number == 1
        fresh.release()
    assert not kept(settings)
    assert serving(settings).rasa == settings.ports.rasa


async def test_publishing_what_is_at_work_already_changes_nothing(settings: Settings) -> None:
    async with running(settings) as line:
        await line.publish("one")
        before = LineServers(settings).take("call")
        await line.pairs.switch(1, line.said.append)
        await asyncio.sleep(1.0)
        after = LineServers(settings).take("later call")
        assert after.url == before.url
        assert await line.answer(after.url) == "1"
        assert "本来就由" in line.said[-1]
        before.release()
        after.release()


async def test_a_pair_that_does_not_start_changes_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(settings) as line:
        await line.publish("one")
        before = serving(settings)
        broken = "raise SystemExit('坏模型')"
        monkeypatch.setattr(programs, "rasa", lambda s, name, e: small(s, name, s.ports.rasa, "status", broken))
        with pytest.raises(PeerDown, match=r"没有换上[\s\S]*坏模型[\s\S]*线路仍用原来的对话"):
            await line.publish("two")
        assert serving(settings) == before
        lease = LineServers(settings).take("call")
        assert await line.answer(lease.url) == "1"
        lease.release()
        current = line.versions.current()
        assert current is not None
        assert current.number == 1


async def test_going_back_while_calls_are_still_on_the_old_pair_is_immediate(settings: Settings) -> None:
    async with running(settings) as line:
        await line.publish("one")
        servers = LineServers(settings)
        going_on = servers.take("call")
        await line.publish("two")
        assert await ask_line(settings, 1, line.said.append)
        assert any("直接换回去" in sentence for sentence in line.said)
        back = servers.take("later call")
        assert back.url == going_on.url
        going_on.release()
        await asyncio.sleep(1.2)
        assert await line.answer(back.url) == "1"  # at work again: not drained any more
        back.release()


async def test_a_line_starts_with_what_was_published_last(settings: Settings) -> None:
    async with running(settings) as line:
        await line.publish("one")
    async with running(settings) as line:
        working = at_work(settings)
        assert working.ports.rasa == settings.ports.rasa
        assert working.data == line.versions.place(1) / "data"


async def test_without_a_line_nobody_is_asked(settings: Settings) -> None:
    assert not await ask_line(settings, 1, print)
    async with running(settings):
        with pytest.raises(SettingsError, match="已有一条线路"):
            await Pairs(settings, Processes(settings, print), print).__aenter__()


async def test_other_settings_are_not_meant(settings: Settings) -> None:
    """A simulation beside a line has ports of its own and shares its folder."""
    async with running(settings) as line:
        await line.publish("one")
        beside = replace(settings, ports=replace(settings.ports, rasa=1, actions=2))
        assert at_work(beside) == beside


def test_a_version_holds_what_it_was_made_of(settings: Settings) -> None:
    versions = Versions(settings)
    (settings.root / "data" / "taxonomy.yml").write_text("a: 1", "utf-8")
    (settings.root / "data" / "customers.yml").write_text("a: 1", "utf-8")
    first = versions.make(settings.root / "m.tar.gz", "第一版")
    versions.make_current(first.number)
    (settings.root / "data" / "taxonomy.yml").write_text("a: 2", "utf-8")
    second = versions.make(settings.root / "m.tar.gz")
    assert (versions.place(1) / "data" / "taxonomy.yml").read_text("utf-8") == "a: 1"
    assert not (versions.place(1) / "data" / "customers.yml").exists()
    assert (second.number, second.before) == (2, 1)
    assert dt.datetime.fromisoformat(second.made_at).tzinfo
    with pytest.raises(SettingsError, match="没有第 9 版；有的是：1、2"):
        versions.get(9)
    for _ in range(12):
        versions.make(settings.root / "m.tar.gz")
    versions.make_current(14)
    versions.forget_old()
    assert [version.number for version in versions.all()] == [1, *range(5, 15)]


def test_an_interrupted_version_is_not_there(settings: Settings) -> None:
    versions = Versions(settings)
    (versions.folder / ".1.new" / "dialogue").mkdir(parents=True)
    assert versions.all() == []
    assert versions.make(settings.root / "m.tar.gz").number == 1
    shutil.rmtree(versions.place(1))
    assert versions.current() is None


async def test_every_wish_gets_its_answer_also_when_two_come_at_once(settings: Settings) -> None:
    async with running(settings) as line:
        versions = [line.versions.make(settings.root / "m.tar.gz", words) for words in ("one", "two")]
        asked = (ask_line(settings, version.number, line.said.append) for version in versions)
        async with asyncio.timeout(20):
            assert await asyncio.gather(*asked) == [True, True]
        assert serving(settings).version == 2


async def test_an_outcome_that_cannot_be_written_at_once_is_written_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 4

    def on_a_full_disk(file: Path, content: bytes) -> None:
        nonlocal failures
        if b'"done"' in content and failures:
            failures -= 1
            raise OSError(28, "No space left on device")
        write_whole(file, content)

    monkeypatch.setattr(wishes, "write_whole", on_a_full_disk)
    async with running(settings) as line:
        async with asyncio.timeout(20):
            await line.publish("one")
        assert serving(settings).version == 1


async def test_nobody_waits_for_ever_for_a_line_that_does_not_answer(settings: Settings) -> None:
    lock = run_folder(settings) / "dialogue.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("ab") as held:  # a line that is there and looks at nothing
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(PeerDown, match="没有说结果"):
            await ask_line(settings, 1, print, news_within_s=0.2)


SLOW_TO_DIE = """
import signal, threading, time, os
signal.signal(signal.SIGTERM, lambda *_: threading.Timer(1.5, lambda: os._exit(0)).start())
"""


async def test_a_pair_that_is_being_stopped_is_not_put_back_to_work(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SLOW_TO_DIE + SERVER
    monkeypatch.setattr(programs, "rasa", lambda s, name, e: small(s, name, s.ports.rasa, "status", slow))
    async with running(settings) as line:
        await line.publish("one")
        servers = LineServers(settings)
        going_on = servers.take("call")
        await line.publish("two")
        going_on.release()
        await asyncio.sleep(1.0)  # it is dying, and answers still
        assert await answers(f"{going_on.url}/status")
        assert await ask_line(settings, 1, line.said.append)
        back = servers.take("later call")
        await asyncio.sleep(2.0)
        assert await line.answer(back.url) == "1"
        back.release()


async def test_what_serves_is_what_the_next_start_serves(settings: Settings) -> None:
    async with running(settings) as line:
        await line.publish("one")
        line.versions.make_current(0)
        await line.pairs.switch(1, line.said.append)
        current = line.versions.current()
        assert current is not None
        assert current.number == 1


async def test_a_version_that_calls_get_is_not_forgotten_because_its_outcome_was_lost(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(settings) as line:
        version = line.versions.make(settings.root / "m.tar.gz", "one")

        async def unheard(_: Settings, number: int, tell: Callable[[str], None]) -> bool:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(line.pairs.switch(number, tell), loop))
            raise PeerDown("没有说结果")

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(dialogue_publish, "ask_line", unheard)
        with pytest.raises(PeerDown):
            await asyncio.to_thread(dialogue_publish.bring, settings, line.versions, version, Console(quiet=True))
        assert line.versions.get(1) == version
        assert serving(settings).version == 1
        unused = line.versions.make(settings.root / "m.tar.gz", "two")

        async def refused(*_: object) -> bool:
            raise PeerDown("起不来")

        monkeypatch.setattr(dialogue_publish, "ask_line", refused)
        with pytest.raises(PeerDown):
            await asyncio.to_thread(dialogue_publish.bring, settings, line.versions, unused, Console(quiet=True))
        assert [each.number for each in line.versions.all()] == [1]


async def test_a_switch_that_cannot_be_written_down_changes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, content: bytes) -> None:
        if b'"version":2' in content:
            raise OSError(28, "No space left on device")
        write_whole(file, content)

    monkeypatch.setattr(publishing, "write_whole", full)
    async with running(settings) as line:
        await line.publish("one")
        with pytest.raises(PeerDown, match="没有换上"):
            await line.publish("two")
        current = line.versions.current()
        assert (serving(settings).version, current and current.number) == (1, 1)
        lease = LineServers(settings).take("call")
        assert await line.answer(lease.url) == "1"
        lease.release()
