"""All judgements of a ticket at once, after every turn of its call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ivr.packs import Pack
from ivr.tickets.completeness import counted
from ivr.tickets.customer import Customer
from ivr.tickets.judgement.complexity import Counts, complexity
from ivr.tickets.judgement.emotion import of_call
from ivr.tickets.judgement.review import review
from ivr.tickets.judgement.suggestions import suggestions
from ivr.tickets.judgement.summary import summary
from ivr.tickets.judgement.urgency import Ruling, urgency
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Emotion, Ticket


def judge(
    ticket: Ticket,
    *,
    said: Sequence[str],
    customer: Customer | None,
    prior: Ticket | None,
    pack: Pack,
    taxonomy: Taxonomy,
    counts: Counts | None = None,
    raised: Sequence[float] = (),
) -> Ticket:
    """The ticket with missing, completeness, confidence, emotion, urgency, complexity, review, summary and suggestions.

    `said`: what the caller said, one element an utterance; `raised`: how much the voice was raised in each, 0…1, where
    it was measured. `prior`: the earlier ticket that this one is linked to."""
    counts = counts or Counts()
    vip = customer.vip if customer else False
    ticket = replace(
        counted(ticket, taxonomy),
        emotion=of_call(said, taxonomy.judgement.emotion, raised),
        complexity=complexity(counts, occurrence=ticket.occurrence, facts=len(ticket.fields)),
    )
    label, why = ruling(ticket, said=said, vip=vip, prior=prior, taxonomy=taxonomy)
    ticket = replace(ticket, urgency=label, emotion=_of_threat(ticket.emotion, why, taxonomy))
    reviewed = review(ticket, pack.thresholds, taxonomy, vip=vip, conflicts_left=counts.conflicts_left)
    return replace(
        ticket, review=reviewed, summary=summary(ticket, taxonomy), suggestions=suggestions(ticket, pack.advice)
    )


THREAT_SCORE = 0.35
"""Strength of dissatisfaction of a caller who announces a regulator or a court in calm words."""


def _of_threat(emotion: Emotion, why: str, taxonomy: Taxonomy) -> Emotion:
    """Who threatens is dissatisfied, however calm the words."""
    threats = any(rule.kind == "threat" and rule.why == why for rule in taxonomy.judgement.urgency.dangers)
    return Emotion("annoyed", max(THREAT_SCORE, emotion.score)) if threats and emotion.label == "calm" else emotion


def ruling(ticket: Ticket, *, said: Sequence[str], vip: bool, prior: Ticket | None, taxonomy: Taxonomy) -> Ruling:
    """The urgency, and why: what is said at once to a caller in danger depends on it."""
    return urgency(
        "\n".join(said),
        taxonomy.judgement.urgency,
        hotline=ticket.hotline,
        category=ticket.category,
        prior_age_days=(ticket.created_at.date() - prior.created_at.date()).days if prior else None,
        emotion=ticket.emotion,
        vip=vip,
    )
