"""What a call would make of one sentence, were it the first: for designers and for evaluation (`ivr score nlu`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.conversation import topic
from ivr.conversation.notes import Notes
from ivr.conversation.situation import Setting, Turn
from ivr.conversation.understanding import understand
from ivr.conversation.values.text import plain
from ivr.conversation.values.yesno import yes_no
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Fact, Ticket


@dataclass(frozen=True, slots=True)
class Reading:
    hotline: str
    intent: str | None
    confidence: float
    """0…1, among the intents of the hotline."""
    category: str | None
    fields: Mapping[str, Fact] = field(default_factory=dict)


def read(text: str, intents: Mapping[str, float], blank: Ticket, setting: Setting, asking: str | None) -> Reading:
    """`intents`: NLU's, of all hotlines; `blank`: a ticket that knows nothing; `asking`: field just asked for."""
    own = setting.taxonomy.hotline(blank.hotline).categories
    mine = topic.competing(intents, own, categories(setting.taxonomy))
    sure = _with_words(text, mine, setting, asking)
    intent = max(sure, key=lambda name: sure[name], default=None)
    turn = Turn(text=text, intents=intents, asked=(asking,) if asking else ())
    ticket = understand(turn, blank, Notes(), setting).ticket
    told = {name: fact for name, fact in ticket.fields.items() if fact.turn is not None}
    told = _once({name: told[name] for name in sorted(told, key=lambda name: name != asking)}, setting.taxonomy)
    return Reading(blank.hotline, intent, round(sure.get(intent or "", 0.0), 4), ticket.category, told)


SHOWN = {
    "human": "request_human",
    "robot": "ask_if_robot",
    "repeat": "repeat",
    "dont_know": "dont_know",
    "goodbye": "goodbye",
    "abuse": "abuse",
}
"""What words show of a move (`data/evidence.yml`) → the intent of that name."""


def _with_words(text: str, intents: Mapping[str, float], setting: Setting, asking: str | None) -> dict[str, float]:
    """NLU's confidences with what the words show, as a call weighs them; a sentence that answers nothing is seldom
    only an answer."""
    sure = dict(intents) if asking else topic.beside_informing(intents) | {"inform": intents.get("inform", 0.0) / 2}
    shown = {SHOWN[move] for move in setting.evidence.moves_in(text) if move in SHOWN}
    if not asking:
        shown |= set(topic.words_of(text, setting.pack))
    if len(plain(text)) <= _SHORT and (answer := yes_no(text)) is not None:
        shown.add("affirm" if answer else "deny")
    raised = {name: value + (topic.WORDS if name in shown else 0.0) for name, value in sure.items()}
    total = sum(raised.values())
    return {name: value / total for name, value in raised.items()} if total else {}


_SHORT = 6
"""Characters: a yes or no in a longer sentence is something else besides."""


def _once(told: Mapping[str, Fact], taxonomy: Taxonomy) -> dict[str, Fact]:
    """While the category is not known, a date is kept for each field it may be; a reading shows it once, for the field
    that was asked for, else for the first."""
    shown: dict[str, Fact] = {}
    for name, fact in told.items():
        kind = taxonomy.fields[name].kind
        dated = any(taxonomy.fields[other].kind == kind for other in shown)
        if kind != "date" or not dated:
            shown[name] = fact
    return shown


def categories(taxonomy: Taxonomy) -> frozenset[str]:
    """Of all hotlines."""
    return frozenset(name for hotline in taxonomy.hotlines.values() for name in hotline.categories)


def best(readings: Iterable[Reading], intents: Mapping[str, float]) -> Reading:
    """Of one sentence read for several hotlines: that whose own category NLU is surest of; then most facts."""
    return max(readings, key=lambda one: (round(intents.get(one.category or "", 0.0), 2), len(one.fields)))
