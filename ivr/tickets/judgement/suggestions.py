"""What could be done now, from `data/packs/<hotline>/suggestions.yml`: fault, likely cause, steps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ivr.packs import Advice
from ivr.tickets.linking import same_thing
from ivr.tickets.ticket import Suggestion, Ticket

MOST = 3
"""More is not read during a call."""


def suggestions(ticket: Ticket, advice: Sequence[Advice]) -> tuple[Suggestion, ...]:
    """Those that hold for the ticket, the most particular first."""
    fitting = [(len(_conditions(each)), each) for each in advice if _holds(each, ticket)]
    fitting.sort(key=lambda ranked: -ranked[0])  # stable: of equals, the designer's order
    return tuple(Suggestion(each.text, each.why) for _, each in fitting[:MOST])


def _conditions(advice: Advice) -> list[str]:
    return [*advice.product[:1], *filter(None, [advice.problem]), *advice.fields]


def _holds(advice: Advice, ticket: Ticket) -> bool:
    if ticket.category not in advice.category:
        return False
    product, problem = ticket.value("product") or "", ticket.value("problem") or ""
    if advice.product and not (product and any(same_thing(name, product) for name in advice.product)):
        return False
    if advice.problem and not re.search(advice.problem, problem):
        return False
    return all(re.search(pattern, ticket.value(name) or "") for name, pattern in advice.fields.items())
