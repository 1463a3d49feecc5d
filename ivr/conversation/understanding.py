"""One turn of the caller understood: the ticket with everything that was said, the notes, and what the caller did.

Pure: no network, no store, no clock. Actions load what is known, call `understand`, save, and set Rasa's slots; what
is asked next is decided by the rules and forms in `dialogue/`, never here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ivr.conversation import categories, earlier, moves, topic
from ivr.conversation.ear import Ear, Heard
from ivr.conversation.evidence import Cue
from ivr.conversation.facts import facts
from ivr.conversation.ledger import doubt, settle_doubt, write
from ivr.conversation.notes import Doubt, Notes
from ivr.conversation.situation import TRIES, Setting, Turn, Understood
from ivr.conversation.values.yesno import yes_no
from ivr.tickets.judgement.complexity import Counts
from ivr.tickets.judgement.judge import judge
from ivr.tickets.judgement.tone import raised, with_opening
from ivr.tickets.linking import candidates, names_no_symptom, speaks_of_earlier
from ivr.tickets.takeover import contradictions, linked, with_crm
from ivr.tickets.taxonomy import Field
from ivr.tickets.ticket import OWN_WORDS, Fact, Ticket

LIKELY = 0.5
"""An earlier ticket this likely, or twice as likely as the next, is offered alone."""


def understand(turn: Turn, ticket: Ticket, notes: Notes, setting: Setting) -> Understood:
    notes = replace(notes, turn=notes.turn + 1)
    if turn.silent:
        move, notes = moves.silence(notes, turn.silent)
        return Understood(ticket, notes, move)
    notes = replace(notes, silent=0)
    if turn.keys is not None and turn.keys.strip("#") == "0":
        return Understood(ticket, replace(notes, handoff="caller_request"), "hand_over")
    turn = replace(turn, intents=categories.competing(turn.intents, ticket.hotline, setting))
    before, topic_before = ticket, notes.topic
    shown = setting.evidence.moves_in(turn.text)
    if turn.keys is None:
        notes = _with_words(turn, notes, setting)
        ticket, notes = categories.categorised(turn, ticket, notes, setting)
    ticket, notes, answered = _chosen_earlier(turn, ticket, notes, setting)
    answer = _yes_or_no(turn) if turn.certainty >= setting.least_certainty else None
    reopened = _reopened(turn, notes, answer, setting)
    heard = _heard(turn, ticket, notes, setting, reopened)
    written = write(
        ticket, notes, heard, asked=(*turn.asked, *reopened), corrects="correction" in shown, certainty=turn.certainty,
        source="keys" if turn.keys is not None else "caller",
    )  # fmt: skip
    ticket, notes, told = written.ticket, written.notes, written.told
    if answer is not None and turn.asked and not any(name in setting.fields for name in turn.asked):
        answered = answered or not {"description", "prior_ticket"} & set(turn.asked)
    if "confirm" in turn.asked:
        ticket, notes = settle_doubt(ticket, notes, answer, told)
    ticket = _with_crm(ticket, setting)
    ticket, notes = _mentioned_earlier(turn, ticket, notes, setting)
    ticket = _judged(ticket, notes, setting)
    signs = moves.Signs(
        shown=shown, intents=turn.intents, told=told, answered=answered, topic_before=topic_before,
        ticket_before=before, asked=turn.asked, certainty=turn.certainty, least_certainty=setting.least_certainty,
        transfer_accepted="handoff_offer" in turn.asked and answer is True, keyed=_keyed_number(turn, setting),
    )  # fmt: skip
    move, notes = moves.choose(signs, ticket, notes)
    notes = _given_up(notes, ticket, setting)
    notes = _by_policy(ticket, _doubted(ticket, notes, setting), setting)
    return Understood(_judged(ticket, notes, setting), notes, move, _answered(turn, told, answered))


def _with_words(turn: Turn, notes: Notes, setting: Setting) -> Notes:
    """What was said, and how it was said compared with the caller's own beginning."""
    notes = replace(notes, digest=f"{notes.digest}{turn.text}\n")
    if not turn.text:
        return notes
    voice = raised(turn.tone, notes.opening, setting.taxonomy.judgement.emotion.voice)
    return replace(notes, raised=(*notes.raised, voice), opening=with_opening(notes.opening, turn.tone))


