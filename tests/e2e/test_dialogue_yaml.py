"""What dialogue designers may change: only YAML is edited here, trained, published, and talked to, with real Rasa.

One small dialogue (one hotline, few epochs) is edited, trained and published as the first version; the second differs
in a sentence and in a pack's name. All is done in a folder of its own.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from ivr.call.ports import CallInfo, Heard, Reply, Said
from ivr.conversation.client import RasaConversation
from ivr.conversation.servers import LineServers
from ivr.designing.versions import Versions
from ivr.prepare import dialogue as training
from ivr.prepare.places import Places
from ivr.prepare.step import Job
from ivr.prepare.terminal import Terminal
from ivr.processes import Processes
from ivr.publishing import Pairs
from ivr.running import published
from ivr.settings import Settings, save
from ivr.tickets.ticket import Ticket
from ivr.wishes import ask_line
from ivr.worlds import Worlds
from tests.e2e.conftest import PROJECT, free_ports

pytestmark = pytest.mark.line

VOUCHER = "送您一张五十元的维修券，已经放进您的账户了"
KEPT_IN_MIND = "订单号我也一起转过去了，退款不用您再报一遍"
OLD_NAME, NEW_NAME = "美家电器", "新名字电器"
NEW_WORDS = "这一版换了个问法：是什么时候的事？"

BRANCH = f"""
version: "3.1"
responses:
  utter_voucher:
  - text: {VOUCHER}
  utter_kept_in_mind:
  - text: {KEPT_IN_MIND}
  utter_noted:
  - text: 订单号记下了。
"""
RULES = """
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
stories:
- story: 刚报了订单号就说要退款
  steps:
  - action: action_listen
  - slot_was_set:
    - move: inform
    - answered: order_no
  - action: utter_noted
  - action: appliance_refund_exchange_form
  - active_loop: appliance_refund_exchange_form
  - action: action_listen
  - slot_was_set:
    - move: inform
    - answered: desired_resolution
    - desired_resolution: 退款
  - action: utter_kept_in_mind
"""

# --- a category that the product has never heard of ------------------------------------

CATEGORY = (
    "      spare_parts:       {zh: 配件购买,   required: [product, address],                    optional: [model]}\n"
)
FORM = """
version: "3.1"
intents: [spare_parts]
forms:
  appliance_spare_parts_form:
    required_slots:
    - product
    - address
    - contact_number
    - confirm
actions: [validate_appliance_spare_parts_form, action_ask_address]
responses:
  utter_ask_address:
  - text: 给您寄到哪里？
    custom: {asks: [address]}
"""
FORM_RULES = """
version: "3.1"
rules:
- rule: 配件购买，开始问
  condition:
  - slot_was_set:
    - topic: appliance_spare_parts
  steps:
  - action: opening_form
  - active_loop: null
  - action: appliance_spare_parts_form
  - active_loop: appliance_spare_parts_form
- rule: 配件购买，问完了
  condition:
  - active_loop: appliance_spare_parts_form
  steps:
  - action: appliance_spare_parts_form
  - active_loop: null
  - action: action_settle
  wait_for_user_input: false
"""
EXAMPLES = """
version: "3.1"
nlu:
- intent: spare_parts
  examples: |
    - 遥控器丢了，我想配一个
    - 你们卖不卖滤芯啊
    - 我要买个零件
    - 想单买一个面板
    - 配个新的遥控器
    - 有没有原装的配件卖
    - 那个旋钮断了，能不能买一个
    - 我想买个密封圈
    - 滤网上哪儿买去
    - 给我寄一个配件过来，我自己换
