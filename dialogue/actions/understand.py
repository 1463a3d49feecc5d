"""A message of Rasa as a turn of the caller; what was understood as a saved ticket and as slots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dialogue.actions.world import Scene
from ivr.conversation.handing_over import decided
from ivr.conversation.notes import UNKNOWN, Notes, to_slot
from ivr.conversation.situation import Turn, Understood
from ivr.conversation.wire import tone_of
from ivr.tickets.ticket import Ticket

ENDING = frozenset({"goodbye", "silence_over", "lost"})
"""Moves after which the call ends, whatever else was told."""


def turn_of(message: dict[str, Any]) -> Turn:
    metadata = message.get("metadata") or {}
    entities = {entity["entity"]: str(entity["value"]) for entity in message.get("entities") or ()}
    asked = tuple(metadata.get("asked") or ())
    match message["intent"]["name"]:
        case "keys":
            return Turn(keys=entities.get("digits", ""), asked=asked)
        case "no_input":
            return Turn(silent=int(entities.get("times", "1")), asked=asked)
    return Turn(
        text=message.get("text") or "",
        certainty=float((metadata.get("heard") or {}).get("confidence", 1.0)),
        intents={each["name"]: each["confidence"] for each in message.get("intent_ranking") or ()},
        asked=asked,
        tone=tone_of(metadata),
    )


def before_handing_over(scene: Scene, turn: Turn, understood: Understood) -> Understood:
    """Whether the caller is first asked to wait or be called back, and what they answered."""
    ticket, notes = understood.ticket, understood.notes
    notes = decided(
        turn, ticket, notes, scene.prospect(ticket, notes.handoff or ""),
        shown=scene.setting.evidence.moves_in(turn.text), least_certainty=scene.setting.least_certainty,
    )  # fmt: skip
    return replace(understood, notes=notes)


async def saved(scene: Scene, understood: Understood) -> Understood:
    """The ticket is on file from the first thing that is known of it."""
    ticket, notes = understood.ticket, understood.notes
    if ticket == scene.ticket:
        return understood
    if ticket.ticket_no:
        ticket = await scene.world.store.save(ticket, by="bot", why=f"第 {notes.turn} 句")
    elif ticket.category or any(fact.turn for fact in ticket.fields.values()):
        ticket = await scene.world.store.create(ticket)
        notes = replace(notes, ticket_no=ticket.ticket_no)
    return replace(understood, ticket=ticket, notes=notes)


def slots(scene: Scene, understood: Understood, domain: dict[str, Any]) -> dict[str, Any]:
    """Slot → value, for the slots that the domain has."""
    ticket, notes = understood.ticket, understood.notes
    wanted: dict[str, Any] = {
        "notes": to_slot(notes),
        "move": understood.move,
        "topic": notes.topic,
        "answered": understood.answered,
        "hotline": scene.call.hotline,
        "recorded": scene.call.recorded,
        "mood": ticket.emotion.label,
        "urgency": ticket.urgency,
        "vip": scene.setting.customer.vip if scene.setting.customer else None,
        "handing_over": True if notes.handoff else None,
        "silences": str(min(notes.silent, 3)) if notes.silent else None,
        "humans": scene.prospect(ticket, notes.handoff or "").situation,
        "handing": notes.handing,
        "handoff_offer": notes.choice,
        "waiting": True if notes.waiting and not notes.handoff and understood.move not in ENDING else None,
        "anything_else": "问过了" if notes.asked.get("anything_else") else None,
        "hazard": scene.setting.evidence.hazard_in("\n".join(notes.said)) or "other",
        "prior_ticket": prior_slot(ticket, notes),
        "confirm": None if notes.doubt and not notes.handoff else "unneeded",
    }
    for name in scene.setting.fields:
        value = notes.terms.get(name) or ticket.value(name)
        wanted[name] = value or (UNKNOWN if name in notes.gave_up else None)
    known = domain.get("slots", {})
    return {name: value for name, value in wanted.items() if name in known}


def prior_slot(ticket: Ticket, notes: Notes) -> str | None:
    """Filled unless the caller is to say which; nobody in danger is asked that."""
    if notes.earlier == "which" and not notes.handoff:
        return None
    return ticket.prior_ticket_no or "none"
