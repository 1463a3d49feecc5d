"""What is said beside questions: comfort, warnings, the end, the way to a human."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from dialogue.actions import words
from dialogue.actions.asks import values_of
from dialogue.actions.world import Scene, stage
from ivr.conversation.handing_over import priority
from ivr.conversation.notes import to_slot
from ivr.tickets.callbacks import call_back
from ivr.tickets.ticket import Handoff, Ticket

CHOSEN = "没有坐席空闲，来电人选择回电"
DECLINED = "没有坐席空闲，来电人不等也不要回电"


class _Says(Action):
    """Says one response of the domain, with marks."""

    def name(self) -> str:
        raise NotImplementedError

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        scene = await self.prepared(await stage().scene(tracker))
        chosen = words.choose(
            domain, self.response(scene), slots=tracker.slots, values=values_of(scene, tracker), used=scene.notes.used
        )
        if chosen:
            marks = {**chosen.marks, "ticket_no": scene.notes.ticket_no, **self.marks(scene)}
            dispatcher.utter_message(text=chosen.text, json_message=marks)
        return [SlotSet("notes", to_slot(scene.notes))]

    async def prepared(self, scene: Scene) -> Scene:
        """What is written down before it is said."""
        return scene

    def response(self, scene: Scene) -> str:
        raise NotImplementedError

    def marks(self, scene: Scene) -> dict[str, Any]:
        return {}


class ActionWarn(_Says):
    def name(self) -> str:
        return "action_warn"

    def response(self, scene: Scene) -> str:
        return "utter_warn"


class ActionComfort(_Says):
    def name(self) -> str:
        return "action_comfort"

    def response(self, scene: Scene) -> str:
        return "utter_comfort"


class ActionHandOver(_Says):
    """The ticket says that a human was asked for before the caller is told."""

    def name(self) -> str:
        return "action_hand_over"

    async def prepared(self, scene: Scene) -> Scene:
        if scene.ticket.handoff:
            return scene
        reason = self.reason(scene)
        asked = Handoff(reason, scene.queue(scene.ticket, reason), scene.call.started_at)
        return await _written(scene, replace(scene.ticket, handoff=asked), "转人工")

    def reason(self, scene: Scene) -> str:
        return scene.notes.handoff or "caller_request"

    def response(self, scene: Scene) -> str:
        return "utter_lost" if self.reason(scene) == "no_understanding" else "utter_hand_over"

    def marks(self, scene: Scene) -> dict[str, Any]:
        asked = scene.ticket.handoff
        return {
            "ended": True,
            "handoff": self.reason(scene),
            "priority": priority(scene.ticket, vip=scene.vip),
            "queue": asked.queue if asked else None,
            "waits": scene.notes.choice == "wait",
        }


class ActionCallBack(_Says):
    """No human is free and the caller does not wait: a call-back is owed, or nothing, where they want none."""

    def name(self) -> str:
        return "action_call_back"

    async def prepared(self, scene: Scene) -> Scene:
        if scene.ticket.handoff:
            return scene
        reason = scene.notes.handoff or "caller_request"
        asked = Handoff(reason, scene.queue(scene.ticket, reason), scene.now)
        ticket = replace(scene.ticket, handoff=asked)
        if scene.notes.choice == "call_back":
            owed = call_back(ticket, CHOSEN, at=scene.now, hours=scene.setting.pack.open_hours)
            ticket = replace(ticket, callback=owed)
        scene = await _written(scene, ticket, CHOSEN if ticket.callback else DECLINED)
        store = scene.world.store
        await store.record_handoff(scene.ticket.ticket_no, "no_agent", None, 0.0, by="bot")
        return scene

    def response(self, scene: Scene) -> str:
        return "utter_call_back"

    def marks(self, scene: Scene) -> dict[str, Any]:
        return {"ended": True}


async def _written(scene: Scene, ticket: Ticket, why: str) -> Scene:
    """Before it is told. Where nothing is known yet there is a ticket all the same: a call-back may be noted on it."""
    store = scene.world.store
    if ticket.ticket_no:
        return replace(scene, ticket=await store.save(ticket, by="bot", why=why))
    ticket = await store.create(ticket, why=why)
    return replace(scene, ticket=ticket, notes=replace(scene.notes, ticket_no=ticket.ticket_no))


class ActionLost(ActionHandOver):
    """No rule fits: the caller is not left in silence."""

    def name(self) -> str:
        return "action_lost"

    def reason(self, scene: Scene) -> str:
        return scene.notes.handoff or "no_understanding"


class ActionFarewell(_Says):
    def name(self) -> str:
        return "action_farewell"

    def response(self, scene: Scene) -> str:
        if scene.notes.ticket_no and scene.notes.done:
            return "utter_farewell_several"
        return "utter_farewell" if scene.notes.ticket_no or scene.notes.done else "utter_farewell_no_ticket"

    def marks(self, scene: Scene) -> dict[str, Any]:
        return {"ended": True}
