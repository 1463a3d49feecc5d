"""The state of a conversation after a turn, for a designer: why the bot said what it said.

Pure: made of Rasa's tracker, the ticket and the YAML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ivr.designing.content import Content
from ivr.designing.coverage import ends_after, moments
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Ticket

TOP = 3
"""Intents shown."""
ALWAYS = ("move", "answered", "topic", "mood", "urgency", "handing_over", "hazard", "prior_ticket", "confirm")
"""Slots that rules look at, shown when they are set."""
USUAL = {"urgency": "P3", "mood": "calm", "hazard": "other", "prior_ticket": "none", "confirm": "unneeded"}
"""Values that say nothing."""


def shown_state(
    tracker: Mapping[str, Any], ticket: Ticket | None, content: Content, taxonomy: Taxonomy
) -> list[tuple[str, str]]:
    """Heading and text, a line each."""
    slots: Mapping[str, Any] = tracker.get("slots") or {}
    notes: Mapping[str, Any] = slots.get("notes") or {}
    lines = [
        ("意图", _intents(tracker.get("latest_message") or {})),
        ("槽", _slots(slots)),
        ("听到", _heard(ticket, int(notes.get("turn") or 0), taxonomy)),
        ("走过", _routes(tracker.get("events") or (), content)),
        ("为什么这么问", _why(tracker, slots, notes, content, taxonomy)),
        ("工单", _ticket(ticket, taxonomy)),
    ]
    return [(heading, text) for heading, text in lines if text]


def _intents(message: Mapping[str, Any]) -> str:
    ranking = message.get("intent_ranking") or ([message["intent"]] if message.get("intent") else [])
    best = [f"{each['name']} {float(each.get('confidence') or 0):.2f}" for each in ranking[:TOP] if each.get("name")]
    return "，".join(best)


def _slots(slots: Mapping[str, Any]) -> str:
    return "，".join(
        f"{name}={slots[name]}" for name in ALWAYS if slots.get(name) not in (None, False, USUAL.get(name))
    )


def _heard(ticket: Ticket | None, turn: int, taxonomy: Taxonomy) -> str:
    if ticket is None:
        return ""
    return "；".join(
        f"{taxonomy.field_name(name)}={fact.value}（“{fact.said or ''}”，{fact.source}，{fact.confidence:.2f}）"
        for name, fact in ticket.fields.items()
        if fact.turn == turn and turn
    )


def _routes(events: Sequence[Mapping[str, Any]], content: Content) -> str:
    """Rules and stories that acted since the caller spoke."""
    talk = moments(events)
    spoke = max((at for at, moment in enumerate(talk) if moment.kind == "intent"), default=-1)
    return "，".join(f"“{route.name}”" for route in content.routes if ends_after(route, talk, spoke))


def _why(
    tracker: Mapping[str, Any],
    slots: Mapping[str, Any],
    notes: Mapping[str, Any],
    content: Content,
    taxonomy: Taxonomy,
) -> str:
    form = content.forms.get(str((tracker.get("active_loop") or {}).get("name") or ""))
    asking = slots.get("requested_slot")
    if form is None or not asking:
        return ""
    tries = int((notes.get("asked") or {}).get(asking, 0))
    order = " → ".join(
        f"[{slot.name}]" if slot.name == asking else f"{slot.name}{'' if slots.get(slot.name) is None else '✓'}"
        for slot in form.required
    )
    return f"{form.name} 里第一个空的是 {asking}（{taxonomy.field_name(asking)}），第 {tries} 次问；顺序：{order}"


def _ticket(ticket: Ticket | None, taxonomy: Taxonomy) -> str:
    if ticket is None:
        return "还没有"
    category = taxonomy.category(ticket.hotline, ticket.category)
    known = "，".join(f"{taxonomy.field_name(name)} {fact.value}" for name, fact in ticket.fields.items())
    missing = "、".join(taxonomy.field_name(name) for name in ticket.missing)
    parts = [category.zh if category else "类别未知", known, f"缺 {missing}" if missing else "必填的齐了"]
    parts += [f"{ticket.urgency}", f"情绪 {ticket.emotion.label} {ticket.emotion.score:.2f}"]
    return f"{ticket.ticket_no or '（草稿）'}：" + "；".join(part for part in parts if part)
