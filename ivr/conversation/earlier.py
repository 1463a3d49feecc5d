"""Same as last time: which earlier ticket is meant, and what the caller answers to that question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.conversation.clauses import clauses
from ivr.conversation.values.yesno import yes_no
from ivr.tickets.judgement.words import LinkWords
from ivr.tickets.likeness import likeness
from ivr.tickets.linking import denies_earlier, same_thing
from ivr.tickets.ticket import Ticket

_NONE = re.compile(r"都不是|没有一个|哪个都不|不是这(几|些)个")
_ORDINALS = (
    re.compile(r"第一|头一|(?<![之以先从目])前(面)?(那|一)个|最(上|前)面|最近"),
    re.compile(r"第二|中间|当中"),
    re.compile(r"第三"),
)
"""Of those offered, the newest first. 之前那个, 以前那个 are no place among them."""
_LAST = re.compile(r"最后(?!一?[次回])|末了|(?<![之以然随今])后(面)?(那|一)个|最早")
_OLDER = re.compile(r"再早|更早|早(一)?(点|些)")
"""The last one where only two were offered; of more it may be any but the first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller says to "is it that one?"."""

    ticket: Ticket | None = None
    denied: bool = False
    """None of them."""

    @property
    def open(self) -> bool:
        """Neither chosen nor denied."""
        return self.ticket is None and not self.denied


def choose(text: str, offered: Sequence[Ticket], words: LinkWords, key: str | None = None) -> Choice:
    """`key`: the key that was pressed instead, 1 for the first or for yes."""
    if key is not None:
        return _keyed(key, offered)
    named = [ticket for ticket in offered if _names(text, ticket)]
    answer = yes_no(text)
    if _NONE.search(text) or (denies_earlier(text, words) and not named):
        return Choice(denied=True)
    if len(offered) == 1:
        if answer is None:
            return Choice(named[0]) if named else Choice()
        return Choice(offered[0]) if answer else Choice(denied=True)
    if len(named) == 1:
        return Choice(named[0])
    alike = _alike(text, offered, words)
    if alike:
        return Choice(alike)
    placed = _placed(text, offered)
    if placed:
        return Choice(placed)
    some_denied = _by_place(text, offered) is not None  # 不是第一个: another one, or none
    return Choice(denied=True) if answer is False and not named and not some_denied else Choice()


_DENIED_PLACE = re.compile(r"(?<!是)(?:不是|并非).*?(?=(?<!不)是|$)")


def _placed(text: str, offered: Sequence[Ticket]) -> Ticket | None:
    """The one meant by its place; what is denied does not count: 不是第一个，第二个."""
    return _by_place("，".join(_DENIED_PLACE.sub("", part) for part in clauses(text)), offered)


def _by_place(said: str, offered: Sequence[Ticket]) -> Ticket | None:
    for ordinal, ticket in zip(_ORDINALS, offered, strict=False):
        if ordinal.search(said):
            return ticket
    last = _LAST.search(said) or (len(offered) == 2 and _OLDER.search(said))
    return offered[-1] if last else None


_DENIED = re.compile(r"(?:不是|也不是|不说|并非|不要)")
_ALIKE = 0.2
"""A description less like an earlier one than this names none."""


def _alike(text: str, offered: Sequence[Ticket], words: LinkWords) -> Ticket | None:
    """The one whose trouble the answer describes, twice as well as any other: 网慢那个，不是扣钱那个."""
    said = "，".join(part for part in clauses(text) if not _DENIED.match(part))
    scored = sorted(
        ((likeness(said, each.value("problem") or "", words), each) for each in offered),
        key=lambda pair: -pair[0],
    )
    best, second = scored[0], scored[1]
    return best[1] if best[0] >= max(_ALIKE, 2 * second[0]) else None


def _keyed(key: str, offered: Sequence[Ticket]) -> Choice:
    if not key.isdigit() or int(key) < 1:
        return Choice()
    if int(key) <= len(offered):
        return Choice(offered[int(key) - 1])
    return Choice(denied=True)


def _names(text: str, ticket: Ticket) -> bool:
    """The sentence names its product or its problem, and does not deny it."""
    values = [value for name in ("product", "problem", "order_no") if (value := ticket.value(name))]
    if any(re.search(rf"(不是|也不是|不说|并非)[^，,。]{{0,3}}{re.escape(value)}", text) for value in values):
        return False
    if any(value in text for value in values):
        return True
    product = ticket.value("product")
    return bool(
        product and any(same_thing(product, part) for part in re.split(r"[，,。！？ ]", text) if len(part) >= 2)
    )


def dated(ticket: Ticket) -> str:
    """11月10号."""
    return f"{ticket.created_at.month}月{ticket.created_at.day}号"


def matter(ticket: Ticket) -> str:
    """What it was about, for the caller's ear: 热水器打不着火."""
    product, trouble = ticket.value("product") or "", ticket.value("problem") or ""
    if product and product in trouble:
        return trouble[:16]
    return f"{product}{trouble[:14]}" or "投诉"
