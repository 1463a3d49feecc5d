"""What one sentence of a caller tells: several facts at once, asked for or not.

Each field is found by its kind; for what kind alone cannot tell (which number is the order's, which date is when it
began) the words around decide, or that it was asked for.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from ivr.conversation import text_facts
from ivr.conversation.clauses import clauses
from ivr.conversation.ear import Ear, Heard, heard
from ivr.conversation.evidence import Cue
from ivr.conversation.values.correction import denied
from ivr.conversation.values.find import Found, find, find_all
from ivr.conversation.values.text import plain
from ivr.conversation.values.times import appointment
from ivr.conversation.values.yesno import yes_no
from ivr.tickets.taxonomy import Field


def facts(text: str, fields: Iterable[Field], ear: Ear) -> dict[str, Heard]:
    """Field id → what was said of it, for those of `fields` that the sentence tells."""
    found: dict[str, Heard] = {}
    kinds: dict[str, str] = {}
    for field in fields:
        kinds[field.id] = field.kind
        said = _FINDERS[field.kind if field.id not in _SPECIAL else field.id](text, field, ear)
        if said:
            found[field.id] = said
    if "order_no" in found and "tracking_no" in found and found["order_no"].value == found["tracking_no"].value:
        del found["tracking_no" if "订单" in text or "order_no" in ear.asked else "order_no"]
    if "account_no" in found and "contact_number" in found and "contact_number" not in ear.asked:
        del found["contact_number"]  # the number that is complained about
    return {name: said for name, said in found.items() if not any(_told(name, by, found, kinds, ear) for by in found)}


def _told(name: str, by: str, found: dict[str, Heard], kinds: dict[str, str], ear: Ear) -> bool:
    """The words that seem to tell `name` are those of another field: a day is when it began or when somebody shall
    come, a number that was asked for or announced is no sum."""
    if name == by or name in ear.asked:
        return False
    match kinds[name], kinds[by]:
        case ("date", "time"):
            return by in ear.asked and found[name].said in found[by].said
        case ("time", "date"):
            return by in _DATED_UNASKED and found[by].said in found[name].said
        case ("money", "digits"):
            return found[name].said in found[by].said
        case _:
            return False


_LONGEST_NAME = 16
"""Characters: longer is a sentence, not a thing."""
_UNKNOWN_NAME = 0.45
"""A name that no lexicon has, as an answer: so doubtful that it is read back once."""
_NAMED = 0.6
"""The same where the words around show that it is one."""


# --- by kind ----------------------------------------------------------------------


def _term(text: str, field: Field, ear: Ear) -> Heard | None:
    terms = ear.pack.terms(field.id, ear.category)
    part = ear.evidence.parts.get(field.id)
    found = find_all("term", text, today=ear.today, terms=terms)
    if part and field.id not in ear.asked:
        found = [one for one in found if not part.search(text[: one.start])]
    if found:
        return heard(found[-1] if _corrected(text, ear) else found[0])
    named = _named(text, field, ear)
    if named:
        return named
    said = text_facts.words(text, field, ear)
    if said and _may_name(said.value) and not text_facts.only_vague(text, ear):
        return replace(said, confidence=_UNKNOWN_NAME)
    return None


def _may_name(words: str) -> bool:
    """Not how it is (大一号的, 上周买的); what is only called by its use is named (吃的)."""
    return len(words) <= _LONGEST_NAME and (not _HOW.search(words) or bool(_ITS_USE.fullmatch(words)))


_HOW = re.compile(r"的[吧啊呀呢嘛哦]*$")
_ITS_USE = re.compile(r"(?:是|就是|一些|一点儿?)*(?:[吃喝穿戴用玩]|日用|小孩?[吃穿玩]|家里用)的[吧啊呀呢嘛哦]*")


def _named(text: str, field: Field, ear: Ear) -> Heard | None:
    """A thing that no lexicon has, where the words around show it: 一箱… · 寄的是…"""
    for pattern in ear.evidence.named.get(field.id, ()):
        for match in pattern.finditer(text):
            if not denied(text, match.start("name"), match.end("name")):
                return Heard(match["name"], text, _NAMED)
    return None


def _digits(text: str, field: Field, ear: Ear) -> Heard | None:
    cue = ear.evidence.cues.get(field.id, _ANY_NUMBER)
    if field.id in ear.asked:
        fitting = [one for one in find_all("digits", text, today=ear.today) if cue.fitting(one.value)]
        return _kept(fitting[-1], cue) if fitting else None
    for announced in cue.before.finditer(text):
        rest = text[announced.end() :]
        for one in find_all("digits", rest, today=ear.today):
            if one.start <= 8 and cue.fitting(one.value):
                return _kept(one, cue)
    shaped = [one for one in find_all("digits", text, today=ear.today) if cue.shape.fullmatch(one.value)]
    return heard(shaped[-1]) if shaped else None


def _account(text: str, field: Field, ear: Ear) -> Heard | None:
    """A number, or "就我这个号": the one that calls."""
    said = _digits(text, field, ear)
    if said or not ear.caller_number:
        return said
    ways = ear.evidence.own_number
    match = ways["said"].search(text) if "said" in ways else None
    if match and not denied(text, *match.span()):
        return Heard(ear.caller_number, text, 0.95)
    if field.id not in ear.asked:
        return None
    parts = [plain(part) for part in clauses(text)]
    agreed = field.id not in ear.insist and yes_no(text) is True
    if agreed or ("asked" in ways and any(ways["asked"].search(part) for part in parts) and yes_no(text) is not False):
        return Heard(ear.caller_number, text, 0.9)
    return None


_ANY_NUMBER = Cue(re.compile("(?!)"))
"""Of a field without cues: whatever number answers its question."""


def _kept(one: Found, cue: Cue) -> Heard:
    return replace(heard(one), value=cue.fitting(one.value) or one.value)


def _date(text: str, field: Field, ear: Ear) -> Heard | None:
    if field.id not in _DATED_UNASKED and field.id not in ear.asked:
        return None
    other = None if field.id in ear.asked else ear.evidence.other_dates.get(field.id)
    mine = "，".join(part for part in clauses(text) if not (other and other.search(part)))
    kind = "month" if field.id == "billing_period" else "date"
    values = [one for one in find_all(kind, mine, today=ear.today) if one.value <= ear.today.isoformat()]
    if len(values) > 1 and field.id not in ear.asked:
        values = [one for one in values if _describes(_clause_of(mine, one), ear)] or values
    if kind == "month" and field.id not in ear.asked:
        values = [one for one in values if "月" in one.said]
    return heard(values[-1]) if values else None


def _describes(part: str, ear: Ear) -> bool:
    return any(pattern.search(part) for pattern in ear.evidence.problem_of(ear.category))


def _time(text: str, field: Field, ear: Ear) -> Heard | None:
    day = _day_of((ear.known or {}).get(field.id, ""))
    found = find("time", text, today=ear.today, day=day)
    if found:
        return heard(found)
    if field.id in ear.asked and field.id in ear.insist and (said := appointment(text, ear.today)) and said.day:
        return Heard(f"{said.day.isoformat()} {said.time or '上午'}", text[said.start : said.end], 0.5)
    return None


def _money(text: str, field: Field, ear: Ear) -> Heard | None:
    """The sum that words before it announce; else one that is no other sum (the plan's price, the postage). Said like
    a number (三六) it counts only when announced or asked for."""
    values = find_all("money", text, today=ear.today)
    announced = [one for one in values if _announced(text, one, field, ear)]
    if not announced and not _corrected(text, ear):
        announced = _announced_in_parts(text, field, ear)
    other = ear.evidence.other_amounts.get(field.id)
    own = [one for one in values if not (other and other.search(_clause_of(text, one)))]
    if field.id in ear.asked:
        chosen = announced or own or values
    else:
        chosen = announced or [one for one in own if _MONEY_UNIT.search(one.said) and one.said not in _A_PIECE]
    return heard(chosen[-1]) if chosen else None


_MONEY_UNIT = re.compile(r"[块元圆毛角¥￥百千万]|分钱")
_A_PIECE = frozenset({"一块", "两块", "几块"})
"""掉了一块: of something else than money."""
_NEAR = 3
"""Characters between the words that announce a sum and the sum."""


def _announced_in_parts(text: str, field: Field, ear: Ear) -> list[Found]:
    """A sum without a unit beside others with one: 赔三十块就想完事，我茶叶值九百."""
    return [
        one
        for part in clauses(text)
        for one in find_all("money", part, today=ear.today)
        if _announced(part, one, field, ear)
    ]


def _announced(text: str, one: Found, field: Field, ear: Ear) -> bool:
    cue = ear.evidence.cues.get(field.id)
    if cue is None:
        return False
    before = any(0 <= one.start - match.end() <= _NEAR for match in cue.before.finditer(text))
    return before or cue.after.match(text, one.end) is not None


def _clause_of(text: str, one: Found) -> str:
    """The clause that a value stands in."""
    return next((part for part in clauses(text) if one.said in part), text)


_KEEP_PLATE = re.compile(r"^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]")


def _plate(text: str, field: Field, ear: Ear) -> Heard | None:
    for one in find_all("digits", text, today=ear.today):
        if _KEEP_PLATE.match(one.value) and 7 <= len(one.value) <= 8:
            return heard(one)
    return _digits(text, field, ear)


_FINDERS: dict[str, Callable[[str, Field, Ear], Heard | None]] = {
    "term": _term,
    "digits": _digits,
    "date": _date,
    "time": _time,
    "money": _money,
    "text": text_facts.words,
    "problem": text_facts.trouble,
    "desired_resolution": text_facts.desired,
    "complained_about": text_facts.complained_about,
    "contact_name": text_facts.name,
    "address": text_facts.address,
    "plate_no": _plate,
    "account_no": _account,
}
_SPECIAL = frozenset(
    {"problem", "desired_resolution", "complained_about", "contact_name", "address", "plate_no", "account_no"}
)
_DATED_UNASKED = frozenset({"since", "occurred_at", "billing_period"})


def _corrected(text: str, ear: Ear) -> bool:
    return "correction" in ear.evidence.moves_in(text)


def _day_of(value: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value[:10])
    except ValueError:
        return None
