"""One or two sentences that whoever works on the complaint can act on."""

from __future__ import annotations

import datetime as dt

from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Ticket

NUMBERS = (("plate_no", "车牌"), ("order_no", "订单"), ("tracking_no", "运单"), ("account_no", "号码"))
DAYS_ZH = {0: "今天", 1: "昨天", 2: "前天"}
COUNT_ZH = "零一二三四五六七八九十"


def summary(ticket: Ticket, taxonomy: Taxonomy) -> str:
    """「空调三天前起不制冷，与 GD20261101-000001 为同一问题」, and what is still missing once the call is over."""
    parts = [_matter(ticket), *_details(ticket)]
    if ticket.prior_ticket_no:
        again = f"（第{_count(ticket.occurrence)}次）" if ticket.occurrence > 2 else ""
        parts.append(f"与 {ticket.prior_ticket_no} 为同一问题{again}")
    text = "，".join(part for part in parts if part)
    if not text:
        category = taxonomy.category(ticket.hotline, ticket.category)
        text = category.zh if category else ""
    if ticket.missing and ticket.status != "draft":
        text += f"。还缺：{'、'.join(taxonomy.field_name(name) for name in ticket.missing)}"
    return text


def _matter(ticket: Ticket) -> str:
    """What, since when, does what."""
    about = ticket.value("complained_about")
    product = ticket.value("product") or ""
    problem = ticket.value("problem") or ""
    if product and problem.startswith(product):
        problem = problem[len(product) :].lstrip("，, ")
    today = ticket.created_at.date()
    since, occurred = ticket.value("since"), ticket.value("occurred_at")
    when = f"{_day(since, today)}起" if since else _day(occurred, today) if occurred else ""
    who = f"投诉{about}：" if about else ""
    return f"{who}{product}{when}{problem}".rstrip("。，, ：")


def _details(ticket: Ticket) -> list[str]:
    today = ticket.created_at.date()
    numbers = [f"{zh} {ticket.value(name)}" for name, zh in NUMBERS if ticket.value(name)]
    labelled = [
        ("card_last4", "卡尾号 {}"),
        ("model", "型号 {}"),
        ("error_code", "故障代码 {}"),
        ("amount", "涉及 {} 元"),
        ("address", "地址：{}"),
        ("desired_resolution", "要求：{}"),
    ]
    details = numbers + [form.format(ticket.value(name)) for name, form in labelled if ticket.value(name)]
    appointment = ticket.value("appointment")
    if appointment:
        day, _, hour = appointment.partition(" ")
        details.append(f"预约{_day(day, today, exact=True)}{hour}")
    return details


def _day(iso: str, today: dt.date, *, exact: bool = False) -> str:
    """三天前, 10月1日; what is not a date stays as it is."""
    try:
        day = dt.date.fromisoformat(iso)
    except ValueError:
        return iso
    ago = (today - day).days
    if not exact and 0 <= ago <= 10:
        return DAYS_ZH.get(ago) or f"{_count(ago)}天前"
    year = "" if day.year == today.year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日"


def _count(number: int) -> str:
    return COUNT_ZH[number] if 0 <= number < len(COUNT_ZH) else str(number)
