"""What the caller does with a sentence, as the rules in `dialogue/data/rules` know it (slot `move`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ivr.conversation.notes import Notes
from ivr.tickets.ticket import Ticket

SILENCES = 3
"""So many silences in a row, and a human takes over."""
LOST_AFTER = 2
"""So many sentences in a row that nothing was understood of, and a human takes over."""
IDLE_AFTER = 4
"""So many turns in a row that are no answer (asked back, scolded, had us wait), and a human takes over."""
KEYED_AGAIN = 2
"""At so many wrong entries by keys the number is done without."""
OPENINGS = 4
"""So often it is asked what happened; then a human takes over."""
SURE = 0.7
"""NLU's confidence from which an intent counts without words that show it."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What was found in a turn, for the choice of its move."""

    shown: frozenset[str]
    """Moves seen from the words (`data/evidence.yml`)."""
    intents: Mapping[str, float]
    told: tuple[str, ...]
    """Fields told anew."""
    answered: bool
    """A question that is not a field's was answered: yes, no, which one."""
    topic_before: str | None
    ticket_before: Ticket
    asked: tuple[str, ...]
    certainty: float
    least_certainty: float
    keyed: str | None = None
    """What was keyed where a number was asked for; "" = only #."""
    transfer_accepted: bool = False
    """Yes to an offered transfer."""

    def says(self, move: str, intent: str | None = None) -> bool:
        return move in self.shown or self.intents.get(intent or move, 0.0) >= SURE


def choose(signs: Signs, ticket: Ticket, notes: Notes) -> tuple[str, Notes]:
    """The move, and the notes with what follows from it."""
    if notes.handoff:
        return "hand_over", notes
    if ticket.urgency == "P1" and not notes.warned:
        return "danger", replace(notes, warned=True, handoff="p1", unclear=0)
    if signs.transfer_accepted or _wants_human(signs, notes):
        notes = replace(notes, handoff="caller_request", unclear=0)
        at_once = "insist" in signs.shown or not ticket.missing or signs.transfer_accepted
        return ("hand_over" if at_once else "human"), notes
    topic_changed = signs.topic_before is not None and notes.topic != signs.topic_before
    if topic_changed and not {*notes.asked, *signs.asked} <= _OPENING:  # else no category's form has begun to be left
        return "new_topic", replace(notes, unclear=0)
    if notes.earlier == "none" and "no_earlier" not in notes.settled:
        return "no_earlier", replace(notes, settled=(*notes.settled, "no_earlier"), unclear=0)
    understood = bool(signs.told) or signs.answered or notes.topic != signs.topic_before
    if understood:
        return _understood(signs, ticket, replace(notes, unclear=0, idle=0))
    return _idle(*_not_an_answer(signs, notes))


_OPENING = {"topic", "description", "prior_ticket"}
"""What the opening form asks for."""


def _wants_human(signs: Signs, notes: Notes) -> bool:
    """A recogniser may make up "转人工" where it heard nothing else: a doubtful one counts when it is said again."""
    if signs.certainty < signs.least_certainty and not notes.unclear:
        return False
    sounds_like_it = signs.intents.get("request_human", 0.0) >= 0.9 and not signs.told
    return "human" in signs.shown or (sounds_like_it and not {"human_denied", "robot", "repairman"} & signs.shown)


def _understood(signs: Signs, ticket: Ticket, notes: Notes) -> tuple[str, Notes]:
    if "robot" in signs.shown:
        return "robot", notes
    if ticket.emotion.label in {"angry", "anxious"} and not notes.comforted:
        return "upset", replace(notes, comforted=True)
    return "inform", notes


def _not_an_answer(signs: Signs, notes: Notes) -> tuple[str, Notes]:
    """Nothing new was learnt: why, and does it count as a failed question?"""
    certain = signs.certainty >= signs.least_certainty
    if signs.says("goodbye") and (certain or notes.unclear):  # like "转人工": a doubtful one must be said again
        return "goodbye", notes
    if signs.says("robot", "ask_if_robot"):
        return "robot", notes
    if signs.says("repeat"):
        return "repeat", notes
    if signs.says("abuse"):
        return "abuse", replace(notes, comforted=True)
    if "description" in signs.asked and notes.done and "done" in signs.shown:
        return "goodbye", notes  # the other matter that was announced is none after all
    if "description" in signs.asked:
        return _opening(signs, notes)
    if "wait" in signs.shown:
        return "small_talk", notes
    notes = _tried(signs, notes)
    if signs.keyed is not None and any(notes.tries.get(slot, 0) < KEYED_AGAIN for slot in signs.asked):
        return ("wrong_keys" if signs.keyed else "no_keys"), notes
    if signs.says("dont_know") or "done" in signs.shown or signs.keyed is not None:
        return "dont_know", replace(notes, unclear=0)
    if signs.says("small_talk"):
        return "small_talk", notes
    return _unclear(signs, notes)


def _idle(move: str, notes: Notes) -> tuple[str, Notes]:
    """What no question counts as a try is counted here: no call goes round for ever."""
    if move == "dont_know":
        return move, replace(notes, idle=0)
    if move not in {"repeat", "robot", "abuse", "small_talk"}:
        return move, notes
    notes = replace(notes, idle=notes.idle + 1)
    if notes.idle >= IDLE_AFTER:
        return "lost", replace(notes, handoff="no_understanding")
    return move, notes


def _opening(signs: Signs, notes: Notes) -> tuple[str, Notes]:
    notes = notes.tried("topic")
    if notes.tries.get("topic", 0) >= OPENINGS:
        return "lost", replace(notes, handoff="no_understanding")
    if signs.certainty >= signs.least_certainty:
        return "inform", replace(notes, unclear=0)
    return _unclear(signs, notes)


def _unclear(signs: Signs, notes: Notes) -> tuple[str, Notes]:
    notes = replace(notes, unclear=notes.unclear + 1)
    if notes.unclear >= LOST_AFTER and signs.certainty < signs.least_certainty:
        return "lost", replace(notes, handoff="no_understanding")
    return "unclear", notes


def _tried(signs: Signs, notes: Notes) -> Notes:
    for slot in signs.asked:
        notes = notes.tried(slot)
    return notes


def silence(notes: Notes, times: int) -> tuple[str, Notes]:
    """`times`: how often in a row, as the line counts."""
    notes = replace(notes, silent=max(times, notes.silent + 1))
    if notes.handoff:
        return "hand_over", notes
    if notes.silent >= SILENCES:
        return "silence_over", replace(notes, handoff="no_input")
    return "silence", notes
