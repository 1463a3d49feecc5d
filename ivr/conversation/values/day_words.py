"""Arithmetic of days, weeks and months, and the choice between last year's and this year's."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from typing import Literal

Prefer = Literal["past", "future", "any"]
"""What an ambiguous day means (礼拜三, 十月一号): the last one, the next one. `any` chooses the last one, too, but lets
明天 stand where `past` drops it."""

WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5}


def months_away(day: dt.date, months: int) -> dt.date:
    """The same day of another month; the last one where that month is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def month_end(day: dt.date) -> dt.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def make(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def nearest(on: Callable[[int], dt.date | None], today: dt.date, prefer: Prefer) -> dt.date | None:
    """The last (next) of a day that comes every year."""
    days = [day for year in range(today.year - 4, today.year + 5) if (day := on(year)) is not None]
    if prefer == "future":
        return min((day for day in days if day >= today), default=None)
    return max((day for day in days if day <= today), default=None)
