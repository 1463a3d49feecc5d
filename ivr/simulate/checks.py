"""What became of a call against what the scenario expects: one named check each (docs/contract/scenario.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.simulate.expectation import Expect, Null
from ivr.simulate.same_value import Sameness

Ticket = Mapping[str, Any]
"""In the JSON form of docs/contract/ticket.md."""


@dataclass(frozen=True, slots=True)
class Check:
    what: str
    """status, fields.<id>, also[n].<…>, …"""
    passed: bool
    expected: object
    got: object

    def to_json(self) -> dict[str, object]:
        return {"what": self.what, "passed": self.passed, "expected": self.expected, "got": self.got}


def check_call(
    expect: Expect, tickets: Sequence[Ticket], sameness: Sameness, *, questions: int, asked: Sequence[str]
) -> list[Check]:
    """All checks of a call. `tickets`: that of the complaint spoken first, then the others. `questions` and `asked`:
    counted and listed by the caller, without the greeting."""
    checks = list(_of_ticket(expect, tickets[0] if tickets else None, sameness))
    if expect.max_questions is not None:
        checks.append(Check("max_questions", questions <= expect.max_questions, expect.max_questions, questions))
    if expect.never_asks is not None:
        offences = [what for what in expect.never_asks if what in asked]
        checks.append(Check("never_asks", not offences, list(expect.never_asks), offences))
    for number, further in enumerate(expect.also):
        other = tickets[number + 1] if len(tickets) > number + 1 else None
        checks += [
            Check(f"also[{number}].{check.what}", check.passed, check.expected, check.got)
            for check in _of_ticket(further, other, sameness)
        ]
    return checks


def _of_ticket(expect: Expect, ticket: Ticket | None, sameness: Sameness) -> Iterator[Check]:
    held: Ticket = ticket or {}
    yield from _equal("status", expect.status, held.get("status"))
    yield from _equal("category", expect.category, held.get("category"))
    yield from _fields(expect, held, sameness)
    yield from _equal("prior_ticket_no", expect.prior_ticket_no, held.get("prior_ticket_no"))
    yield from _among("urgency", expect.urgency, held.get("urgency"))
    yield from _among("emotion", expect.emotion, (held.get("emotion") or {}).get("label"))
    yield from _review(expect.review, held.get("review") or {})
    yield from _equal("handoff", expect.handoff, (held.get("handoff") or {}).get("reason"))
    yield from _crm(expect.crm, held.get("customer"), sameness)


def _equal(what: str, wanted: str | Null | None, got: object) -> Iterator[Check]:
    if wanted is not None:
        expected = None if isinstance(wanted, Null) else wanted
        yield Check(what, got == expected, expected, got)


def _among(what: str, wanted: tuple[str, ...] | None, got: object) -> Iterator[Check]:
    if wanted is not None:
        yield Check(what, got in wanted, list(wanted), got)


def _fields(expect: Expect, ticket: Ticket, sameness: Sameness) -> Iterator[Check]:
    held = ticket.get("fields") or {}
    for name, wanted in expect.fields.items():
        value = (held.get(name) or {}).get("value")
        got = None if value is None else str(value)
        yield Check(f"fields.{name}", sameness.fits(name, got, wanted), wanted.shown(), got)


def _review(wanted: tuple[str, ...] | None, review: Mapping[str, Any]) -> Iterator[Check]:
    if wanted is None:
        return
    reasons = list(review.get("reasons") or [])
    passed = set(wanted) <= set(reasons) if wanted else not reasons and not review.get("required")
    yield Check("review", passed, list(wanted), reasons)


def _crm(wanted: Mapping[str, str], customer: object, sameness: Sameness) -> Iterator[Check]:
    """The value may be anywhere in what the CRM knows of the customer."""
    for key, value in wanted.items():
        known = [text for name, text in _leaves(customer) if sameness.same(name, text, value)]
        yield Check(f"crm.{key}", bool(known), value, known[0] if known else None)


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item, name)
    elif value is not None:
        yield name, str(value)
