"""After every turn of the caller: one sentence, and every complaint of the call that it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from dialogue.actions import words
from dialogue.actions.asks import values_of
from dialogue.actions.understand import before_handing_over, saved, slots, turn_of
from dialogue.actions.world import Scene, stage
from ivr.conversation.complaints import (
    Division,
    Portion,
    aside,
    divide,
    following,
    opened,
    shared,
    with_announced,
    with_waiting,
)
from ivr.conversation.notes import of_slot, to_slot
from ivr.conversation.situation import Turn, Understood
from ivr.conversation.understanding import understand


async def understood_of(scene: Scene, turn: Turn) -> Understood:
    """The sentence understood and saved: the complaint in hand, those that wait, and those told for the first time."""
    waiting = [await scene.ticket_of(notes) for notes in scene.notes.waiting]
    more = "anything_else" in turn.asked
    division = divide(turn.text, scene.ticket, waiting, scene.setting, announced=more) if turn.text else Division("")
    if division.whole:
        mine = understand(turn, scene.ticket, scene.notes, scene.setting)
        return await saved(scene, with_announced(mine, turn.text, scene.setting))
    mine, fresh = await _told(scene, turn, division)
    if not fresh and not division.waiting:
        return await saved(scene, understand(turn, scene.ticket, scene.notes, scene.setting))
    mine, *fresh = shared([mine, *fresh])
    mine = await saved(scene, mine)  # first told, first number
    others = [
        await _of_waiting(scene, turn, division.waiting.get(at, ""), at, ticket) for at, ticket in enumerate(waiting)
    ]
    others += [await saved(scene, each) for each in fresh]
    return with_waiting(mine, others, told_now=bool(fresh) or not division.mine)


async def _told(scene: Scene, turn: Turn, division: Division) -> tuple[Understood, list[Understood]]:
    """The complaint in hand, and what is new beside it; what is not new after all is said of the one in hand."""
    mine, fresh = await _mine(scene, turn, division.mine), []
    kept = division.mine
    for portion in division.fresh:
        one = opened(portion, await _turn(turn, portion), mine, scene.setting)
        if one:
            fresh.append(one)
        else:
            kept = f"{kept}，{portion.words}" if kept else portion.words
    return (mine if kept == division.mine else await _mine(scene, turn, kept)), fresh


async def _mine(scene: Scene, turn: Turn, text: str) -> Understood:
    if not text:
        return aside(scene.ticket, replace(scene.notes, turn=scene.notes.turn + 1, silent=0))
    part = replace(turn, text=text, intents=await stage().intents(text))
    return understand(part, scene.ticket, scene.notes, scene.setting)


async def _turn(turn: Turn, portion: Portion) -> Turn:
    return replace(turn, text=portion.words, intents=await stage().intents(portion.words), asked=())


async def _of_waiting(scene: Scene, turn: Turn, text: str, at: int, ticket: Any) -> Understood:
    notes = scene.notes.waiting[at]
    if not text:
        return Understood(ticket, notes, "inform")
    intents = {} if ticket.category else await stage().intents(text)
    one = understand(replace(turn, text=text, intents=intents), ticket, notes, scene.setting)
    return await saved(replace(scene, ticket=ticket, notes=notes), one)


class ActionValidateSlotMappings(Action):
    """Rasa calls the action of this name after every user turn, before anything else."""

    def name(self) -> str:
        return "action_validate_slot_mappings"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        message = tracker.latest_message
        if of_slot(tracker.get_slot("notes")).handled == message.get("message_id"):
            return []  # Rasa asks again when a form starts and when one makes way
        scene = await stage().scene(tracker)
        handled = str(message.get("message_id"))
        if message["intent"]["name"] == "session_begin":
            understood = Understood(scene.ticket, replace(scene.notes, handled=handled), "begin")
        else:
            scene = replace(scene, notes=replace(scene.notes, handled=handled))
            turn = turn_of(message)
            understood = before_handing_over(scene, turn, await understood_of(scene, turn))
        return [SlotSet(name, value) for name, value in slots(scene, understood, domain).items()]


class ActionNextComplaint(Action):
    """The complaint that waited is in hand now: its slots are set, and the caller is told."""

    def name(self) -> str:
        return "action_next_complaint"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        scene = await stage().scene(tracker)
        notes = following(scene.notes)
        scene = replace(scene, notes=notes, ticket=await scene.ticket_of(notes))
        said = words.choose(
            domain, "utter_next_complaint", slots=tracker.slots, values=values_of(scene, tracker), used=notes.used
        )
        if said:
            dispatcher.utter_message(text=said.text, json_message=dict(said.marks))
        wanted = slots(scene, Understood(scene.ticket, notes, "inform"), domain)
        return [SlotSet(name, value) for name, value in {**wanted, "notes": to_slot(notes)}.items()]