"""


def insert(file: Path, before: str, line: str) -> None:
    text = file.read_text("utf-8")
    assert before in text, file
    file.write_text(text.replace(before, line + before, 1), "utf-8")


def edit(root: Path) -> None:
    """The designer's work: nothing but YAML."""
    dialogue, data = root / "dialogue", root / "data"
    forms = dialogue / "domain" / "appliance.yml"
    text = forms.read_text("utf-8")
    head, found, rest = text.partition("  appliance_product_fault_form:\n")
    assert found
    assert rest.index("    - problem\n") < rest.index("    - since\n")
    rest = rest.replace("    - since\n", "", 1).replace("    - problem\n", "    - since\n    - problem\n", 1)
    forms.write_text(head + found + rest, "utf-8")
    (dialogue / "domain" / "voucher.yml").write_text(BRANCH, "utf-8")
    (dialogue / "data" / "rules" / "voucher.yml").write_text(RULES, "utf-8")

    insert(data / "taxonomy.yml", "      installation: ", CATEGORY)
    insert(dialogue / "domain" / "common.yml", "    - appliance_installation\n", "    - appliance_spare_parts\n")
    lexicon = data / "packs" / "appliance" / "lexicon.yml"
    words = lexicon.read_text("utf-8")
    lexicon.write_text(
        words.replace("\ncategory:\n", "\ncategory:\n  spare_parts: [配件, 买个遥控器, 零件]\n", 1), "utf-8"
    )
    (dialogue / "domain" / "spare_parts.yml").write_text(FORM, "utf-8")
    (dialogue / "data" / "rules" / "spare_parts.yml").write_text(FORM_RULES, "utf-8")
    (dialogue / "data" / "nlu" / "spare_parts.yml").write_text(EXAMPLES, "utf-8")


def lighten(root: Path) -> None:
    """One hotline, few epochs: training is not what is tested."""
    config = root / "dialogue" / "config.yml"
    config.write_text(re.sub(r"epochs: \d+", "epochs: 15", config.read_text("utf-8")), "utf-8")
    for hotline in (folder.name for folder in (root / "data" / "packs").iterdir()):
        if hotline != "appliance":
            for folder in ("domain", "data/rules", "data/nlu"):
                (root / "dialogue" / folder / f"{hotline}.yml").unlink(missing_ok=True)
    for file in (root / "dialogue" / "data" / "nlu").glob("*.yml"):  # those of the other hotlines' intents
        intents = set(re.findall(r"^- intent: (\w+)", file.read_text("utf-8"), re.MULTILINE))
        if not intents & known_intents(root):
            file.unlink()


def known_intents(root: Path) -> set[str]:
    domain = "\n".join(file.read_text("utf-8") for file in (root / "dialogue" / "domain").rglob("*.yml"))
    return set(re.findall(r"^- (\w+)", domain, re.MULTILINE))


