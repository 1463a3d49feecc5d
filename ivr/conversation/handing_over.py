"""On the way to a human: is anybody free, how long will it take, does the caller wait or want to be called back?

Pure. The words are the designers': the question in `dialogue/domain/responses/handing_over.yml`, what counts as an
answer in `data/evidence.yml` (`wait_on_line`, `call_back`). What is not known delays nothing and is not asked about.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from ivr.call.ports import Humans
from ivr.conversation.notes import Choice, Notes
from ivr.conversation.situation import Turn
from ivr.conversation.values.yesno import yes_no
from ivr.tickets.ticket import Ticket

Situation = Literal["free", "busy", "away", "closed"]
"""Of the humans; None = not known."""

OFFER = "handoff_offer"
NUMBER = "contact_number"
ASKED = 2
"""So often each of them is asked for."""
PRIORITY = {"P1": 20, "P2": 5}
VIP_PRIORITY = 10
NOT_ASKED = frozenset({"no_input", "bot_failure"})
"""Reasons of a hand-over with which nobody is there to choose."""
LONGEST_MIN = 30
"""A longer wait is not told in minutes: it is a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What a caller who is to be handed over now has before them."""

    situation: Situation | None = None
    ahead: int | None = None
    """Callers who are served first."""
    wait_s: float | None = None


def priority(ticket: Ticket, *, vip: bool) -> int:
    """Higher is served first."""
    return max(PRIORITY.get(ticket.urgency, 0), VIP_PRIORITY if vip else 0)


def prospect(humans: Humans | None, own_priority: int, *, hours: bool) -> Prospect:
    """`humans`: of the queue that the call would join, None = not known; `hours`: the hotline is open."""
    if not hours:
        return Prospect(situation="closed")
    if humans is None:
        return Prospect()
    if not humans.at_work:
        return Prospect(situation="away")
    ahead = sum(1 for each in humans.waiting if each >= own_priority)
    if humans.free > ahead:
        return Prospect(situation="free", ahead=ahead)
    # Of `at_work` conversations one ends every talk_s / at_work; ours begins when ahead + 1 have ended.
    wait_s = (ahead + 1) * humans.talk_s / humans.at_work if humans.talk_s else None
    return Prospect(situation="busy", ahead=ahead, wait_s=wait_s)


def spoken(known: Prospect) -> dict[str, str]:
    """Placeholder → what is said in its place; what is not known is not said."""
    said = {}
    if known.ahead:
        said["ahead"] = _count(known.ahead)
    if known.wait_s is not None:
        minutes = max(1, math.ceil(known.wait_s / 60))
        said["wait"] = f"{_count(minutes)}分钟" if minutes <= LONGEST_MIN else "半个多小时"
    return said


def decided(
    turn: Turn, ticket: Ticket, notes: Notes, known: Prospect, *, shown: frozenset[str], least_certainty: float
) -> Notes:
    """The notes with what has to be done before the hand-over that is due (`handing`); None = nothing."""
    if not notes.handoff or notes.handoff in NOT_ASKED:
        return replace(notes, handing=None)
    if notes.choice is None and OFFER in turn.asked:
        certain = turn.certainty >= least_certainty
        notes = replace(notes, choice=_chosen(turn, notes, known, shown if certain else frozenset(), certain=certain))
    if notes.choice is None:
        offered = _offered(ticket, known)
        return replace(notes, handing="offer" if offered else None, offered=offered)
    if notes.choice == "call_back" and _number_lacking(ticket, notes):
        return replace(notes, handing="number")
    return replace(notes, handing=None if notes.choice == "wait" else notes.choice)


def _offered(ticket: Ticket, known: Prospect) -> Choice | None:
    """What a plain yes will mean; None: nothing is asked. P1 goes first, so it waits unless there is nobody."""
    if known.situation in ("away", "closed"):
        return "call_back"
    return "wait" if known.situation == "busy" and ticket.urgency != "P1" else None


def _chosen(turn: Turn, notes: Notes, known: Prospect, shown: frozenset[str], *, certain: bool) -> Choice | None:
    somebody = known.situation not in ("away", "closed")
    yes = _yes_or_no(turn) if certain else None
    choice: Choice | None = None
    if turn.keys is not None and turn.keys.strip("#") == "0":
        choice = "wait"
    elif "call_back" in shown:
        choice = "call_back"
    elif "wait_on_line" in shown:
        choice = "wait"
    elif yes is not None:
        choice = notes.offered if yes else _OTHERWISE.get(notes.offered)
    if choice == "wait" and not somebody:
        choice = None  # nobody would come
    if choice is None and notes.asked.get(OFFER, 0) >= ASKED:
        return "wait" if somebody else "call_back"
    return choice


_OTHERWISE: dict[Choice | None, Choice] = {"wait": "call_back", "call_back": "nothing"}
"""What a plain no means."""


def _yes_or_no(turn: Turn) -> bool | None:
    if turn.keys is not None:
        return {"1": True, "2": False}.get(turn.keys.strip("#"))
    return yes_no(turn.text)


def _number_lacking(ticket: Ticket, notes: Notes) -> bool:
    if ticket.value(NUMBER) or ticket.caller_number:
        return False
    return NUMBER not in notes.gave_up and notes.asked.get(NUMBER, 0) < ASKED


def _count(number: int) -> str:
    return "两" if number == 2 else str(number)
