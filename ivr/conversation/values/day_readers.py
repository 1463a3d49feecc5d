"""What each way of saying a day means: from a match and the call's date to a day. Weeks start on Monday."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

from ivr.conversation.values.day_words import WEEKDAYS, Prefer, make, monday, month_end, months_away, nearest
from ivr.conversation.values.feasts import day_of, lunar
from ivr.conversation.values.numerals import DIGITS, quantity

Day = tuple[dt.date, float]
"""A day and how surely it is meant."""
Reader = Callable[[re.Match[str], dt.date, Prefer], Day | None]

_DAY = dt.timedelta(days=1)
_NAMED = {
    "大大前": -4,
    "大前": -3,
    "前": -2,
    "昨": -1,
    "今": 0,
    "琴": -1,
    "寻": -1,
    "听": 1,
    "明": 1,
    "后": 2,
    "大后": 3,
}


def _number(words: str) -> Decimal | None:
    return Decimal("0.5") if words == "半" else quantity(words.replace("俩", "两").replace("仨", "三"))


def ago(match: re.Match[str], today: dt.date, unit: str) -> Day | None:
    count = _number(match["n"])
    if count is None:
        return None
    rough = bool(match.groupdict().get("rough"))
    confidence = 0.7 if rough else 0.95
    if match.groupdict().get("low"):
        count, confidence = Decimal(DIGITS[match["low"]]), 0.6
    if match.groupdict().get("half") and unit != "day":
        count += Decimal("0.5")
    sign = 1 if match.groupdict().get("later") else -1
    if unit == "day":
        return (today + sign * int(count) * _DAY, confidence) if count >= 1 else None
    if unit == "week":
        return today + sign * int(count * 7) * _DAY, confidence - 0.1
    if unit == "month":
        whole, half = int(count), count % 1
        return months_away(today, sign * whole) + sign * (15 * _DAY if half else 0 * _DAY), confidence - 0.15
    return months_away(today, sign * int(count * 12)), confidence - 0.25


def later(match: re.Match[str], today: dt.date, _: Prefer) -> Day | None:
    count = _number(match["n"])
    return None if count is None or count < 1 else (today + int(count) * _DAY, 0.8)


def counted(unit: str) -> Reader:
    return lambda match, today, _: ago(match, today, unit)


def named(match: re.Match[str], today: dt.date, _: Prefer) -> Day:
    return today + _NAMED[match["w"]] * _DAY, 0.97


def fixed(days: int, confidence: float) -> Reader:
    return lambda _, today, __: (today + days * _DAY, confidence)


def week_day(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day:
    weekday = WEEKDAYS[match["d"]]
    which = match["which"] or ""
    if not which:
        day = monday(today) + weekday * _DAY
        if prefer == "future":
            return day + (7 * _DAY if day <= today else 0 * _DAY), 0.85
        return day - (7 * _DAY if day > today else 0 * _DAY), 0.85
    weeks = which.count("下") - which.count("上") - which.count("大")
    return monday(today) + (7 * weeks + weekday) * _DAY, 0.95


def week(match: re.Match[str], today: dt.date, _: Prefer) -> Day:
    weeks = match["which"].count("下") - match["which"].count("上") - match["which"].count("大")
    return (today + 7 * weeks * _DAY, 0.4) if weeks else (monday(today), 0.4)


def _year(match: re.Match[str], today: dt.date) -> int | None:
    groups = match.groupdict()
    if groups.get("yw"):
        return today.year + {"今年": 0, "本年": 0, "去年": -1, "前年": -2, "大前年": -3, "明年": 1}[groups["yw"]]
    if not groups.get("y"):
        return None
    if "千" in groups["y"]:
        return int(quantity(groups["y"]) or 0)
    digits = "".join(str(DIGITS[c]) if c in DIGITS else c for c in groups["y"])
    year = int(digits) if len(digits) == 4 else today.year // 100 * 100 + int(digits)
    return year if 1900 <= year <= 2100 else None


def _month_number(words: str) -> int:
    return int(quantity(words) or 0)


def month_day(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    month, day = _month_number(match["m"]), int(quantity(match["d"]) or 0)
    year = _year(match, today)
    if year is not None:
        date = make(year, month, day)
        return None if date is None else (date, 0.97)
    chosen = nearest(lambda y: make(y, month, day), today, prefer)
    return None if chosen is None else (chosen, 0.95)


def lunar_day(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    month = {"正": 1, "冬": 11, "腊": 12}.get(match["m"]) or _month_number(match["m"])
    words = match["d"].lstrip("初")
    number = int(quantity({"廿": "二十"}.get(words, words)) or 0)
    year = _year(match, today)
    on = lunar(month, number)
    day = on(year) if year is not None else nearest(on, today, prefer)
    return None if day is None else (day, 0.9)


def lunar_month(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    """腊月, 正月初: roughly its first day."""
    day = nearest(lunar({"正": 1, "冬": 11, "腊": 12}[match["m"]], 1), today, prefer)
    return None if day is None else (day, 0.4)


def _part(first: dt.date, part: str | None) -> Day:
    match part.removeprefix("月") if part else None:
        case "初" | "上旬" | "头" | "头上" | "头儿":
            return first, 0.7
        case "中" | "中旬":
            return first.replace(day=15), 0.6
        case "下旬":
            return first.replace(day=25), 0.5
        case "底" | "末" | "尾" | "最后一天":
            return month_end(first), 0.7
        case _:
            return first, 0.5


def month(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    month, year = _month_number(match["m"]), _year(match, today)
    if year is not None:
        first = make(year, month, 1)
    else:
        first = nearest(lambda y: make(y, month, 1), today, "past" if prefer != "future" else "future")
        this = make(today.year, month, 1)
        if prefer == "future" and month == today.month:
            first = this
    return None if first is None else _part(first, match["part"])


def relative_month(match: re.Match[str], today: dt.date, _: Prefer) -> Day | None:
    word = match["mw"] or ""
    first = months_away(today.replace(day=1), word.count("下") - word.count("上") - (12 if match["last"] else 0))
    if match["d"]:
        date = make(first.year, first.month, int(quantity(match["d"]) or 0))
        return None if date is None else (date, 0.95)
    return _part(first, match["part"])


def edge_of_month(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day:
    """月初, 月底 without a month."""
    day, confidence = _part(today.replace(day=1), match["part"])
    if prefer != "future" and day > today:
        day, _ = _part(months_away(today.replace(day=1), -1), match["part"])
    return day, confidence - 0.1


def day_of_month(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    number = int(quantity(match["d"]) or 0)
    firsts = [months_away(today.replace(day=1), away) for away in range(-3, 4)]
    days = [day for first in firsts if (day := make(first.year, first.month, number)) is not None]
    if prefer == "future":
        chosen = min((day for day in days if day >= today), default=None)
    else:
        chosen = max((day for day in days if day <= today), default=None)
    return None if chosen is None else (chosen, 0.85)


def iso(match: re.Match[str], today: dt.date, _: Prefer) -> Day | None:
    day = make(int(match["y"]), int(match["m"]), int(match["d"]))
    return None if day is None else (day, 0.98)


def year_edge(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    year = _year(match, today) or today.year
    day = dt.date(year, 1, 1) if "初" in match["part"] or "头" in match["part"] else dt.date(year, 12, 31)
    return (day, 0.5) if prefer == "future" or day <= today else None


def _feast_days(words: str) -> int:
    """国庆第三天 is two days on, 国庆后三天 three."""
    if words.startswith("第"):
        return int(quantity(words[1:]) or 1) - 1
    return 1 if words in ("头", "后") else int(quantity(words) or 1)


def feast(name: str) -> Reader:
    def read(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
        shift, confidence = 0, 0.95
        if match["n"]:
            count = _feast_days(match["n"])
            shift = -count if match["shift"] == "前" or match["n"] == "头" else count
        elif match["near"]:
            shift, confidence = (-1 if "前" in match["near"] else 1), 0.5
        elif match["during"]:
            confidence = 0.7
        year = _year(match, today)

        def shifted(year: int) -> dt.date | None:
            feast_day = day_of(name, year)
            return None if feast_day is None else feast_day + shift * _DAY

        day = shifted(year) if year is not None else nearest(shifted, today, prefer)
        return None if day is None else (day, confidence)

    return read
