"""What one sentence of a caller tells: several facts at once, asked for or not.

Each field is found by its kind; for what kind alone cannot tell (which number is the order's, which date is when it
began) the words around decide, or that it was asked for.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ivr.conversation.clauses import clauses, problem
from ivr.conversation.evidence import Evidence
from ivr.conversation.values.find import Found, find, find_all
from ivr.conversation.values.text import plain
from ivr.conversation.values.times import appointment
from ivr.packs import Pack
from ivr.tickets.taxonomy import Field


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact as it was said."""

    value: str
    said: str
    confidence: float
    """0…1: how surely the words mean the value."""
    term: str | None = None
    """The lexicon's word for a text, where it has one (the dialogue branches on it)."""


@dataclass(frozen=True, slots=True)
class Ear:
    """What is needed to make sense of a sentence."""

    pack: Pack
    evidence: Evidence
    today: dt.date
    category: str | None
    asked: tuple[str, ...] = ()
    """What the bot asked for."""
    insist: tuple[str, ...] = ()
    """Fields asked for before: a poor answer is taken, too."""
    known: Mapping[str, str] | None = None
    """Values known already (an appointment's day)."""


def facts(text: str, fields: Iterable[Field], ear: Ear) -> dict[str, Heard]:
    """Field id → what was said of it, for those of `fields` that the sentence tells."""
    found: dict[str, Heard] = {}
    for field in fields:
        heard = _FINDERS[field.kind if field.id not in _SPECIAL else field.id](text, field, ear)
        if heard:
            found[field.id] = heard
    if "order_no" in found and "tracking_no" in found and found["order_no"].value == found["tracking_no"].value:
        del found["tracking_no" if "订单" in text or "order_no" in ear.asked else "order_no"]
    return found


# --- by kind ----------------------------------------------------------------------


def _term(text: str, field: Field, ear: Ear) -> Heard | None:
    terms = ear.pack.lexicon.get(field.id, {})
    found = find_all("term", text, today=ear.today, terms=terms)
    if found:
        return _heard(found[-1] if _corrected(text, ear) else found[0])
    if field.id in ear.asked and (words := plain(text)) and len(words) <= 16 and not _empty(text, ear):
        return Heard(words, text, 0.6)
    return None


def _digits(text: str, field: Field, ear: Ear) -> Heard | None:
    cue = ear.evidence.cues.get(field.id)
    least, most = (cue.least, cue.most) if cue else (1, 40)
    if field.id in ear.asked:
        fitting = [one for one in find_all("digits", text, today=ear.today) if least <= len(one.value) <= most]
        return _heard(fitting[-1]) if fitting else None
    if cue is None:
        return None
    for announced in cue.before.finditer(text):
        rest = text[announced.end() :]
        for one in find_all("digits", rest, today=ear.today):
            if one.start <= 8 and least <= len(one.value) <= most:
                return _heard(one)
    return None


def _date(text: str, field: Field, ear: Ear) -> Heard | None:
    if field.id not in _DATED_UNASKED and field.id not in ear.asked:
        return None
    other = None if field.id in ear.asked else ear.evidence.other_dates.get(field.id)
    mine = "，".join(part for part in clauses(text) if not (other and other.search(part)))
    kind = "month" if field.id == "billing_period" else "date"
    values = [one for one in find_all(kind, mine, today=ear.today) if one.value <= ear.today.isoformat()]
    return _heard(values[-1]) if values else None


def _time(text: str, field: Field, ear: Ear) -> Heard | None:
    day = _day_of((ear.known or {}).get(field.id, ""))
    found = find("time", text, today=ear.today, day=day)
    if found:
        return _heard(found)
    if field.id in ear.asked and field.id in ear.insist and (said := appointment(text, ear.today)) and said.day:
        return Heard(f"{said.day.isoformat()} {said.time or '上午'}", text[said.start : said.end], 0.5)
    return None


def _money(text: str, field: Field, ear: Ear) -> Heard | None:
    found = find("money", text, today=ear.today)
    return _heard(found) if found else None


def _text(text: str, field: Field, ear: Ear) -> Heard | None:
    """Kinds of text without a finder of their own: only when asked for."""
    words = plain(text)
    return Heard(words, text, 0.8) if field.id in ear.asked and words and not _empty(text, ear) else None


# --- by field ---------------------------------------------------------------------


