"""Run by Rasa's Python: ours in the place of Rasa's parts, with real trackers, events and a peer on a socket.

Writes what it found as one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

DIALOGUE = Path(__file__).resolve().parents[3] / "dialogue"
sys.path.insert(0, str(DIALOGUE))

import action_calls  # noqa: E402
import serve  # noqa: E402
from aiohttp import web  # noqa: E402
from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode  # noqa: E402
from rasa.engine.runner.dask import DaskGraphRunner  # noqa: E402
from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import (  # noqa: E402
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402
from rasa.shared.exceptions import RasaException  # noqa: E402
from rasa.utils.endpoints import EndpointConfig  # noqa: E402
from recent_states import recent_states  # noqa: E402
from recent_trackers import RecentTrackers  # noqa: E402

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [inform]
slots:
  notes: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  move: {type: text, influence_conversation: false, mappings: [{type: custom}]}
forms:
  fault_form: {required_slots: [move]}
actions: [action_note, action_ask_move, validate_fault_form]
"""
)
UNDERSTOOD = SlotSet("notes", {"handled": "m1"})
SAID = UserUttered("空调坏了", {"name": "inform"}, message_id="m1", metadata={"call_id": "1"})


def tracker(*events: Any) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("1", [ActionExecuted("action_listen"), *events], DOMAIN.slots)


def own(name: str, *events: Any) -> Any:
    try:
        answer = action_calls.own_answer(name, tracker(*events))
    except RasaException as error:
        return type(error).__name__
    return None if answer is None else [event.type_name for event in answer]


def own_answers() -> dict[str, Any]:
    active, asked_before = ActiveLoop("fault_form"), [ActiveLoop("fault_form"), ActionExecuted("fault_form")]
    listening = ActionExecuted("action_listen")
    return {
        "note": own("action_note", SAID),
        "question": own("action_ask_move", SAID),
        "not understood yet": own("action_validate_slot_mappings", SAID),
        "understood already": own("action_validate_slot_mappings", SAID, UNDERSTOOD),
        "form before it was understood": own("validate_fault_form", *asked_before, listening, SAID),
        "form makes way": own("validate_fault_form", *asked_before, listening, SAID, UNDERSTOOD),
        "form again": own("validate_fault_form", *asked_before, listening, SAID, UNDERSTOOD,
                          ActionExecuted("action_note")),
        "form begins": own("validate_fault_form", SAID, UNDERSTOOD, active),
    }  # fmt: skip


class Peer:
    """An action server that wants the domain at first, says something, then fails."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.connections: set[Any] = set()
        self.domains: set[str] = set()
        self.fails = False

    async def webhook(self, request: web.Request) -> web.Response:
        call = await request.json()
        self.got.append(call)
        self.connections.add(request.transport)
        if "domain" in call:
            self.domains.add(call["domain_digest"])
        if call["domain_digest"] not in self.domains:
            return web.json_response({"error": "which domain?"}, status=449)
        if self.fails:
            return web.json_response({"error": "坏了"}, status=500)
        said = {"text": "哪天？", "buttons": [], "elements": [], "custom": {"asks": ["since"]}, "template": None}
        events = [{"event": "slot", "name": "move", "value": "inform", "timestamp": None}]
        return web.json_response({"events": events, "responses": [said]})


async def calls() -> dict[str, Any]:
    peer, app = Peer(), web.Application()
    app.router.add_post("/webhook", peer.webhook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    action = RemoteAction("action_ask_move", EndpointConfig(f"http://127.0.0.1:{port}/webhook"))
    here = tracker(SAID, UNDERSTOOD)
    events = [*await action.run(None, None, here, DOMAIN), *await action.run(None, None, here, DOMAIN)]
    other = Domain.from_yaml('version: "3.1"\nintents: [inform]\nactions: [action_ask_move]')
    await action.run(None, None, here, other)
    peer.fails = True
    try:
        await action.run(None, None, here, DOMAIN)
        failed = "no"
    except RasaException as error:
        failed = str(error)
    await action_calls.session().close()
    await runner.cleanup()
    utterances = [event.message() for event in events if isinstance(event, BotUttered)]
    return {
        "domains": ["domain" in call for call in peer.got],
        "connections": len(peer.connections),
        "keys": sorted(peer.got[0]["tracker"]),
        "message": peer.got[0]["tracker"]["latest_message"]["metadata"],
        "slots": peer.got[0]["tracker"]["slots"]["notes"],
        "events": [event.type_name for event in events],
        "said": utterances[0]["text"],
        "marks": utterances[0]["custom"],
        "failed": failed,
    }


async def memory() -> dict[str, Any]:
    store = RecentTrackers(DOMAIN, conversations=2)
    await store.save(tracker(SAID, UNDERSTOOD))
    read = await store.retrieve("1")
    read.update(SlotSet("move", "lost"))  # a turn that failed: never saved
    again = await store.retrieve("1")
    for sender in ("2", "3"):
        other = await store.get_or_create_tracker(sender)
        await store.save(other)
    return {
        "slot": again.get_slot("notes"),
        "unsaved": again.get_slot("move"),
        "message": again.latest_message.text,
        "kept": sorted(await store.keys()),
    }


TALKATIVE = Domain.from_yaml(
    """
