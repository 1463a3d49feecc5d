"""The ways of saying a day, as a table of patterns and their readers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.conversation.values import day_readers as read
from ivr.conversation.values.feasts import FEASTS

_DIGIT = "[一二三四五六七八九]"
_NUM = r"(?P<n>\d{1,3}|[一二三四五六七八九十两俩仨]{1,3}|半)"
_RANGED = r"(?:(?P<low>[一二三四五六七八九两俩])(?=[一二三四五六七八九两仨]))?"
_WEEK = r"(?:个?星期|个?礼拜|周)"
_MONTH = r"(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二两三四五六七八九])"
_DAY_NUM = rf"(?P<d>3[01]|[12]\d|0?[1-9]|三十一?|[二廿]十?{_DIGIT}|二十|十{_DIGIT}?|{_DIGIT})"
_YEAR_DIGIT = "[零〇一二三四五六七八九]"
_YEAR = (
    rf"(?:(?:(?P<y>\d{{4}}|{_YEAR_DIGIT}{{4}}|\d{{2}}(?=年)|{_YEAR_DIGIT}{{2}}(?=年)|两千(?:零{_YEAR_DIGIT})?(?=年)|两千(?:零)?(?:一|二)十{_YEAR_DIGIT}?(?=年))年?的?"
    r"|(?P<yw>大前年|今年|去年|前年|明年|本年)的?))?"
)
_MONTH_WORD = r"(?P<last>去年)?(?P<mw>上上个?月|上个?月|这个?月|本月|当月|下个?月)"
_PART = r"(?P<part>上旬|中旬|下旬|月?初|月?中(?!旬)|月?底|月?末|最后一天|头)"
_LUNAR_DAY = rf"(?P<d>初[一二三四五六七八九十]|二十{_DIGIT}?|廿{_DIGIT}?|三十|十{_DIGIT}?)"
_NOT_A_DAY = (
    r"(?!楼|院|门|线|店|机|柜|桌|房|单元|坑|台|码|车|铺|厅|口|仓|库|幢|栋|室|馆|站|公寓|技师|师傅|客服|坐席|工)"
)
_SINCE = (
    r"(?:(?P<ago>以前|之前|前|以来|来(?!块))|(?P<later>以后|之后|后)"
    r"|(?=了|吧|多|啦|咯|的?样子|左右|[，,。！!？?、\s…]|$|都|还|也没|没|不|一直|到现在|过去|喽|嘞|呢|哦|呀|啊))"
)
_SINCE_LONG = r"(?:(?P<ago>以前|之前|前|以来)|(?P<later>以后|之后|后)|(?=了|多了|的?样子|还没|都没))"
"""Years are as often a guarantee (保修三年) as a duration: they need 前 or 了."""
_FEAST_SHIFT = (
    r"(?:(?P<shift>前(?=[一两二三四五六七]天)|后(?=[一两二三四五六七]天)|的|那)?(?P<n>头|后|第[二三四五六七]|[一两二三四五六七])天)?"
    r"(?:(?P<near>之前|以前|前夕|前|之后|以后|后|过后|完)(?!天))?"
    r"(?P<during>期间|假期|长假|放假|的时候|那几天|那阵子?|前后)?(?:那天|当天|那日)?"
)


@dataclass(frozen=True, slots=True)
class Way:
    pattern: re.Pattern[str]
    read: read.Reader
    weak: bool = False
    """Counts only where nothing else does."""


def _way(pattern: str, reader: read.Reader, *, weak: bool = False) -> Way:
    return Way(re.compile(pattern), reader, weak)


WAYS: tuple[Way, ...] = (
    # the calendar
    _way(r"(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})", read.iso),
    _way(rf"{_YEAR}{_MONTH}月份?的?{_DAY_NUM}(?:号|日|(?=[，,。\s晚早上下中]|$)){_NOT_A_DAY}", read.month_day),
    _way(rf"(?<![\d.]){_MONTH}\.{_DAY_NUM}(?=号|日|那天|[，,。\s]|$)", read.month_day, weak=True),
    _way(rf"{_YEAR}{_MONTH}月份?的?(?P<part>上旬|中旬|下旬|初|中(?!旬|秋)|底|末|头)?", read.month),
    _way(rf"{_YEAR}(?:农历|阴历|旧历|老历)的?(?P<m>十[一二]?|{_DIGIT}|[正腊冬])月{_LUNAR_DAY}", read.lunar_day),
    _way(rf"{_YEAR}(?P<m>[正腊冬])月{_LUNAR_DAY}", read.lunar_day),
    _way(rf"{_YEAR}(?P<m>十[一二]?|{_DIGIT})月(?P<d>初[一二三四五六七八九十])", read.lunar_day),
    _way(rf"{_YEAR}(?P<m>[正腊冬])月初?", read.lunar_month),
    _way(rf"{_MONTH_WORD}的?(?:{_DAY_NUM}(?:号|日|(?=[，,。\s]|$))|{_PART}|)", read.relative_month),
    _way(r"(?<![个上下这本])月(?P<part>初|中|底|末|头)", read.edge_of_month),
    _way(rf"(?<![第.\d一二三四五六七八九十]){_DAY_NUM}(?:号|日)(?!线|{_MONTH}){_NOT_A_DAY}", read.day_of_month),
    _way(rf"{_YEAR}年?(?P<part>年初|年底|年末|年头|年尾)", read.year_edge),
    # names of days
    _way(
        r"(?P<w>大大前|大前|大后|前|昨|琴|寻|今|明|听|后)(?:天|儿个?|日|个儿?|晚|早|夜)(?:[早晚](?=上|晨|间|$|[，,。]))?",
        read.named,
    ),
    _way(
        r"(?:这一?|当)(?:会儿|下)|刚刚|刚才|方才|才刚|刚(?!好|需|性|说|讲|才说|都|跟|不|刚|才)",
        read.fixed(0, 0.8),
        weak=True,
    ),
    _way(r"现在|目前|眼下|马上|立刻", read.fixed(0, 0.4), weak=True),
    _way(r"(?:前|头)两天|前天左右", read.fixed(-2, 0.6)),
    _way(r"(?:前|头)(?:几|些|三四)天|前些日子", read.fixed(-3, 0.4)),
    _way(r"这一?两天|这俩天", read.fixed(-1, 0.4)),
    _way(r"这几天", read.fixed(-3, 0.35)),
    _way(r"(?:这|前)(?:阵子|段时间|段日子)", read.fixed(-14, 0.35)),
    _way(r"小?半拉?个?月(?=了|没|还|都|[，,。]|$)|半拉子月", read.fixed(-15, 0.6), weak=True),
    # weeks
    _way(
        r"(?P<which>上上|大上|下下|上|下|这|本)?一?个?(?:星期|礼拜|周)(?P<d>[一二三四五六日天末])(?!个|年|天)",
        read.week_day,
    ),
    _way(r"(?P<which>上上|大上|下下|上|下|这|本)一?个?(?:星期|礼拜|周)(?![一二三四五六日天末边围到])", read.week),
    # so long ago
    _way(
        rf"(?<![第每无后零一二三四五六七八九十\d]){_RANGED}{_NUM}(?P<rough>多|来)?天(?P<half>半)?{_SINCE}(?!内|无理由|两头|之内)",
        read.counted("day"),
    ),
    _way(rf"(?<![第每]){_RANGED}{_NUM}(?:个?多|来)?{_WEEK}(?P<rough>多)?{_SINCE}(?!内)", read.counted("week")),
    _way(rf"(?<![第每]){_RANGED}{_NUM}(?P<rough>多|来)?个?(?P<half>半)?多?月多?{_SINCE}(?!内)", read.counted("month")),
    _way(rf"(?<![第每]){_RANGED}{_NUM}(?P<rough>多|来)?年(?P<half>半)?多?{_SINCE_LONG}(?!内)", read.counted("year")),
    _way(rf"个把(?:{_WEEK})", read.fixed(-7, 0.5)),
    _way(r"个把月", read.fixed(-31, 0.5)),
    _way(rf"再?过{_NUM}(?P<rough>多|来)?天(?P<later>以后|之后|后)?", read.later),
    _way(
        rf"{_NUM}多?个?(?P<half>半)?多?(?:小时|钟头|分钟|刻钟)(?=以前|之前|前|了|吧|[，,。]|$)(?:以前|之前|前)?",
        read.fixed(0, 0.85),
    ),
    # feasts
    *(_way(f"{_YEAR}(?:{name}){_FEAST_SHIFT}", read.feast(name)) for name in FEASTS),
)
"""The longest match at a place wins, the first of equally long ones."""
