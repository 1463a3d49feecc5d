"""Days against the call's date: 前天 · 得有三天了 · 上礼拜三 · 国庆那天 · 这个月初 · 十一月三号 · 去年腊月…

Each pattern names a way of saying a day; the longest match at a place wins, left to right. Weeks start on Monday.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ivr.conversation.values.correction import valid
from ivr.conversation.values.day_words import WEEKDAYS, Prefer, make, monday, month_end, months_away, nearest
from ivr.conversation.values.feasts import FEASTS, day_of
from ivr.conversation.values.found import Found, found
from ivr.conversation.values.numerals import DIGITS, quantity

Day = tuple[dt.date, float]
"""A day and how surely it is meant."""
Reader = Callable[[re.Match[str], dt.date, Prefer], Day | None]

_DAY = dt.timedelta(days=1)
_NUM = r"(?:\d{1,3}|[一二三四五六七八九十两俩仨]{1,3}|半)"
_RANGED = r"(?:(?P<low>[一二三四五六七八九两])(?=[二三四五六七八九]))?"
_WEEK = r"(?:个?星期|个?礼拜|周)"
_AGO = r"(?P<ago>以前|之前|前|以来|来(?!块))"
_NAMED = {"大大前": -4, "大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_MONTH = r"(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二两三四五六七八九]|腊|正)"
_DAY_NUM = r"(?P<d>3[01]|[12]\d|0?[1-9]|三十一?|[二廿]十?[一二三四五六七八九]|二十|十[一二三四五六七八九]?|[一二三四五六七八九])"
_YEAR = r"(?:(?P<y>\d{4}|[零〇一二三四五六七八九]{4}|\d{2}(?=年)|[零〇一二三四五六七八九]{2}(?=年))年?的?|(?P<yw>今年|去年|前年|明年|大前年|本年)的?)"
_MONTH_WORD = r"(?P<mw>上上个?月|上个?月|这个?月|本月|当月|下个?月)"


@dataclass(frozen=True, slots=True)
class _Way:
    pattern: re.Pattern[str]
    read: Reader
    weak: bool = False
    """Counts only where nothing else does."""


def _number(words: str) -> Decimal | None:
    return Decimal("0.5") if words == "半" else quantity(words.replace("俩", "两").replace("仨", "三"))


def _ago(match: re.Match[str], today: dt.date, unit: str) -> Day | None:
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


def _counted(unit: str) -> Reader:
    return lambda match, today, _: _ago(match, today, unit)


def _named(match: re.Match[str], today: dt.date, _: Prefer) -> Day:
    return today + _NAMED[match["w"]] * _DAY, 0.97


def _fixed(days: int, confidence: float) -> Reader:
    return lambda _, today, __: (today + days * _DAY, confidence)


def _week_day(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day:
    weekday = WEEKDAYS[match["d"]]
    which = match["which"] or ""
    if not which:
        day = monday(today) + weekday * _DAY
        if prefer == "future":
            return day + (7 * _DAY if day < today else 0 * _DAY), 0.85
        return day - (7 * _DAY if day > today else 0 * _DAY), 0.85
    weeks = which.count("下") - which.count("上")
    return monday(today) + (7 * weeks + weekday) * _DAY, 0.95


def _week(match: re.Match[str], today: dt.date, _: Prefer) -> Day:
    weeks = match["which"].count("下") - match["which"].count("上")
    return (today + 7 * weeks * _DAY, 0.4) if weeks else (monday(today), 0.4)


def _year(match: re.Match[str], today: dt.date) -> int | None:
    groups = match.groupdict()
    if groups.get("yw"):
        return today.year + {"今年": 0, "本年": 0, "去年": -1, "前年": -2, "大前年": -3, "明年": 1}[groups["yw"]]
    if not groups.get("y"):
        return None
    digits = "".join(str(DIGITS[c]) if c in DIGITS else c for c in groups["y"])
    return int(digits) if len(digits) == 4 else today.year // 100 * 100 + int(digits)


def _month_number(words: str) -> int:
    return {"正": 1, "腊": 12}.get(words) or int(quantity(words) or 0)


def _month_day(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    month, day = _month_number(match["m"]), int(quantity(match["d"]) or 0)
    year = _year(match, today)
    if year is not None:
        date = make(year, month, day)
        return None if date is None else (date, 0.97)
    chosen = nearest(lambda y: make(y, month, day), today, prefer)
    return None if chosen is None else (chosen, 0.95)


def _part(first: dt.date, part: str | None) -> Day:
    match part:
        case "初" | "上旬" | "头" | "头上" | "头儿":
            return first, 0.7
        case "中" | "中旬":
            return first.replace(day=15), 0.6
        case "下旬":
            return first.replace(day=25), 0.5
        case "底" | "末" | "尾" | "月底":
            return month_end(first), 0.7
        case _:
            return first, 0.5


def _month(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    month, year = _month_number(match["m"]), _year(match, today)
    if year is not None:
        first = make(year, month, 1)
    else:
        first = nearest(lambda y: make(y, month, 1), today, "past" if prefer != "future" else "future")
        this = make(today.year, month, 1)
        if prefer == "future" and month == today.month:
            first = this
    return None if first is None else _part(first, match["part"])


def _relative_month(match: re.Match[str], today: dt.date, _: Prefer) -> Day | None:
    word = match["mw"] or ""
    first = months_away(today.replace(day=1), word.count("下") - word.count("上"))
    if match["d"]:
        date = make(first.year, first.month, int(quantity(match["d"]) or 0))
        return None if date is None else (date, 0.95)
    return _part(first, match["part"])


def _edge_of_month(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day:
    """月初, 月底 without a month."""
    day, confidence = _part(today.replace(day=1), match["part"])
    if prefer != "future" and day > today:
        day, _ = _part(months_away(today.replace(day=1), -1), match["part"])
    return day, confidence - 0.1


def _day_of_month(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    number = int(quantity(match["d"]) or 0)
    firsts = [months_away(today.replace(day=1), away) for away in range(-3, 4)]
    days = [day for first in firsts if (day := make(first.year, first.month, number)) is not None]
    if prefer == "future":
        return min(day for day in days if day >= today), 0.85
    return max(day for day in days if day <= today), 0.85


def _iso(match: re.Match[str], today: dt.date, _: Prefer) -> Day | None:
    day = make(int(match["y"]), int(match["m"]), int(match["d"]))
    return None if day is None else (day, 0.98)


def _year_edge(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
    year = _year(match, today) or today.year
    day = dt.date(year, 1, 1) if "初" in match["part"] or "头" in match["part"] else dt.date(year, 12, 31)
    return (day, 0.5) if prefer == "future" or day <= today else None


def _feast(name: str) -> Reader:
    def read(match: re.Match[str], today: dt.date, prefer: Prefer) -> Day | None:
        shift, confidence = 0, 0.95
        if match["shift"]:
            count = {"头": 1, "后": 1, "第二": 1}.get(match["n"]) or int(quantity(match["n"]) or 1)
            shift = -count if match["shift"][0] == "前" or match["n"] == "头" else count
        elif match["near"]:
            shift, confidence = (-1 if "前" in match["near"] else 1), 0.5
        elif match["during"]:
            confidence = 0.7
        year = _year(match, today)
        shifted = lambda y: None if (day := day_of(name, y)) is None else day + shift * _DAY  # noqa: E731
        day = shifted(year) if year is not None else nearest(shifted, today, prefer)
        return None if day is None else (day, confidence)

    return read


_NOT_A_DAY = (
    r"(?!楼|院|门|线|店|机|柜|桌|房|单元|坑|台|码|车|铺|厅|口|仓|库|幢|栋|室|馆|站|公寓|技师|师傅|客服|坐席|工)"
)
_SINCE = rf"(?:{_AGO}|(?P<later>以后|之后|后)|(?=了|吧|多|啦|咯|的?样子|左右|[，,。！!？?、\s…]|$|都|还|也没|没|不|一直|到现在|过去|喽|嘞|呢|哦|呀|啊))"

_WAYS: list[_Way] = [
    _Way(re.compile(r"(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"), _iso),
    _Way(re.compile(rf"(?:{_YEAR})?{_MONTH}月份?的?{_DAY_NUM}(?:号|日|(?=[，,。\s晚早上下中]|$)){_NOT_A_DAY}"), _month_day),
    _Way(re.compile(rf"(?:{_YEAR})?{_MONTH}月(?:份)?(?:的)?(?P<part>上旬|中旬|下旬|初|中(?!旬)|底|末|头)?"), _month),
    _Way(re.compile(rf"{_MONTH_WORD}的?(?:{_DAY_NUM}(?:号|日)|(?P<part>上旬|中旬|下旬|月?初|月?中|月?底|月?末|头)|(?P<_>))"), _relative_month),
    _Way(re.compile(r"(?<![个上下这本])月(?P<part>初|中|底|末|头)"), _edge_of_month),
    _Way(re.compile(rf"(?<![第.\d一二三四五六七八九十]){_DAY_NUM}(?:号|日)(?!线|{_MONTH}){_NOT_A_DAY}"), _day_of_month),
    _Way(re.compile(rf"(?:{_YEAR})?(?:年)?(?P<part>年初|年底|年末|年头|年尾)"), _year_edge),
    _Way(re.compile(r"(?P<w>大大前|大前|大后|前|昨|今|明|后)(?:天|儿个?|日|个儿?|晚|早|夜)(?:[早晚](?=上|晨|间|$|[，,。]))?"), _named),
    _Way(re.compile(r"(?:这一?|当)(?:会儿|下)|刚刚|刚才|方才|刚(?=出|坏|断|发|开|收|接|就|打)|才刚"), _fixed(0, 0.8), weak=True),
    _Way(re.compile(r"现在|目前|眼下|马上|立刻"), _fixed(0, 0.4), weak=True),
    _Way(re.compile(r"(?:前|头)两天|前天左右"), _fixed(-2, 0.6)),
    _Way(re.compile(r"(?:前|头)(?:几|些|三四)天|前些日子"), _fixed(-3, 0.4)),
    _Way(re.compile(r"这(?:一)?两天|这俩天"), _fixed(-1, 0.4)),
    _Way(re.compile(r"这几天"), _fixed(-3, 0.35)),
    _Way(re.compile(rf"(?P<which>上上|下下|上|下|这|本)?(?:一)?(?:个)?(?:星期|礼拜|周)(?P<d>[一二三四五六日天末])(?!个|年|天)"), _week_day),
    _Way(re.compile(r"(?P<which>上上|下下|上|下|这|本)(?:一)?(?:个)?(?:星期|礼拜|周)(?![一二三四五六日天末边围到])"), _week),
    _Way(re.compile(rf"(?<![第每无零一二三四五六七八九十\d]){_RANGED}(?P<n>{_NUM})(?P<rough>多|来)?天(?P<half>半)?{_SINCE}(?!内|无理由|两头|之内|打鱼)"), _counted("day")),
    _Way(re.compile(rf"(?<![第每]){_RANGED}(?P<n>{_NUM})(?P<rough_>个?多|来)?{_WEEK}(?P<rough>多)?{_SINCE}(?!内)".replace("(?P<rough_>", "(?:")), _counted("week")),
    _Way(re.compile(rf"(?<![第每]){_RANGED}(?P<n>{_NUM})(?P<rough>多|来)?个?(?P<half>半)?(?:多)?月(?:多)?{_SINCE}(?!内)"), _counted("month")),
    _Way(re.compile(rf"(?<![第每]){_RANGED}(?P<n>{_NUM})(?P<rough>多|来)?年(?P<half>半)?(?:多)?{_SINCE}(?!内)"), _counted("year")),
    _Way(re.compile(rf"(?P<n>{_NUM})(?:多)?个?(?P<half>半)?多?(?:小时|钟头|分钟|刻钟)(?=以前|之前|前|了|吧|[，,。]|$)(?:以前|之前|前)?"), _fixed(0, 0.85)),
    *(
        _Way(
            re.compile(
                rf"(?:{_YEAR})?(?:{name})(?:(?P<shift>前(?=[一两二三四五六七]天)|后(?=[一两二三四五六七]天)|的|那)?(?P<n>头|后|第二|[一两二三四五六七])天)?"
                r"(?:(?P<near>之前|以前|前夕|前|之后|以后|后|过后|完)(?!天))?(?P<during>期间|假期|长假|放假|的时候|那几天|那阵子?|前后)?(?:那天|当天|那日)?"
            ),
            _feast(name),
        )
        for name in FEASTS
    ),
]  # fmt: skip

_UNTIL = re.compile(r"(?:到|至|直到|截止|等到|拖到)$")
_SAID_BEFORE = re.compile(r"^(?:不是|都|就|我)*(?:说|讲|跟你|告诉|不都|打过)")


def find_dates(text: str, today: dt.date, prefer: Prefer = "past") -> list[Found]:
    """Days in order, ISO, denied and corrected ones left out. With `past` none lies after `today`."""
    strong: list[Found] = []
    weak: list[Found] = []
    at = 0
    while at < len(text):
        best = _best(text, at, today, prefer)
        if best is None:
            at += 1
            continue
        one, is_weak = best
        at = one.end
        if not _aside(text, one, prefer):
            (weak if is_weak else strong).append(one)
    chosen = valid(text, strong) or valid(text, weak)
    if prefer == "past":
        return [one for one in chosen if one.value <= today.isoformat()]
    if prefer == "any":
        return [one for one in chosen if one.value <= today.isoformat()] or chosen
    return chosen


def find_months(text: str, today: dt.date) -> list[Found]:
    """Billing periods: the first day of the month that is named or that a day lies in."""
    return [
        found(one.value[:8] + "01", text, one.start, one.end, max(one.confidence, 0.85))
        for one in find_dates(text, today)
    ]


def _best(text: str, at: int, today: dt.date, prefer: Prefer) -> tuple[Found, bool] | None:
    best: tuple[Found, bool] | None = None
    for way in _WAYS:
        match = way.pattern.match(text, at)
        if match is None or (best is not None and match.end() <= best[0].end):
            continue
        day = way.read(match, today, prefer)
        if day is not None:
            best = found(day[0].isoformat(), text, match.start(), match.end(), day[1]), way.weak
    return best


def _aside(text: str, one: Found, prefer: Prefer) -> bool:
    """到今天也没来, 刚才说了: not when it happened."""
    if prefer != "future" and _UNTIL.search(text, 0, one.start):
        return True
    return one.said[0] == "刚" and _SAID_BEFORE.match(text[one.end :]) is not None
