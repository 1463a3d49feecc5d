"""Appointments: a day with 上午, 下午 or 晚上, or with a clock time. 后天上午 · 周六下午三点半 · 明晚七点."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from ivr.conversation.values.correction import valid
from ivr.conversation.values.dates import find_dates
from ivr.conversation.values.found import Found, found
from ivr.conversation.values.numerals import quantity

_PARTS = {
    word: part
    for part, words in {
        "上午": "上午 早上 早晨 一早 清早 大清早 早起 前晌 头午 上半天 早点 午前",
        "下午": "下午 后晌 下半天 过午 午后",
        "晚上": "晚上 晚间 夜里 傍晚 下班后 下班以后 晚饭后 吃完晚饭",
        "12:00": "中午 晌午 正午",
    }.items()
    for word in words.split()
}
_H = r"(?:2[0-4]|1\d|0?\d|二十[一二三四]?|十[一二三四五六七八九]?|[一二两三四五六七八九零])"
_M = r"(?:[0-5]?\d|[二三四五]?十[一二三四五六七八九]?|[零〇][一二三四五六七八九]|[二三四五]十)"
_CLOCK = re.compile(
    rf"(?P<less>差(?P<lm>{_M}|一刻)分?)?(?:(?P<low>[一两二三四五六七八九])(?=[二三四五六七八九]点))?(?P<h>{_H})(?:点钟?|时(?!候|间)|[:：](?=\d\d))(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<m>{_M})分?|整)?(?!\d)"
)
_PART = re.compile(
    "|".join(sorted(_PARTS, key=len, reverse=True)) + "|(?<=[今明昨后前])[早晚](?![上晨间])|(?<=[今明])[早晚]"
)
_TO = re.compile(r"(?:左右)?(?:到|至|-|~|—)(?:上午|下午|晚上|中午)?")
"""Between the ends of a span of time: the first counts."""
_ANY_TIME = re.compile(
    r"都行|都可以|都成|都中|随时|全天|一天都|整天|几点都|什么时候都|啥时候都|都在家|都有空|都有人|都方便|都得空"
)


@dataclass(frozen=True, slots=True)
class Appointment:
    """What an answer tells of an appointment; what it does not tell is None."""

    day: dt.date | None
    time: str | None
    """上午, 下午, 晚上 or HH:MM."""
    start: int
    end: int
    confidence: float


def appointment(text: str, today: dt.date) -> Appointment | None:
    """Day and time as far as they are said, so that the other half can be asked for; None when neither is."""
    days = find_dates(text, today, "future")
    days = [
        day
        for day in days
        if day.value >= today.isoformat() and not day.said.startswith(("现在", "马上", "立刻", "刚"))
    ]
    day = days[-1] if days else None
    time = _time(text, day)
    if day is None and time is None:
        return None
    known = [one for one in (day, time) if one is not None]
    return Appointment(
        dt.date.fromisoformat(day.value) if day else None,
        time.value if time else None,
        min(one.start for one in known),
        max(one.end for one in known),
        min(one.confidence for one in known),
    )


def find_times(text: str, today: dt.date, day: dt.date | None = None) -> list[Found]:
    """The appointment, when day and time are known; `day` was said before, where the answer only says the time."""
    said = appointment(text, today)
    on = (said.day if said else None) or day
    if said is None or on is None or said.time is None:
        return []
    return [found(f"{on.isoformat()} {said.time}", text, said.start, said.end, said.confidence)]


def _time(text: str, day: Found | None) -> Found | None:
    parts = valid(text, [found(_part(m[0]), text, *m.span(), 0.95) for m in _PART.finditer(text)])
    clocks = valid(text, [one for m in _CLOCK.finditer(text) if (one := _clock(m, text, parts)) is not None])
    if clocks:
        return clocks[-2] if len(clocks) > 1 and _TO.fullmatch(text, clocks[-2].end, clocks[-1].start) else clocks[-1]
    if parts:
        return parts[-1]
    if day is not None and (anything := _ANY_TIME.search(text, day.end)):
        return found("上午", text, *anything.span(), 0.5)
    return None


def _part(word: str) -> str:
    return _PARTS.get(word) or {"早": "上午", "晚": "晚上"}[word]


def _clock(match: re.Match[str], text: str, parts: list[Found]) -> Found | None:
    hour = quantity(match["h"])
    if match["h"] != "零" and hour is None:
        return None
    before = text[match.start() - 1 : match.start()]
    if text.startswith("儿", match.end()) or (match[0] == "一点" and before in tuple("快早晚有差")):
        return None  # 早一点
    minutes = int(hour or 0) * 60
    if match["half"]:
        minutes += 30
    elif match["quarter"]:
        minutes += 15 if match["quarter"] == "一" else 45
    elif match["m"]:
        minutes += int(quantity(match["m"].lstrip("零〇")) or 0)
    if match["less"]:
        minutes -= 15 if match["lm"] == "一刻" else int(quantity(match["lm"]) or 0)
    earlier = [part for part in parts if part.end <= match.start()]
    part = earlier[-1].value if earlier else None
    confidence = 0.95
    if minutes < 12 * 60:
        if part in ("下午", "晚上") or (part == "12:00" and minutes < 4 * 60):
            minutes += 12 * 60
        elif part is None and 60 <= minutes < 7 * 60:
            minutes, confidence = minutes + 12 * 60, 0.75  # nobody asks for a fitter at three in the morning
    if match["low"]:  # the lower of 两三点
        low = int(quantity(match["low"]) or 0) * 60
        minutes, confidence = minutes - (int(hour or 0) * 60 - low), 0.6
    if not 0 <= minutes < 24 * 60:
        return None
    return found(f"{minutes // 60:02d}:{minutes % 60:02d}", text, *match.span(), confidence)
