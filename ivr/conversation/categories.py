"""Which kind of complaint the ticket is: the turn's intents and words against what is known already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr.conversation import topic
from ivr.conversation.notes import Notes
from ivr.conversation.situation import TRIES, Setting, Turn
from ivr.tickets.judgement.urgency import alarm
from ivr.tickets.judgement.words import Danger
from ivr.tickets.taxonomy import Category
from ivr.tickets.ticket import Ticket


def competing(intents: Mapping[str, float], hotline: str, setting: Setting) -> dict[str, float]:
    own = setting.taxonomy.hotline(hotline).categories
    every = {name for each in setting.taxonomy.hotlines.values() for name in each.categories}
    return topic.competing(intents, own, every)


def categorised(turn: Turn, ticket: Ticket, notes: Notes, setting: Setting) -> tuple[Ticket, Notes]:
    found = alarm(turn.text, setting.taxonomy.judgement.urgency, hotline=ticket.hotline)
    categories = _possible(ticket, found, setting)
    intents = _sobered(turn, found, setting)
    troubles = {name: words for name, words in setting.evidence.problem.items() if name != "consultation"}
    name = topic.category(turn.text, intents, setting.pack, categories, ticket.category, troubles)
    if ticket.category and "dont_know" in setting.evidence.moves_in(turn.text):
        return ticket, notes  # 单号弄丢了: of the number, not of the matter
    if name is None and ticket.category is None:
        told = any(trouble.search(turn.text) for trouble in troubles.values()) or notes.leaning is None
        doubted = setting.taxonomy.judgement.urgency.p1_categories if not found else ()  # no danger is guessed
        likely = {name: each for name, each in categories.items() if name not in doubted}
        guess = topic.likeliest(turn.text, intents, setting.pack, likely) if told else None
        notes = replace(notes, leaning=guess or notes.leaning)
        if "description" in turn.asked and notes.asked.get("topic", 0) >= TRIES:
            name = notes.leaning
    if name is None or name == ticket.category:
        return ticket, notes
    ticket = _without_foreign_terms(replace(ticket, category=name), setting)
    return ticket, replace(notes, topic=f"{ticket.hotline}_{name}")


NOT_ALONE = 0.3
"""What NLU alone counts for a category that is a danger by itself, where no words tell of one."""


def _possible(ticket: Ticket, found: Danger | None, setting: Setting) -> Mapping[str, Category]:
    """Who is in danger does not only ask."""
    categories = setting.taxonomy.hotline(ticket.hotline).categories
    asking = setting.taxonomy.judgement.urgency.p4_categories if found and found.kind == "safety" else ()
    return {name: each for name, each in categories.items() if name not in asking}


def _sobered(turn: Turn, found: Danger | None, setting: Setting) -> Mapping[str, float]:
    """A fee is no fraud because it sounds like one."""
    if found and found.kind == "money":
        return turn.intents
    doubted = setting.taxonomy.judgement.urgency.p1_categories
    return {name: min(sure, NOT_ALONE if name in doubted else 1.0) for name, sure in turn.intents.items()}


def _without_foreign_terms(ticket: Ticket, setting: Setting) -> Ticket:
    """A category with terms of its own (`product@parts_delay`: the part) does not keep what was meant by another's."""
    own = {place.partition("@")[0] for place in setting.pack.lexicon if place.endswith(f"@{ticket.category}")}
    for name in own & ticket.fields.keys():
        if ticket.fields[name].value not in setting.pack.terms(name, ticket.category):
            ticket = ticket.without_fact(name)
    return ticket
