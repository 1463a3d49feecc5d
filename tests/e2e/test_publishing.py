"""Publishing into running servers, with real Rasa and the model that is prepared: nothing is trained here.

The second version differs in `data/` alone: the name that the bot greets with.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from ivr import app
from ivr.call.ports import CallInfo, Heard, Reply, Said
from ivr.conversation.client import RasaConversation
from ivr.conversation.servers import LineServers
from ivr.designing.versions import Versions
from ivr.processes import Processes
from ivr.publishing import Pairs, ask_line
from ivr.settings import Settings, save
from tests.e2e.conftest import PROJECT, free_ports

pytestmark = pytest.mark.line

OLD_NAME, NEW_NAME = "美家电器", "新名字电器"


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    """Two versions; the first is current."""
    root = tmp_path / "designer"
    for folder in ("dialogue", "data"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".venv-rasa").symlink_to(PROJECT / ".venv-rasa")
    settings = replace(Settings(), root=root, var=root / "var", ports=free_ports())
    save(settings, root / "settings.json")
    model = max((PROJECT / "var" / "models").glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
    versions = Versions(settings)
    versions.make_current(versions.make(model).number)
    pack = root / "data" / "packs" / "appliance" / "hotline.yml"
    text = pack.read_text("utf-8")
    assert OLD_NAME in text
    pack.write_text(text.replace(OLD_NAME, NEW_NAME), "utf-8")
    versions.make(model)
    return versions


class Caller:
    """One after another, on the servers of a line without its telephones."""

    def __init__(self, settings: Settings, servers: LineServers, http: aiohttp.ClientSession) -> None:
        self.servers, self.worlds = servers, app.Worlds(settings, servers)
        self.conversation = RasaConversation(http, servers, self.worlds.of, timeout_s=30)
        self._now = settings.now()

    async def call(self, name: str) -> tuple[CallInfo, Reply]:
        call = CallInfo(name, "appliance", "13800019001", self._now)
        return call, await self.conversation.begin(call)

    async def say(self, call: CallInfo, text: str) -> Reply:
        return await self.conversation.reply(call, Said(Heard(text, 1.0)))


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Caller]:
    own, version = app.published(settings, print)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IVR_SETTINGS", str(settings.root / "settings.json"))
        async with Processes(own, print) as processes, Pairs(own, processes, print) as pairs:
            await pairs.start(version)
            async with aiohttp.ClientSession() as http:
                caller = Caller(own, LineServers(own), http)
                try:
                    yield caller
                finally:
                    await caller.worlds.close()


@pytest.mark.skipif(sys.platform != "linux", reason="Rasa is prepared for Linux")
async def test_a_call_keeps_what_it_began_with_while_new_calls_hear_the_new_words(versions: Versions) -> None:
    settings = replace(Settings(), root=versions.folder.parent.parent, var=versions.folder.parent)
    settings = replace(settings, ports=free_ports())
    said: list[str] = []
    async with serving(settings) as caller:
        going_on, greeting = await caller.call("old")
        assert OLD_NAME in greeting.text
        assert await ask_line(settings, 2, said.append)
        fresh, greeting = await caller.call("new")
        assert NEW_NAME in greeting.text
        assert caller.servers.data_of(going_on.call_id) == versions.place(1) / "data"
        assert (await caller.say(going_on, "我家洗衣机坏了")).asks  # in the midst of its own dialogue
        assert (await caller.say(fresh, "我家冰箱坏了")).asks

        assert await ask_line(settings, 1, said.append)  # back while the old call still goes on: at once
        assert any("直接换回去" in sentence for sentence in said)
        back, greeting = await caller.call("back")
        assert OLD_NAME in greeting.text

        for call in (going_on, fresh):
            assert await caller.conversation.end(call, "caller_hung_up")  # its ticket
        await caller.conversation.end(back, "caller_hung_up")
    current = versions.current()
    assert current is not None
    assert current.number == 1
