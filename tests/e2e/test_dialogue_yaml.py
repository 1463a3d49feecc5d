"""What dialogue designers may change: only YAML is edited here, trained, and talked to."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest

from ivr import app
from ivr.call.ports import CallInfo, Heard, Reply, Said
from ivr.conversation.client import RasaConversation
from ivr.settings import Settings, save
from tests.e2e.conftest import PROJECT, free_ports

pytestmark = pytest.mark.line

TRAINING_S = 400
VOUCHER = "送您一张五十元的维修券，已经放进您的账户了"


def swap(text: str, form: str, one: str, other: str) -> str:
    """The two questions of a form change places."""
    head, found, rest = text.partition(f"  {form}:\n")
    assert found
    mark = "    - \0\n"
    rest = rest.replace(f"    - {one}\n", mark, 1).replace(f"    - {other}\n", f"    - {one}\n", 1)
    return head + found + rest.replace(mark, f"    - {other}\n", 1)


BRANCH = """
version: "3.1"
rules:
- rule: 要退货的，送一张券
  condition:
  - slot_was_set:
    - move: inform
    - answered: desired_resolution
    - desired_resolution: 退货
  steps:
  - action: action_listen
  - action: utter_voucher
"""
WORDS = f"""
version: "3.1"
responses:
  utter_voucher:
  - text: {VOUCHER}
"""


@dataclass
class Talk:
    conversation: RasaConversation
    call: CallInfo

    async def begin(self, call_id: str) -> Reply:
        self.call = replace(self.call, call_id=call_id)
        return await self.conversation.begin(self.call)

    async def say(self, text: str) -> Reply:
        return await self.conversation.reply(self.call, Said(Heard(text, 1.0)))


@asynccontextmanager
async def trained(folder: Path) -> AsyncIterator[Talk]:
    """The edited dialogue, served."""
    settings = replace(Settings(), var=folder / "var", ports=free_ports())
    await _train(folder / "dialogue", settings.var / "models")
    save(settings, folder / "settings.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IVR_SETTINGS", str(folder / "settings.json"))
        async with app.running_dialogue(settings, print), aiohttp.ClientSession() as http:
            worlds = app.Worlds(settings)
            try:
                url = f"http://{settings.host}:{settings.ports.rasa}"
                call = CallInfo("", "appliance", "13800019001", settings.now())
                yield Talk(RasaConversation(http, url, worlds.of, timeout_s=15), call)
            finally:
                await worlds.close()


async def _train(dialogue: Path, models: Path) -> None:
    models.mkdir(parents=True)
    program = PROJECT / ".venv-rasa" / "bin" / "python"
    arguments = (
        "-m",
        "rasa",
        "train",
        "--domain",
        "domain",
        "--data",
        "data",
        "--config",
        "config.yml",
        "--out",
        models,
    )
    process = await asyncio.create_subprocess_exec(
        str(program),
        *map(str, arguments),
        cwd=dialogue,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false", "HOME": str(models.parent)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), TRAINING_S)
    assert process.returncode == 0, output.decode("utf-8", "replace")[-3000:]


@pytest.mark.skipif(sys.platform != "linux", reason="Rasa is prepared for Linux")
async def test_only_yaml_swaps_two_questions_and_adds_a_branch(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "dialogue", tmp_path / "dialogue")
    forms = tmp_path / "dialogue" / "domain" / "appliance.yml"
    forms.write_text(swap(forms.read_text("utf-8"), "appliance_product_fault_form", "problem", "since"), "utf-8")
    (tmp_path / "dialogue" / "data" / "rules" / "voucher.yml").write_text(BRANCH, "utf-8")
    (tmp_path / "dialogue" / "domain" / "voucher.yml").write_text(WORDS, "utf-8")

    async with trained(tmp_path) as talk:
        await talk.begin("swapped")
        assert (await talk.say("我家洗衣机坏了")).asks == ("since",)
        assert (await talk.say("前天")).asks == ("problem",)
        assert (await talk.say("甩不干")).ended

        await talk.begin("branch")
        assert (await talk.say("电饭煲涂层掉了，想办退换")).asks == ("order_no",)
        assert (await talk.say("二零二六幺幺零五三三幺")).asks == ("desired_resolution",)
        last = await talk.say("退货吧")
        assert VOUCHER in last.text
        assert last.ended

        await talk.begin("no branch")
        await talk.say("电饭煲涂层掉了，想办退换")
        await talk.say("二零二六幺幺零五三三幺")
        last = await talk.say("给我换个新的")
        assert VOUCHER not in last.text
        assert last.ended