def train(settings: Settings) -> Path:
    job = Job(Places(PROJECT), Terminal(), {}, "test-dialogue")
    return training.train_into(job, settings.root / "dialogue", settings.var / "models")


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The edited dialogue as version 1, and version 2 with another sentence and another name."""
    root = tmp_path_factory.mktemp("designer")
    for folder in ("dialogue", "data"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".venv-rasa").symlink_to(PROJECT / ".venv-rasa")
    lighten(root)
    edit(root)
    settings = replace(Settings(), root=root, var=root / "var", ports=free_ports())
    versions = Versions(settings)
    versions.make_current(versions.make(train(settings), "第一版").number)
    for file in (root / "dialogue" / "domain").rglob("*.yml"):
        text = file.read_text("utf-8")
        if "\n  utter_ask_since:\n" in text:
            head, rest = text.split("\n  utter_ask_since:\n", 1)
            one = f"  - text: {NEW_WORDS}\n    custom: {{asks: [since]}}\n"
            file.write_text(f"{head}\n  utter_ask_since:\n{one}{rest}", "utf-8")
    pack = root / "data" / "packs" / "appliance" / "hotline.yml"
    pack.write_text(pack.read_text("utf-8").replace(OLD_NAME, NEW_NAME), "utf-8")
    versions.make(train(settings), "第二版")
    save(settings, root / "settings.json")
    return settings


class Talk:
    def __init__(self, conversation: RasaConversation, worlds: Worlds, settings: Settings) -> None:
        self.conversation, self._worlds, self._settings = conversation, worlds, settings

    async def begin(self, call_id: str) -> Call:
        call = CallInfo(call_id, "appliance", "13800019001", self._settings.now())
        return Call(self, call, await self.conversation.begin(call))

    async def ticket(self, call: CallInfo) -> Ticket:
        (ticket,) = await (await self._worlds.of(call)).store.of_call(call.call_id)
        return ticket


class Call:
    def __init__(self, talk: Talk, info: CallInfo, greeting: Reply) -> None:
        self._talk, self.info, self.greeting = talk, info, greeting

    async def say(self, text: str) -> Reply:
        return await self._talk.conversation.reply(self.info, Said(Heard(text, 1.0)))

    async def hang_up(self) -> Ticket:
        await self._talk.conversation.end(self.info, "caller_hung_up")
        return await self._talk.ticket(self.info)

    async def ended(self) -> Ticket:
        await self._talk.conversation.end(self.info, "bot_hung_up")
        return await self._talk.ticket(self.info)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Talk]:
    """The servers of a line, without its telephones."""
    own, version = published(settings, print)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IVR_SETTINGS", str(settings.root / "settings.json"))
        async with Processes(own, print) as processes, Pairs(own, processes, print) as pairs:
            await pairs.start(version)
            servers = LineServers(own)
            worlds = Worlds(own, servers)
            async with aiohttp.ClientSession() as http:
                try:
                    yield Talk(RasaConversation(http, servers, worlds.of, timeout_s=20), worlds, settings)
                finally:
                    await worlds.close()


@pytest.mark.skipif(sys.platform != "linux", reason="Rasa is prepared for Linux")
async def test_only_yaml_makes_another_dialogue_and_publishing_brings_it_to_new_calls(edited: Settings) -> None:
    async with serving(edited) as talk:
        await two_questions_changed_places(talk)
        await a_branch_after_an_answer(talk)
        await a_story_of_two_turns(talk)
        await a_new_category(talk)
        await calls_keep_what_they_began_with(talk, edited)


async def two_questions_changed_places(talk: Talk) -> None:
    call = await talk.begin("swapped")
    assert (await call.say("我家洗衣机坏了")).asks == ("since",)
    assert (await call.say("前天")).asks == ("problem",)
    await call.hang_up()


async def a_branch_after_an_answer(talk: Talk) -> None:
    call = await talk.begin("branch")
    assert (await call.say("电饭煲涂层掉了，想办退换")).asks == ("order_no",)
    assert (await call.say("二零二六幺幺零五三三幺")).asks == ("desired_resolution",)
    last = await call.say("退货吧")
    assert VOUCHER in last.text
    await call.hang_up()

    other = await talk.begin("no branch")
    await other.say("电饭煲涂层掉了，想办退换")
    await other.say("二零二六幺幺零五三三幺")
    assert VOUCHER not in (await other.say("给我换个新的")).text
    await other.hang_up()


async def a_story_of_two_turns(talk: Talk) -> None:
    """What is said depends on what was said the turn before."""
    call = await talk.begin("story")
    await call.say("电饭煲涂层掉了，想办退换")
    noted = await call.say("二零二六幺幺零五三三幺")
    assert noted.text.startswith("订单号记下了。")
    assert noted.asks == ("desired_resolution",)  # back in the form by itself
    assert KEPT_IN_MIND in (await call.say("退款")).text
    await call.hang_up()

    other = await talk.begin("another story")
    await other.say("电饭煲涂层掉了，想办退换")
    await other.say("二零二六幺幺零五三三幺")
    await other.say("你是机器人吗")  # a turn between: it is not that story any more
    assert KEPT_IN_MIND not in (await other.say("退款")).text
    await other.hang_up()


async def a_new_category(talk: Talk) -> None:
    call = await talk.begin("parts")
    asked = await call.say("遥控器丢了，我想买个配件，空调的")
    assert asked.asks == ("address",), asked
    last = await call.say("江城市人民路八号三单元五零一")
    ticket = await call.ended()
    assert last.ended, last
    assert ticket.category == "spare_parts"
    assert ticket.status == "complete"
    assert ticket.value("product") == "空调"
    assert "人民路" in str(ticket.value("address"))


async def calls_keep_what_they_began_with(talk: Talk, settings: Settings) -> None:
    going_on = await talk.begin("old")
    said: list[str] = []
    assert await ask_line(settings, 2, said.append)
    fresh = await talk.begin("new")
    assert OLD_NAME in going_on.greeting.text
    assert NEW_NAME in fresh.greeting.text  # of data/, as the other words are of the model
    new = await fresh.say("我家洗衣机坏了")
    old = await going_on.say("我家洗衣机坏了")
    assert NEW_WORDS in new.text
    assert old.asks == ("since",)
    assert NEW_WORDS not in old.text
    assert await ask_line(settings, 1, said.append)  # back, while the old call still goes on
    back = await talk.begin("back")
    assert NEW_WORDS not in (await back.say("我家洗衣机坏了")).text
    assert (await fresh.say("前天")).asks == ("problem",)  # of the version it began with, to its end
    for call in (going_on, fresh, back):
        await call.hang_up()
    current = Versions(settings).current()
    assert current is not None
    assert current.number == 1
    await asyncio.sleep(1.5)