version: "3.1"
intents: [inform]
slots:
  move: {type: categorical, values: [inform, lost], mappings: [{type: custom}]}
  topic: {type: text, mappings: [{type: custom}]}
forms:
  fault_form: {required_slots: [topic]}
actions: [action_note]
"""
)


def states() -> dict[str, Any]:
    """The last states of a conversation, as Rasa makes them and as ours do, after every event."""
    said = [
        ActionExecuted("action_listen"), SAID, SlotSet("move", "inform"), ActionExecuted("fault_form"),
        ActiveLoop("fault_form"), SlotSet("topic", "x"), ActionExecuted("action_listen"), SAID,
        ActionExecutionRejected("fault_form"), ActionExecuted("action_note"), ActionExecuted("fault_form"),
        ActionExecuted("action_listen"), SAID, SlotSet("move", "lost"), ActionExecuted("fault_form"),
        ActionReverted(), ActionExecuted("action_note"), ActiveLoop(None), ActionExecuted("action_listen"),
    ]  # fmt: skip
    growing = DialogueStateTracker.from_events("1", [], TALKATIVE.slots)
    wrong = 0
    for event in said:
        growing.update(event)
        for count in (1, 3, 40):
            ours = recent_states(growing, TALKATIVE, count)
            wrong += ours != growing.past_states(TALKATIVE)[-count:]
            ours[-1].clear()  # whoever gets them may change them
            wrong += recent_states(growing, TALKATIVE, count) != growing.past_states(TALKATIVE)[-count:]
    return {"wrong": wrong, "states": len(growing.past_states(TALKATIVE))}


class Adds(GraphComponent):
    @classmethod
    def create(cls, **_: Any) -> Adds:
        return cls()

    def add(self, one: int, other: int = 0) -> int:
        return one + other

    def fail(self, one: int) -> int:
        raise RuntimeError


def graphs() -> dict[str, Any]:
    def node(fn: str, **needs: str) -> SchemaNode:
        return SchemaNode(needs=needs, uses=Adds, constructor_name="create", fn=fn, config={}, eager=True)

    nodes = {
        "last": node("add", one="first", other="second"), "first": node("add", one="given"),
        "second": node("add", one="first", other="given"), "other": node("fail", one="given"),
    }  # fmt: skip
    context = ExecutionContext(GraphSchema(nodes), "1")
    with TemporaryDirectory() as folder:
        runner = DaskGraphRunner.create(GraphSchema(nodes), LocalModelStorage(Path(folder)), context)
        ran = {}
        for name, run in (("rasa's", DASK), ("ours", DaskGraphRunner.run)):
            try:
                failed = run(runner, {"given": 2}, ["other"])
            except Exception as error:  # noqa: BLE001  (which one is what is asked)
                failed = type(error).__name__
            ran[name] = [run(runner, {"given": 2}, ["last"]), run(runner, {"given": 3}, ["last", "first"]), failed]
    return ran


def missing() -> str:
    try:
        serve.replace(RemoteAction, "no_such_part", None)
    except SystemExit as error:
        return str(error)
    return ""


DASK = DaskGraphRunner.run
serve.make_faster()
found = {
    "own": own_answers(),
    "calls": asyncio.run(calls()),
    "memory": asyncio.run(memory()),
    "states": states(),
    "graphs": graphs(),
    "missing": missing(),
}
print(json.dumps(found, ensure_ascii=False))  # noqa: T201  (read by the test)
