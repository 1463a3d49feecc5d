"""Written text → text as a person would say it: numbers, money, dates, times, order and ticket numbers, units.

Every Arabic digit becomes a character. Numbers that identify something (orders, tickets, telephones, codes, models)
are read digit by digit in groups, 1 as 幺; numbers that count are read as numbers, 2 before a measure word as 两. Latin
letters stay: how they sound is the engine's business. Pauses between groups are written as 、.
"""

from __future__ import annotations

import re
from collections.abc import Callable

DIGITS = "零一二三四五六七八九"
PAUSE = "、"

MEASURES = "台个天次件位条单小年周块元千万亿家名份张部只种遍把顿辆包箱吨匹米升秒分瓦伏岁公点"
"""Characters before which 2 is 两 (小 of 小时, 分 of 分钟, 公 of 公斤, 点 of 两点)."""

UNITS = {
    "℃": "摄氏度", "°C": "摄氏度", "km/h": "公里每小时", "km": "公里", "kg": "公斤", "cm": "厘米", "mm": "毫米",
    "m²": "平方米", "㎡": "平方米", "ml": "毫升", "mL": "毫升", "kW": "千瓦", "kw": "千瓦", "GB": "个G",
    "MB": "兆", "Hz": "赫兹", "dB": "分贝", "L": "升", "W": "瓦", "V": "伏", "A": "安", "g": "克", "m": "米",
    "h": "小时", "元": "元", "%": "%",
}  # fmt: skip

_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True) if unit not in "元%")
_IDENTIFYING = (
    r"(?:号码?(?:是|为)?|编号|代码|尾号|后[四六]位(?:是|为)?|单号(?:是|为)?|热线|电话(?:是|为)?|请拨打?|型号(?:是|为)?)"
)


def spoken(text: str) -> str:
    """`text` as it is said, without a digit left in it."""
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    text = re.sub(r"(?<![A-Za-z])\s+|\s+(?![A-Za-z])", "", text)
    return re.sub(rf"{PAUSE}(?=[，。！？；：、])|(?<=[，。！？；：]){PAUSE}|^{PAUSE}", "", text)


def digit_by_digit(digits: str) -> str:
    """13812345678 → 幺三八、幺二三四、五六七八: in groups as people say them."""
    return PAUSE.join("".join("幺" if d == "1" else DIGITS[int(d)] for d in group) for group in _groups(digits))


def cardinal(digits: str) -> str:
    """20015 → 二万零一十五, 15 → 十五."""
    number = int(digits)
    if number == 0:
        return "零"
    if number >= 10**12:
        return digit_by_digit(digits)
    said = ""
    for power, unit in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part, number = divmod(number, power)
        if part:
            gap = "零" if said and part < 1000 else ""
            said += gap + ("两" if part == 2 and unit else _thousands(part)) + unit
    return said[1:] if said.startswith("一十") else said


def _thousands(number: int) -> str:
    said = ""
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, power)
        if digit:
            said += ("两" if digit == 2 and power == 1000 else DIGITS[digit]) + unit
        elif said and number and not said.endswith("零"):
            said += "零"
    return said


