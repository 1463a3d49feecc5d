"""What people change on a ticket after its call: facts that were misheard or missing, the category, the summary."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ivr.errors import StepRefused, WrongValue
from ivr.tickets.completeness import counted
from ivr.tickets.lifecycle import moved
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Fact, Ticket


@dataclass(frozen=True, slots=True)
class Correction:
    fields: Mapping[str, str | None] = field(default_factory=dict)
    """Field id → its value, normalised as its kind says; None takes it away."""
    category: str | None = None
    """None: as it is."""
    summary: str | None = None
    """None: as it is."""


def corrected(ticket: Ticket, correction: Correction, taxonomy: Taxonomy) -> Ticket:
    """The ticket as a person says it is, in stage `corrected`; what the caller said stays beside a value. Raises
    `StepRefused` while the call goes on or when the stage does not allow it, `WrongValue` for a field, category or
    value that there is not."""
    if ticket.status == "draft":
        raise StepRefused(f"工单 {ticket.ticket_no} 的通话还没有结束，机器人还在写它：请挂机后再更正。")
    if correction.category is not None:
        categories = taxonomy.hotline(ticket.hotline).categories
        if correction.category not in categories:
            raise WrongValue(f"热线 {ticket.hotline} 没有类别 {correction.category!r}；可用：{'、'.join(categories)}。")
        ticket = replace(ticket, category=correction.category)
    for name, value in correction.fields.items():
        ticket = _with(ticket, name, value, taxonomy)
    if correction.summary is not None:
        ticket = replace(ticket, summary=correction.summary)
    return moved(counted(ticket, taxonomy), "correct")


def _with(ticket: Ticket, name: str, value: str | None, taxonomy: Taxonomy) -> Ticket:
    if name not in taxonomy.fields:
        raise WrongValue(f"没有叫 {name!r} 的字段；可用：{'、'.join(taxonomy.fields)}。")
    if value is None:
        return ticket.without_fact(name)
    kind = taxonomy.fields[name].kind
    fits, form = KINDS[kind]
    if not value.strip() or not fits(value):
        raise WrongValue(f"{taxonomy.field_name(name)}（{name}）不能是 {value!r}：要写成{form}。")
    known = ticket.fields.get(name)
    if known and known.value == value:
        return ticket
    return ticket.replacing(name, Fact(value, known.said if known else None, "caller", 1.0, None))


def _date(value: str) -> bool:
    try:
        return dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _time(value: str) -> bool:
    day, _, rest = value.partition(" ")
    return _date(day) and (rest in {"上午", "下午", "晚上"} or bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", rest)))


def _digits(value: str) -> bool:
    return bool(re.fullmatch(r"[\u4e00-\u9fff]?[0-9A-Z]+", value))


def _any(_: str) -> bool:
    return True


KINDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "text": (_any, "文字"),
    "term": (_any, "文字"),
    "date": (_date, "日期，如 2026-11-22"),
    "digits": (_digits, "数字和大写字母（车牌可以汉字开头），如 KFR35GW"),
    "money": (lambda value: bool(re.fullmatch(r"\d{1,12}\.\d{2}", value)), "两位小数的元，如 50.80"),
    "time": (_time, "日期加上午、下午、晚上或时刻，如 2026-11-22 下午"),
}
"""Kind of the taxonomy → whether a value fits, and what a person is told."""