def _reopened(turn: Turn, notes: Notes, answer: bool | None, setting: Setting) -> tuple[str, ...]:
    """The field that was read back, unless the caller said yes: the right value often comes with the no."""
    if "confirm" not in turn.asked or notes.doubt is None or answer is True:
        return ()
    if turn.certainty < setting.least_certainty or (turn.keys is not None and answer is not None):
        return ()  # key 2 is a no, not a number
    return (notes.doubt.field,)


def _heard(
    turn: Turn, ticket: Ticket, notes: Notes, setting: Setting, reopened: tuple[str, ...] = ()
) -> dict[str, Heard]:
    """Facts of the category; of every category of the hotline while it is not known.

    `reopened`: fields whose read-back is not agreed to; heard like one asked for, but "不对" itself is no product."""
    hotline = setting.taxonomy.hotline(ticket.hotline)
    category = setting.taxonomy.category(ticket.hotline, ticket.category)
    wanted = category.fields if category else {f for each in hotline.categories.values() for f in each.fields}
    names = [*wanted, *(f for f in ("contact_name", "contact_number", *turn.asked) if f not in wanted)]
    fields = [setting.fields[name] for name in names if name in setting.fields]
    if turn.keys is not None:
        return _keyed(turn.keys, fields, (*turn.asked, *reopened), setting)
    asked: tuple[str, ...] = ("problem",) if "description" in turn.asked and ticket.category == "consultation" else ()
    asked = (*turn.asked, *asked, *(name for name in reopened if setting.fields[name].kind != "term"))
    if turn.certainty < setting.least_certainty:  # words may be made up; a number or a known name hardly
        fields = [one for one in fields if one.kind != "text"]
        asked = tuple(name for name in asked if name not in setting.fields or setting.fields[name].kind != "term")
    ear = Ear(
        pack=setting.pack,
        evidence=setting.evidence,
        today=setting.today,
        category=ticket.category,
        asked=asked,
        insist=tuple(name for name in turn.asked if notes.asked.get(name, 0) >= TRIES),
        known={name: fact.value for name, fact in ticket.fields.items()},
        caller_number=ticket.caller_number,
    )
    return facts(turn.text, fields, ear)


def _keyed(keys: str, fields: Iterable[Field], asked: tuple[str, ...], setting: Setting) -> dict[str, Heard]:
    """The number that was keyed, if it is as long as one of the field asked for."""
    digits = keys.strip("#*")
    wanted = next((one.id for one in fields if one.id in asked and one.kind == "digits"), None)
    cue = setting.evidence.cues.get(wanted or "", Cue(re.compile("(?!)")))
    kept = cue.fitting(digits)
    return {wanted: Heard(kept, keys, 1.0)} if wanted and kept else {}


def _keyed_number(turn: Turn, setting: Setting) -> str | None:
    """What was keyed where a number was asked for."""
    number_asked = any(name in setting.fields and setting.fields[name].kind == "digits" for name in turn.asked)
    return turn.keys.strip("#*") if turn.keys is not None and number_asked else None


def _chosen_earlier(turn: Turn, ticket: Ticket, notes: Notes, setting: Setting) -> tuple[Ticket, Notes, bool]:
    """The answer to "is it that one?"."""
    if "prior_ticket" not in turn.asked or notes.earlier != "which":
        return ticket, notes, False
    if turn.certainty < setting.least_certainty:  # a noise is no yes: a wrong link is worse than none
        return ticket, notes, False
    offered = [each for number in notes.candidates for each in setting.earlier if each.ticket_no == number]
    choice = earlier.choose(turn.text, offered, setting.taxonomy.judgement.linking, turn.keys)
    if choice.ticket:
        return (*_linked(ticket, notes, choice.ticket, setting), True)
    if choice.denied or notes.asked.get("prior_ticket", 0) >= TRIES:
        return ticket, replace(notes, earlier="denied"), choice.denied
    return ticket, notes, False


def _linked(ticket: Ticket, notes: Notes, prior: Ticket, setting: Setting) -> tuple[Ticket, Notes]:
    if ticket.category not in topic.words_of(notes.digest, setting.pack):
        ticket = replace(ticket, category=prior.category or ticket.category)  # it was only guessed
    ticket = linked(_without_crm(ticket), prior, setting.taxonomy)  # what was meant, before what was only likely
    known = f"{ticket.hotline}_{ticket.category}" if ticket.category else None
    return ticket, replace(notes, earlier="linked", topic=known)


def _with_crm(ticket: Ticket, setting: Setting) -> Ticket:
    """What the CRM knows, afresh: what it told before may not fit any more."""
    return with_crm(_without_crm(ticket), setting.customer, setting.taxonomy)


