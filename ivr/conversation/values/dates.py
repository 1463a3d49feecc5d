"""Days against the call's date: 前天 · 得有三天了 · 上礼拜三 · 国庆那天 · 这个月初 · 十一月三号 · 腊月二十三."""

from __future__ import annotations

import datetime as dt
import re

from ivr.conversation.values.correction import valid
from ivr.conversation.values.day_ways import WAYS
from ivr.conversation.values.day_words import Prefer
from ivr.conversation.values.found import Found, found

_STARTS = re.compile(
    r"[\d零〇一二两俩三仨四五六七八九十廿半小上下这本当大前昨琴寻今明听后头刚方才现目眼马立过再月年去农阴旧老正腊冬周星礼个元情妇愚清劳青母儿父建教国万光双感平圣除春端七中重八破雨惊谷夏芒小秋处白寒霜冬]"
)
"""Characters that a day can begin with."""
_UNTIL = re.compile(r"(?:到|至|直到|截止|等到|拖到)$")
_SAID_BEFORE = re.compile(r"^(?:不是|都|就|我)*(?:说|讲|跟你|告诉|不都|打过)")
_RESTATES = re.compile(r"[，,、\s]*(?:也就是|就是|那天是|是)?(?:星期|礼拜|周)[一二三四五六日天]")
"""十月十二号，星期一: one day, not two."""
_NOT_PAST = re.compile(
    r"(?:保修|质保|包换|包退|每隔?|隔|再等|还要等?|还得等?|要等|得等|最多|不超过|延长|合约|限你们|晚(?:还|交)?|迟到?|提前|推迟|逾期)(?:个|了|是)?$"
)


def find_dates(text: str, today: dt.date, prefer: Prefer = "past") -> list[Found]:
    """Days in order, ISO, denied and corrected ones left out. With `past` none lies after `today`."""
    strong: list[Found] = []
    weak: list[Found] = []
    at = 0
    while start := _STARTS.search(text, at):
        best = _best(text, start.start(), today, prefer)
        if best is None:
            at = start.end()
            continue
        one, is_weak = best
        at = one.end
        if strong and _RESTATES.fullmatch(text, strong[-1].end, one.end) and strong[-1].said.endswith(("号", "日")):
            continue
        if not _aside(text, one, prefer):
            (weak if is_weak else strong).append(one)
    chosen = valid(text, strong) or valid(text, weak)
    if prefer == "future":
        return chosen
    past = [one for one in chosen if one.value <= today.isoformat()]
    return past or (chosen if prefer == "any" else [])


def find_months(text: str, today: dt.date) -> list[Found]:
    """Billing periods: the first day of the month that is named or that a day lies in."""
    return [
        found(one.value[:8] + "01", text, one.start, one.end, max(one.confidence, 0.85))
        for one in find_dates(text, today)
    ]


def _best(text: str, at: int, today: dt.date, prefer: Prefer) -> tuple[Found, bool] | None:
    best: tuple[Found, bool] | None = None
    for way in WAYS:
        match = way.pattern.match(text, at)
        if match is None or (best is not None and match.end() <= best[0].end):
            continue
        day = way.read(match, today, prefer)
        if day is not None:
            best = found(day[0].isoformat(), text, match.start(), match.end(), day[1]), way.weak
    return best


def _aside(text: str, one: Found, prefer: Prefer) -> bool:
    """到今天也没来, 刚才说了, 保修两个月: not when it happened."""
    if prefer != "future" and (_UNTIL.search(text, 0, one.start) or _NOT_PAST.search(text, 0, one.start)):
        return True
    return one.said[0] == "刚" and _SAID_BEFORE.match(text[one.end :]) is not None
