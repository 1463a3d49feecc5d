"""Feast days and shopping days by their names, solar and lunar. Lunar dates and solar terms are borax's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache

from borax.calendars.lunardate import InvalidLunarDateError, LunarDate, TermUtils


def _solar(month: int, day: int) -> Callable[[int], dt.date | None]:
    return lambda year: dt.date(year, month, day)


def lunar(month: int, day: int) -> Callable[[int], dt.date | None]:
    """The solar date of a lunar day, by lunar year; None where that month has no such day or the tables end."""

    def on(year: int) -> dt.date | None:
        try:
            solar: dt.date = LunarDate(year, month, day).to_solar_date()
        except (InvalidLunarDateError, ValueError):
            return None
        return solar

    return on


def _eve(year: int) -> dt.date | None:
    """The day before the lunar new year that falls into `year`."""
    new_year = lunar(1, 1)(year)
    return None if new_year is None else new_year - dt.timedelta(days=1)


def _term(name: str) -> Callable[[int], dt.date | None]:
    def on(year: int) -> dt.date | None:
        try:
            day: dt.date = TermUtils.day_start_from_term(year, name)
        except ValueError:
            return None
        return day

    return on


def _weekday(month: int, weekday: int, nth: int) -> Callable[[int], dt.date | None]:
    def on(year: int) -> dt.date | None:
        first = dt.date(year, month, 1)
        return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))

    return on


_SOLAR_TERMS = (
    *("立春", "雨水", "惊蛰", "春分", "谷雨", "立夏", "小满", "芒种", "夏至", "小暑", "大暑", "立秋"),
    *("处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "小寒", "大寒"),
)
_THAT_DAY = "(?=那天|当天|那日|前|后|的时候|那会儿|$|[，,。])"
"""雨水 and 大雪 are weather, too."""

FEASTS: dict[str, Callable[[int], dt.date | None]] = {
    "元旦": _solar(1, 1),
    "情人节": _solar(2, 14),
    "妇女节|三八(?:妇女)?节|三八那天": _solar(3, 8),
    "三一五(?!热线|台|电话)|3\\.?15": _solar(3, 15),
    "愚人节": _solar(4, 1),
    "五一(?!二|三|四)|劳动节": _solar(5, 1),
    "五四(?:青年节|那天)|青年节": _solar(5, 4),
    "母亲节": _weekday(5, 6, 2),
    "儿童节|六一(?!八)(?=那|儿童|节|的|前|后|$)": _solar(6, 1),
    "六一八|618": _solar(6, 18),
    "父亲节": _weekday(6, 6, 3),
    "建党节|七一(?=那|的)": _solar(7, 1),
    "建军节|八一(?=那|的|建军)": _solar(8, 1),
    "教师节": _solar(9, 10),
    "国庆节?|十一(?=那|期间|假期|长假|放假|黄金周|前|后|的时候|节)": _solar(10, 1),
    "万圣节": _solar(10, 31),
    "光棍节|双十一|双11": _solar(11, 11),
    "感恩节": _weekday(11, 3, 4),
    "双十二|双12": _solar(12, 12),
    "平安夜": _solar(12, 24),
    "圣诞节?": _solar(12, 25),
    "除夕|大年三十|年三十|年三十儿|大年夜": _eve,
    "春节|大年初一|过年|正月初一|年初一": lunar(1, 1),
    "大年初二|正月初二|年初二": lunar(1, 2),
    "大年初三|正月初三|年初三": lunar(1, 3),
    "大年初四|正月初四|年初四": lunar(1, 4),
    "大年初五|正月初五|年初五|破五": lunar(1, 5),
    "大年初六|正月初六|年初六": lunar(1, 6),
    "大年初七|正月初七|年初七": lunar(1, 7),
    "大年初八|正月初八|年初八": lunar(1, 8),
    "元宵节?|正月十五": lunar(1, 15),
    "端午节?": lunar(5, 5),
    "七夕": lunar(7, 7),
    "中元节?|七月半": lunar(7, 15),
    "(?:八月)?中秋节?|八月节": lunar(8, 15),
    "重阳节?": lunar(9, 9),
    "腊八": lunar(12, 8),
    "清明": _term("清明"),
    "冬至": _term("冬至"),
    **{f"{name}{_THAT_DAY}": _term(name) for name in _SOLAR_TERMS},
}
"""Pattern of the name → its day in a year (for 腊八 and 除夕 the lunar, for others the solar year counts)."""


@cache
def day_of(name: str, year: int) -> dt.date | None:
    return FEASTS[name](year)
