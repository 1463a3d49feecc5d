"""Several complaints in one call: which words belong to which, and how one takes over from another.

Each complaint has its own ticket and its own notes; one is in hand, the others wait in `Notes.waiting`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ivr.conversation.clauses import clauses
from ivr.conversation.moves import IDLE_AFTER
from ivr.conversation.notes import CALL_WIDE, Notes
from ivr.conversation.situation import Setting, Turn, Understood
from ivr.conversation.topic import words_of
from ivr.conversation.understanding import understand
from ivr.conversation.values.find import find_all
from ivr.tickets.linking import IDENTIFIERS, same_thing
from ivr.tickets.ticket import OWN_WORDS, Fact, Ticket

OF_THE_CALLER = ("contact_name", "contact_number", "address")
NOTHING_ELSE = frozenset({"inform", "unclear", "small_talk", "dont_know"})
"""Moves that give way to "that one is noted, too"."""
MINE = 0
"""The complaint in hand; those that wait are 1, 2 …, what is told for the first time comes after them."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What a sentence says of one complaint that was not known before."""

    words: str
    announced: bool
    """ "还有个事": the caller says that it is another matter."""


@dataclass(frozen=True, slots=True)
class Division:
    mine: str
    """What is said of the complaint in hand."""
    waiting: Mapping[int, str] = field(default_factory=dict)
    """Place in `Notes.waiting` → what is said of that one."""
    fresh: tuple[Portion, ...] = ()

    @property
    def whole(self) -> bool:
        """All of it is about the complaint in hand."""
        return not self.waiting and not self.fresh


def divide(
    text: str, ticket: Ticket, waiting: Sequence[Ticket], setting: Setting, *, announced: bool = False
) -> Division:
    """Clause by clause: a name of a complaint's product, or "还有个事", turns to it.

    `announced`: the caller was asked whether there is anything else."""
    if announced:
        portion = Portion(text, announced=True)
        return Division("", {}, (portion,)) if _tells(text, setting) else Division(text)
    untold = next((at for at, each in enumerate(waiting) if each.category is None and not told_of(each)), None)
    sorter = _Sorter([ticket.value("product"), *(each.value("product") for each in waiting)], text, setting, untold)
    for part in _with_openers(clauses(text), setting):
        sorter.take(part)
    words = sorter.words()
    known = len(waiting) + 1
    fresh = tuple(Portion(words[at], at in sorter.announced) for at in sorted(words) if at >= known)
    ours = words.get(MINE, "")
    if fresh and not waiting and ticket.category is None and not _open(ours, setting):
        return Division(text)  # "还有个事" of somebody who has told nothing yet, or only of what is settled
    fresh = tuple(each for each in fresh if _tells(each.words, setting))
    if not fresh and not any(0 < at < known for at in words):
        return Division(text)
    return Division(ours, {at - 1: words[at] for at in words if 0 < at < known}, fresh)


def told_of(ticket: Ticket) -> bool:
    """Something was said of it, not only that there is another matter."""
    return any(fact.turn for fact in ticket.fields.values())


OPENER = 5
"""Characters: so short a clause only leads over to the next (还有啊，再一个)."""


def _with_openers(parts: Sequence[str], setting: Setting) -> list[str]:
    """Clauses, a bare "还有啊" together with what follows it."""
    joined: list[str] = []
    opener = ""
    for part in parts:
        leads = len(part) <= OPENER and bool({"another", "besides"} & setting.evidence.moves_in(part))
        if leads and not opener:
            opener = part
            continue
        joined.append(f"{opener}，{part}" if opener else part)
        opener = ""
    return [*joined, opener] if opener else joined


class _Sorter:
    """Clauses to complaints, one after another."""

    def __init__(self, products: list[str | None], text: str, setting: Setting, untold: int | None) -> None:
        self._products = products
        self._setting = setting
        self._several = "several" in setting.evidence.moves_in(text)
        self._at = MINE
        self._untold = untold + 1 if untold is not None else None
        self._parts: dict[int, list[str]] = {}
        self.announced: set[int] = set()

    def take(self, part: str) -> None:
        named, leads = _product_in(part, self._setting)
        shown = self._setting.evidence.moves_in(part)
        somebody = "besides" in shown and bool(_who(part, self._setting))
        announced = somebody or "another" in shown
        self._at = self._place(named, leads=leads, announced=announced, besides="besides" in shown)
        if named and self._products[self._at] is None:
            self._products[self._at] = named
        self._parts.setdefault(self._at, []).append(part)

    def _place(self, named: str | None, *, leads: bool, announced: bool, besides: bool) -> int:
        of_name = next((at for at, one in enumerate(self._products) if one and named and same_thing(one, named)), None)
        if of_name is not None and not (announced and of_name == self._at):
            return of_name if leads or announced else self._at
        if announced and self._untold is not None:
            at, self._untold = self._untold, None
            return at
        other = named is not None and self._products[self._at] is not None
        if not announced and not (other and (besides or self._several)):
            return self._at
        self._products.append(named)
        at = len(self._products) - 1
        if announced:
            self.announced.add(at)
        return at

    def words(self) -> dict[int, str]:
        return {at: "，".join(parts) for at, parts in self._parts.items()}


_LEADS = re.compile(r"(?:我们?|咱们?|家里?|的|那|这|个|台|双|件|就?是|还有|然后|至于|再说)*")
"""Before a name that a clause is about: 我那双拖鞋是…, not 我说冰箱不冷."""