def _groups(digits: str) -> list[str]:
    length = len(digits)
    if length == 11 and digits[0] == "1":
        sizes = [3, 4, 4]
    elif length <= 5:
        sizes = [length]
    elif length % 4 == 0:
        sizes = [4] * (length // 4)
    else:
        threes = next(n for n in range(1, 5) if (length - 3 * n) % 4 == 0)
        sizes = [3] * threes + [4] * max(0, (length - 3 * threes) // 4)
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [digits[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def _number(text: str, after: str = "") -> str:
    """A number that counts, with decimals; `after` is the character that follows it."""
    whole, _, decimals = text.replace(",", "").partition(".")
    if not decimals and int(whole) == 2 and after and after in MEASURES:
        return "两"
    said = cardinal(whole)
    return f"{said}点{''.join(DIGITS[int(d)] for d in decimals)}" if decimals else said


def _money(match: re.Match[str]) -> str:
    whole, decimals = match["whole"].replace(",", ""), (match["cents"] or "").ljust(2, "0")
    jiao, fen = int(decimals[0]), int(decimals[1])
    said = "" if int(whole) == 0 and (jiao or fen) else _number(whole, "元") + "元"
    said += f"{DIGITS[jiao]}角" if jiao else "零" * bool(fen and said)
    return said + (f"{DIGITS[fen]}分" if fen else "")


def _date(match: re.Match[str]) -> str:
    year = "".join(DIGITS[int(d)] for d in match["year"]) + "年" if match["year"] else ""
    return f"{year}{cardinal(match['month'])}月{cardinal(match['day'])}" + (match["daymark"] or "日")


def _clock(match: re.Match[str]) -> str:
    hour, minute = _number(match["hour"], "点"), int(match["minute"])
    if not minute:
        return f"{hour}点"
    return f"{hour}点{'零' if minute < 10 else ''}{cardinal(str(minute))}分"


def _code(match: re.Match[str]) -> str:
    """Letters and digits mixed: KFR-35GW, E4, GD20261122-000123."""
    parts = re.findall(r"[A-Za-z]+|\d+", match[0])
    said = [digit_by_digit(part) if part.isdigit() else part for part in parts]
    return ("" if len(match[0]) <= 3 else PAUSE).join(said)


def _range(match: re.Match[str]) -> str:
    return f"{_number(match[1], match['after'])}到{_number(match[2], match['after'])}"


_Say = Callable[[re.Match[str]], str]
_RULES: list[tuple[re.Pattern[str], _Say]] = [
    (re.compile(r"(?<=\d{4})\s+(?=\d{4}(?!\d))"), lambda m: ""),
    (re.compile(r"(?<!\d)(?:(?P<year>\d{4})[-/.年])(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})(?P<daymark>[日号])?(?!\d)"),
     _date),
    (re.compile(r"(?<!\d)(?P<year>)(?P<month>\d{1,2})月(?P<day>\d{1,2})(?P<daymark>[日号])"), _date),
    (re.compile(r"(?<!\d)(\d{4})(?=年(?!以|内|来|了))"), lambda m: "".join(DIGITS[int(d)] for d in m[1])),
    (re.compile(r"(?<=\d:\d\d)\s*[-~—至到]+\s*(?=\d{1,2}:\d\d)"), lambda m: "到"),
    (re.compile(r"(?<!\d)(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::\d\d)?(?!\d)"), _clock),
    (re.compile(rf"(?<![A-Za-z\d])(-?\d+(?:\.\d+)?)\s*({_UNIT})(?![A-Za-z\d])"),
     lambda m: ("零下" if m[1][0] == "-" else "") + _number(m[1].lstrip("-"), UNITS[m[2]][0]) + UNITS[m[2]]),
    (re.compile(r"(?<!\d)(\d+(?:\.\d+)?)\s*[%％]"), lambda m: "百分之" + _number(m[1])),
    (re.compile(r"(?:[¥￥]\s*(?P<whole>\d[\d,]*)(?:\.(?P<cents>\d{1,2}))?(?!\d)\s*元?)"), _money),
    (re.compile(r"(?<![\d.])(?P<whole>\d[\d,]*)\.(?P<cents>\d{1,2})\s*元"), _money),
    (re.compile(r"(?<![A-Za-z\d])(?=[A-Za-z\d-]*[A-Za-z])(?=[A-Za-z\d-]*\d)[A-Za-z\d]+(?:-[A-Za-z\d]+)*"), _code),
    (re.compile(r"(?<![\d.])(0(?:10|2\d)|0[3-9]\d\d|[48]00)-?(\d{3,4})-?(\d{4})(?!\d)"),
     lambda m: PAUSE.join(digit_by_digit(part) for part in m.groups())),
    (re.compile(r"(?<![\d.])\d{5,}(?![\d.]*\d*\s*[元块个台件万])"), lambda m: digit_by_digit(m[0])),
    (re.compile(rf"({_IDENTIFYING}\s*[：:]?\s*)(\d+)(?!\d|\.\d)"), lambda m: m[1] + digit_by_digit(m[2])),
    (re.compile(r"(?<![\d.])(\d{3,})(?=(?:这个)?(?:开头|结尾|的(?:那|这)?(?:张|笔)?[订工]?单))"),
     lambda m: digit_by_digit(m[1])),
    (re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*[-~—～至]\s*(\d+(?:\.\d+)?)(?P<after>.?)(?!\d)"),
     lambda m: _range(m) + m["after"]),
    (re.compile(r"(第)(\d+)"), lambda m: m[1] + cardinal(m[2])),
    (re.compile(r"(\d[\d,]*(?:\.\d+)?)(?=(.?))", re.DOTALL), lambda m: _number(m[1], m[2])),
]  # fmt: skip