def _without_crm(ticket: Ticket) -> Ticket:
    return replace(ticket, fields={name: fact for name, fact in ticket.fields.items() if fact.source != "crm"})


def _mentioned_earlier(turn: Turn, ticket: Ticket, notes: Notes, setting: Setting) -> tuple[Ticket, Notes]:
    """ "和上次一样" said for the first time: who may be meant?"""
    words = setting.taxonomy.judgement.linking
    if notes.earlier != "unmentioned" or turn.keys is not None or not speaks_of_earlier(turn.text, words):
        return ticket, notes
    own = {name: fact.value for name, fact in ticket.fields.items() if fact.source in OWN_WORDS}
    if names_no_symptom(turn.text, words) and ticket.fields.get("problem", Fact("")).turn == notes.turn:
        own.pop("problem", None)  # "修完没几天又犯了" tells no other problem
    found = candidates(
        turn.text,
        own.get("product"),
        setting.earlier,
        setting.today,
        words,
        problem=own.get("problem"),
        facts=own,
    )
    if not found:
        return ticket, replace(notes, earlier="none")
    alone = len(found) == 1 or found[0].score >= max(LIKELY, 2 * found[1].score)
    offered = found[:1] if alone else found
    return ticket, replace(notes, earlier="which", candidates=tuple(each.ticket.ticket_no for each in offered))


def _judged(ticket: Ticket, notes: Notes, setting: Setting) -> Ticket:
    prior = next((each for each in setting.earlier if each.ticket_no == ticket.prior_ticket_no), None)
    counts = Counts(
        complaints=1 + len(notes.waiting) + len(notes.done),
        contradictions=notes.contradictions,
        conflicts_left=notes.conflicts_left,
        failed_questions=notes.failed,
    )
    return judge(
        ticket, said=notes.said, raised=notes.raised, customer=setting.customer, prior=prior, pack=setting.pack,
        taxonomy=setting.taxonomy, counts=counts,
    )  # fmt: skip


def _given_up(notes: Notes, ticket: Ticket, setting: Setting) -> Notes:
    """An optional field at the first question without an answer, a required one after two."""
    category = setting.taxonomy.category(ticket.hotline, ticket.category)
    required = category.required if category else ()
    lost = [
        name
        for name, tries in notes.tries.items()
        if tries >= (TRIES if name in required else 1) and name in setting.fields and not ticket.value(name)
    ]
    return replace(notes, gave_up=tuple(dict.fromkeys((*notes.gave_up, *lost))))


def _doubted(ticket: Ticket, notes: Notes, setting: Setting) -> Notes:
    """What is to be read back. A read-back that brought no answer twice is dropped."""
    differing = contradictions(ticket, setting.customer)
    if notes.doubt and _stale(notes.doubt, ticket, differing):
        notes = replace(notes, doubt=None)
    if notes.doubt and notes.tries.get("confirm", 0) < TRIES:
        return notes
    if notes.doubt:
        notes = replace(notes, doubt=None, settled=(*notes.settled, notes.doubt.field))
    for name, value in differing.items():
        if name not in notes.settled:
            return replace(notes, doubt=Doubt(name, value, conflict=True), contradictions=notes.contradictions + 1)
    return replace(notes, doubt=doubt(ticket, notes, setting.taxonomy, setting.pack))


def _by_policy(ticket: Ticket, notes: Notes, setting: Setting) -> Notes:
    """What the hotline gives to a human in any case goes there when everything is noted."""
    open_question = notes.handoff or notes.doubt or notes.waiting or notes.earlier == "which"
    if open_question or ticket.missing or ticket.category not in setting.pack.hand_over:
        return notes
    return replace(notes, handoff="policy")


def _stale(doubt: Doubt, ticket: Ticket, differing: Mapping[str, str]) -> bool:
    """Corrected meanwhile, at another question: to read the old value back would undo it."""
    return (differing.get(doubt.field) if doubt.conflict else ticket.value(doubt.field)) != doubt.value


def _yes_or_no(turn: Turn) -> bool | None:
    if turn.keys is not None:
        return {"1": True, "2": False}.get(turn.keys.strip("#"))
    return yes_no(turn.text)


def _answered(turn: Turn, told: tuple[str, ...], answered: bool) -> str | None:
    named = next((name for name in turn.asked if name in told), None)
    if named:
        return named
    return turn.asked[0] if answered and turn.asked else None