def _product_in(part: str, setting: Setting) -> tuple[str | None, bool]:
    """The first thing named, and whether the clause is about it."""
    found = find_all("term", part, today=setting.today, terms=setting.pack.lexicon.get("product", {}))
    return (found[0].value, bool(_LEADS.fullmatch(part[: found[0].start]))) if found else (None, False)


def _who(words: str, setting: Setting) -> str | None:
    """Somebody, or some place, that may be complained about, named so that one knows which."""
    evidence = setting.evidence
    found = (match.group() for part in clauses(words) for match in evidence.complained_about.finditer(part))
    return next((one for one in found if evidence.somebody.search(one) and not evidence.anybody.fullmatch(one)), None)


def _tells(words: str, setting: Setting) -> bool:
    """It could be a complaint: a trouble, words of a category, somebody by name."""
    patterns = (pattern for category in setting.evidence.problem for pattern in setting.evidence.problem_of(category))
    known = words_of(words, setting.pack) or _who(words, setting)
    return bool(known) or any(pattern.search(words) for pattern in patterns)


def _open(words: str, setting: Setting) -> bool:
    """A complaint, and not one that was settled long ago (上次那个修好了)."""
    return _tells(words, setting) and "settled" not in setting.evidence.moves_in(words)


def opened(portion: Portion, turn: Turn, mine: Understood, setting: Setting) -> Understood | None:
    """The other complaint, understood from its first words; None when it is the one in hand after all.

    `turn`: the portion with its own intents."""
    draft = Ticket(
        hotline=mine.ticket.hotline, call_id=mine.ticket.call_id, caller_number=mine.ticket.caller_number,
        created_at=mine.ticket.created_at,
    )  # fmt: skip
    one = understand(turn, draft, Notes(turn=mine.notes.turn - 1, opening=mine.notes.opening), setting)
    other_product = _differ(one.ticket.value("product"), mine.ticket.value("product"))
    other_category = _differ(one.ticket.category, mine.ticket.category)
    other_number = any(_differ(one.ticket.value(name), mine.ticket.value(name)) for name in IDENTIFIERS)
    return one if other_product or (portion.announced and (other_category or other_number)) else None


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and not same_thing(one, other)


def aside(ticket: Ticket, notes: Notes) -> Understood:
    """The sentence says nothing of the complaint in hand. Whoever talks only of another one for turns is not asked
    for ever."""
    notes = replace(notes, idle=notes.idle + 1)
    if notes.idle >= IDLE_AFTER:
        return Understood(ticket, replace(notes, handoff="no_understanding"), "lost")
    return Understood(ticket, notes, "inform")


def with_waiting(mine: Understood, others: Sequence[Understood], *, told_now: bool = True) -> Understood:
    """The complaint in hand, the others waiting behind it. A danger is dealt with first.

    `told_now`: one of the others was told just now; so the caller hears that it is noted, unless it is next."""
    mine = _of_the_call(mine, others)
    urgent = next((each for each in others if each.ticket.urgency == "P1" and mine.ticket.urgency != "P1"), None)
    if urgent is None:
        noted = told_now and bool(mine.ticket.missing) and mine.move in NOTHING_ELSE
        move = "also" if noted else mine.move
        return replace(mine, notes=replace(mine.notes, waiting=tuple(each.notes for each in others)), move=move)
    rest = (mine, *(each for each in others if each is not urgent))
    notes = replace(carried(mine.notes, urgent.notes), warned=True, handoff="p1", waiting=tuple(r.notes for r in rest))
    return replace(urgent, notes=notes)


def _of_the_call(mine: Understood, others: Sequence[Understood]) -> Understood:
    """A wish for a human, or goodbye, said beside another complaint is the call's."""
    wish = next((each for each in others if each.move in {"human", "hand_over", "goodbye"}), None)
    if wish is None or mine.notes.handoff:
        return mine
    return replace(mine, move=wish.move, notes=replace(mine.notes, handoff=wish.notes.handoff))


def shared(told: Sequence[Understood]) -> list[Understood]:
    """Who the caller is and where they live is said once, of all complaints."""
    facts = {
        name: each.ticket.fields[name]
        for each in told
        for name in OF_THE_CALLER
        if name in each.ticket.fields and each.ticket.fields[name].turn and each.ticket.fields[name].source in OWN_WORDS
    }
    return [replace(each, ticket=_with_facts(each.ticket, facts)) for each in told]


def _with_facts(ticket: Ticket, facts: Mapping[str, Fact]) -> Ticket:
    for name, fact in facts.items():
        known = ticket.fields.get(name)
        if known is None or not known.turn:
            ticket = ticket.replacing(name, fact)
    return ticket


def with_announced(mine: Understood, text: str, setting: Setting) -> Understood:
    """ "有两件事，先说第一件": the second is asked for when the first is finished."""
    alone = not mine.notes.waiting and not mine.notes.done
    if not alone or "more_to_come" not in setting.evidence.moves_in(text):
        return mine
    return replace(mine, notes=replace(mine.notes, waiting=(Notes(turn=mine.notes.turn),)))


def following(notes: Notes) -> Notes:
    """The notes of the complaint that waited longest, in hand now. Raises `IndexError` when none waits."""
    after = carried(notes, notes.waiting[0])
    done = (*notes.done, *([notes.ticket_no] if notes.ticket_no else []))
    return replace(after, waiting=notes.waiting[1:], done=done)


def carried(current: Notes, other: Notes) -> Notes:
    """What belongs to the call goes along to the other complaint."""
    return replace(other, **{name: getattr(current, name) for name in CALL_WIDE})
