"""Questions. One action serves every slot, by name; the words are the responses `utter_ask_<slot>` of the domain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from dialogue.actions import words
from dialogue.actions.world import Scene, stage
from ivr.conversation import earlier
from ivr.conversation.handing_over import spoken
from ivr.conversation.notes import to_slot
from ivr.conversation.owned import bought, owned
from ivr.conversation.spoken import aloud
from ivr.errors import SettingsError
from ivr.packs import NO_TERM


class Ask(Action):
    def __init__(self, slot: str = "") -> None:
        self._slot = slot

    def name(self) -> str:
        return f"action_ask_{self._slot}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        scene = await stage().scene(tracker)
        values, marks = values_of(scene, tracker), self._marks(scene)
        asked = words.choose(domain, self._response(scene), slots=tracker.slots, values=values, used=scene.notes.used)
        if asked is None:
            raise SettingsError(f"dialogue/domain 里没有 {self._response(scene)} 可以说的话，请补上。")
        if scene.notes.silent == 1 and scene.notes.asked.get(self._slot) and not scene.notes.handoff:
            # The caller thinks or looks for it: `utter_silence` has just said so, and the question stands as it is.
            dispatcher.utter_message(json_message={**asked.marks, **marks})
            return []
        dispatcher.utter_message(text=asked.text, json_message={**asked.marks, **marks})
        notes = scene.notes.asking(self._slot)
        return [SlotSet("notes", to_slot(replace(notes, used=(*notes.used, asked.text))))]

    def _response(self, scene: Scene) -> str:
        if self._slot == "prior_ticket" and len(scene.notes.candidates) > 1:
            return "utter_ask_which_prior_ticket"
        return f"utter_ask_{self._slot}"

    def _marks(self, scene: Scene) -> dict[str, Any]:
        marks: dict[str, Any] = {"ticket_no": scene.notes.ticket_no}
        if self._slot == "confirm" and scene.notes.doubt:
            marks["about"] = {scene.notes.doubt.field: scene.notes.doubt.value}
        terms = scene.setting.pack.terms(self._slot, scene.ticket.category)
        if terms:
            marks["terms"] = [term for term in terms if term != NO_TERM][:20]
        return marks


def values_of(scene: Scene, tracker: Tracker) -> dict[str, str]:
    """Placeholder → what is said in its place."""
    fields, notes = scene.setting.fields, scene.notes
    values = {
        name: aloud(fact.value, fields[name].kind) for name, fact in scene.ticket.fields.items() if name in fields
    }
    values["name"] = scene.setting.pack.name
    values["caller_tail"] = aloud((scene.call.caller_number or "")[-4:], "digits")
    values["ticket_no"] = aloud(notes.ticket_no or "".join(notes.done[-1:]), "digits")
    values["other_ticket_no"] = "，".join(aloud(number, "digits") for number in notes.done)
    prospect = spoken(scene.prospect(scene.ticket, notes.handoff or ""))
    values |= {name: prospect.get(name, "") for name in ("ahead", "wait")}
    values["matter"] = earlier.matter(scene.ticket) if scene.ticket.value("product") else ""
    values["bought"] = bought(scene.ticket, scene.setting.customer)
    values["owned"] = owned(scene.setting.customer)
    offered = [each for number in notes.candidates for each in scene.setting.earlier if each.ticket_no == number]
    if len(offered) == 1:
        values |= {"prior_date": earlier.dated(offered[0]), "prior_matter": earlier.matter(offered[0])}
    if len(offered) > 1 and tracker.get_slot("prior_ticket") is None:
        values["choices"] = "，".join(f"{earlier.dated(each)}的{earlier.matter(each)}" for each in offered)
    else:
        choices = scene.setting.pack.lexicon.get("choices", {})
        known = choices.get(scene.ticket.value("product") or "") or choices.get(scene.ticket.category or "", ())
        values["choices"] = "是" + "，还是".join(known) if known else ""
    if notes.doubt:
        name = fields[notes.doubt.field]
        values["readback"] = f"{name.zh}是{aloud(notes.doubt.value, name.kind)}"
    return values