def _problem(text: str, field: Field, ear: Ear) -> Heard | None:
    terms = ear.pack.lexicon.get("problem", {})
    names = {name for canonical, others in terms.items() for name in (canonical, *others)}
    asked = field.id in ear.asked
    if asked and _empty(text, ear):
        return None
    words = problem(text, ear.evidence, category=ear.category, names=names, asked=asked, insist=field.id in ear.insist)
    term = find("term", text, today=ear.today, terms=terms)
    return Heard(words, text, 0.9 if asked else 0.85, term.value if term else None) if words else None


def _desired(text: str, field: Field, ear: Ear) -> Heard | None:
    terms = ear.pack.lexicon.get(field.id, {})
    found = find_all("term", text, today=ear.today, terms=terms)
    if found:
        part = next((one for one in clauses(text) if found[-1].said in one), found[-1].said)
        return Heard(plain(part)[:40] or found[-1].value, text, 0.9, found[-1].value)
    return _text(text, field, ear)


_BARE = 2
""""师傅" alone names nobody."""
_CALLED = re.compile(r"^(?:我|要|想|投诉|举报|你们|他们|的|那个|这个|那|一个|就|是)+")
_PERSON = re.compile(r"姓.|师傅|客服|网点|门店|店|经理|工")


def _complained_about(text: str, field: Field, ear: Ear) -> Heard | None:
    best = ""
    for part in clauses(text):
        for match in ear.evidence.complained_about.finditer(part):
            words = _CALLED.sub("", match.group().strip())
            if len(words) > len(best) and _PERSON.search(words):
                best = words
    if len(best) > _BARE or (best and field.id in ear.asked):
        return Heard(best, text, 0.85)
    return _text(text, field, ear)


_NAME = re.compile(r"(?:我(?:姓|叫|是)|免贵姓|名字(?:叫|是))(?P<name>[\u4e00-\u9fa5]{1,3}?)(?=[，,。！、 啊呀哈]|$)")


def _name(text: str, field: Field, ear: Ear) -> Heard | None:
    said = _NAME.search(text)
    if said and ("我是" not in said.group() or field.id in ear.asked):
        return Heard(said["name"], text, 0.9)
    return _text(text, field, ear)


_PLACE = re.compile(
    r"(?:[\u4e00-\u9fa5A-Za-z0-9]{1,12}(?:省|市|区|县|镇|乡|村|路|街|道|巷|弄|里|园|苑|小区|花园|公寓|大厦|广场|号院|号楼|栋|幢|单元|号|室|层|楼)){2,}[\u4e00-\u9fa50-9]{0,8}"
)


def _address(text: str, field: Field, ear: Ear) -> Heard | None:
    found = _PLACE.search(re.sub(r"[，,、 ]", "", text))
    if found:
        return Heard(re.sub(r"^.*?(?:住在|我在|地址是?|我住|家在|这儿是|就在|是在)", "", found.group()), text, 0.85)
    return _text(text, field, ear)


_KEEP_PLATE = re.compile(r"^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]")


def _plate(text: str, field: Field, ear: Ear) -> Heard | None:
    for one in find_all("digits", text, today=ear.today):
        if _KEEP_PLATE.match(one.value) and 7 <= len(one.value) <= 8:
            return _heard(one)
    return _digits(text, field, ear)


_FINDERS: dict[str, Callable[[str, Field, Ear], Heard | None]] = {
    "term": _term,
    "digits": _digits,
    "date": _date,
    "time": _time,
    "money": _money,
    "text": _text,
    "problem": _problem,
    "desired_resolution": _desired,
    "complained_about": _complained_about,
    "contact_name": _name,
    "address": _address,
    "plate_no": _plate,
}
_SPECIAL = frozenset({"problem", "desired_resolution", "complained_about", "contact_name", "address", "plate_no"})
_DATED_UNASKED = frozenset({"since", "occurred_at", "billing_period"})


def _heard(found: Found) -> Heard:
    return Heard(found.value, found.said, found.confidence)


def _empty(text: str, ear: Ear) -> bool:
    """An answer that is none: does not know, wants something else."""
    return bool(ear.evidence.moves_in(text) & {"dont_know", "repeat", "human", "robot", "wait", "goodbye", "done"})


def _corrected(text: str, ear: Ear) -> bool:
    return "correction" in ear.evidence.moves_in(text)


def _day_of(value: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value[:10])
    except ValueError:
        return None
