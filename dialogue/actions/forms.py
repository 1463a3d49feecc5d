"""Forms make way once after every turn of the caller, so that the rules act on it before the form asks on.

One validator serves every form, by name: a new form in `dialogue/domain` needs no Python.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecutionRejected, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from ivr.conversation.notes import of_slot
from ivr.errors import DialogueDown


class ValidateForm(Action):
    def __init__(self, form: str = "") -> None:
        self._form = form

    def name(self) -> str:
        return f"validate_{self._form}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if of_slot(tracker.get_slot("notes")).handled != tracker.latest_message.get("message_id"):
            # Rasa goes on when `action_validate_slot_mappings` failed; the caller must not be asked on then.
            raise DialogueDown("这一句没有写进工单（见上面的错误），对话不能继续。")
        if _first_of_turn(tracker, self._form):
            return [ActionExecutionRejected(self._form)]
        # Rasa takes a form that validates nothing for one that heard nothing, and rejects it.
        return [SlotSet("move", tracker.get_slot("move"))]


def _first_of_turn(tracker: Tracker, form: str) -> bool:
    """The form is the first to act since the caller spoke, and was active before."""
    for event in reversed(tracker.events):
        kind, name = event.get("event"), event.get("name")
        if kind == "user":
            return True
        if kind == "active_loop" and name == form:
            return False
        if kind == "action" and name not in {form, "action_listen", "action_extract_slots"}:
            return False
    return False
