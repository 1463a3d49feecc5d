"""Written text → text as a person would say it: numbers, money, dates, times, order and ticket numbers, units.

Every Arabic digit becomes a character. Numbers that identify something (orders, tickets, telephones, plates, codes,
models) are read digit by digit in groups, 1 as 幺; numbers that count are read as numbers, 2 before a measure word as
两. Latin letters stay: how they sound is the engine's business. Pauses between groups are written as 、.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ivr.speech.numerals import DIGITS, PAUSE, cardinal, digit_by_digit, in_a_row, number

UNITS = {
    "℃": "摄氏度", "°C": "摄氏度", "km/h": "公里每小时", "km": "公里", "kg": "公斤", "KG": "公斤", "㎏": "公斤",
    "cm": "厘米", "mm": "毫米", "m²": "平方米", "㎡": "平方米", "m³": "立方米", "ml": "毫升", "mL": "毫升",
    "kWh": "度", "kW": "千瓦", "kw": "千瓦", "KW": "千瓦", "mAh": "毫安时", "TB": "个T", "GB": "个G", "MB": "兆",
    "Mbps": "兆", "M": "兆", "Hz": "赫兹", "dB": "分贝", "L": "升", "W": "瓦", "w": "瓦", "V": "伏", "v": "伏",
    "A": "安", "g": "克", "m": "米", "t": "吨", "h": "小时", "s": "秒",
}  # fmt: skip
CURRENCIES = {"$": "美元", "€": "欧元", "£": "英镑"}
SIGNS = {"±": "正负", "≥": "大于等于", "≤": "小于等于", "×": "乘", "+": "加", "*": "乘", "=": "等于", ":": "比"}
"""Between or before digits."""
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_WHOLE = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
_NUMBER = rf"{_WHOLE}(?:\.\d+)?"
_TO = r"\s*[-~—～－至到]\s*"
_COUNTED = r"\s*(?:[元块个台件万亿千公里人次斤吨米字步条份户家股年天位名张辆箱]|平方|积分|多|余)"
"""What follows a number that counts."""
_IDENTIFYING = (
    r"(?:号码?(?:是|为)?|编号|代码|验证码|尾号|后[四六]位(?:是|为)?|单号(?:是|为)?|热线|电话(?:是|为)?|请?拨打?|"
    r"型号(?:是|为)?)"
)


def spoken(text: str) -> str:
    """`text` as it is said, without a digit left in it."""
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    text = re.sub(r"(?<![A-Za-z])\s+|\s+(?![A-Za-z])", "", text)
    return re.sub(rf"{PAUSE}(?=[，。！？；：、）)])|(?<=[，。！？；：（(]){PAUSE}|^{PAUSE}", "", text)


# --- what identifies


def _in_groups(match: re.Match[str]) -> str:
    """A telephone number: its groups are in the pattern."""
    return PAUSE.join(in_a_row(part) for part in match.groups() if part)


def _landline(match: re.Match[str]) -> str:
    said = PAUSE.join(digit_by_digit(match[name]) for name in ("area", "first", "last"))
    return f"{said}{PAUSE}转{PAUSE}{digit_by_digit(match['inside'])}" if match["inside"] else said


def _plate(match: re.Match[str]) -> str:
    return match[1] + PAUSE + "".join(in_a_row(c) if c.isdigit() else c for c in match[2])


def _code(match: re.Match[str]) -> str:
    """Letters and digits mixed: KFR-35GW, E4, iPhone15, GD20261122-000123."""
    if len(match[0]) <= 3 or re.fullmatch(r"[A-Za-z]{4,}\d{1,2}", match[0]):
        return re.sub(r"\d+", _short, match[0])
    return PAUSE.join(part for each in re.split("[-/]", match[0]) for part in _parts_of_code(each))


def _parts_of_code(code: str) -> list[str]:
    """A few digits belong to the letters before them: B1226, BP3."""
    if re.fullmatch(r"[A-Za-z]\d{1,4}|[A-Za-z]{2}\d{1,2}|[A-Za-z]+\d", code):
        return [re.sub(r"\d+", _short, code)]
    return [digit_by_digit(part) if part.isdigit() else part for part in re.findall(r"[A-Za-z]+|\d+", code)]


def _short(match: re.Match[str]) -> str:
    """The digits of a short code: E1 → E一, E12 → E幺二, but iPhone15 → iPhone十五."""
    if len(match[0]) == 1:
        return DIGITS[int(match[0])]
    return cardinal(match[0]) if match.start() >= 4 else in_a_row(match[0])


# --- what counts


def _money(match: re.Match[str]) -> str:
    """1,234.50 → 一千二百三十四块五; whole amounts keep 元."""
    whole, cents = match["whole"].replace(",", ""), (match["cents"] or "").ljust(2, "0")
    jiao, fen = int(cents[0]), int(cents[1])
    if not jiao and not fen:
        return number(whole, "元") + "元"
    if int(whole) == 0:
        return (f"{DIGITS[jiao]}毛" if jiao else "") + (f"{DIGITS[fen]}分" if fen else "")
    said = number(whole, "块") + "块"
    if not jiao:
        return f"{said}零{DIGITS[fen]}分"
    return said + DIGITS[jiao] + (f"毛{DIGITS[fen]}" if fen else "")


def _date(match: re.Match[str]) -> str:
    year = "".join(DIGITS[int(d)] for d in match["year"]) + "年" if match["year"] else ""
    return f"{year}{cardinal(match['month'])}月{cardinal(match['day'])}" + (match["daymark"] or "日")


def _year(match: re.Match[str]) -> str:
    return "".join(DIGITS[int(d)] for d in match[1])


def _clock(match: re.Match[str]) -> str:
    hour, minute = number(match["hour"], "点"), int(match["minute"])
    if minute in (0, 30):
        return f"{hour}点" + ("半" if minute else "")
    return f"{hour}点{'零' if minute < 10 else ''}{cardinal(str(minute))}分"


def _slash(match: re.Match[str]) -> str:
    """11/23 is a day, 1/2 a fraction."""
    first, second = int(match[1]), int(match[2])
    if 1 <= first <= 12 < second <= 31:
        return f"{cardinal(match[1])}月{cardinal(match[2])}日"
    return f"{cardinal(match[2])}分之{cardinal(match[1])}" if 0 < first < second else f"{match[1]}{PAUSE}{match[2]}"


def _range(match: re.Match[str]) -> str:
    """3-5天 is a range, 68-2号 is not."""
    first, second = float(match[1].replace(",", "")), float(match[2].replace(",", ""))
    between = "到" if first < second else "杠"
    return number(match[1], match["after"]) + between + number(match[2], match["after"]) + match["after"]


def _with_unit(match: re.Match[str]) -> str:
    return number(match[1], UNITS[match[2]][0]) + UNITS[match[2]]


def _dotted(match: re.Match[str]) -> str:
    return "点".join(in_a_row(part).replace("幺", "一") for part in match[0].split("."))


_Say = str | Callable[[re.Match[str]], str]
_WRITTEN: list[tuple[str, _Say]] = [
    # numbers with a part hidden, telephones
    (r"(?<!\d)(\d*)\*{2,}(\d+)", _in_groups),
    (r"(?<![\d.])(?:(?:\+|00)\s*86[-\s]?)?(1[3-9]\d)[-\s]?(\d{4})[-\s]?(\d{4})(?![\d.])", _in_groups),
    (r"(?<![\dA-Za-z.])[(（]?(?P<area>0(?:10|2\d)|0[3-9]\d\d|[48]00)[)）]?[-\s]?(?P<first>\d{3,4})[-\s]?(?P<last>\d{4})"
     r"(?!\d)(?:\s*[-转]\s*(?P<inside>\d{1,6})(?!\d))?", _landline),
    (r"(?<=\d{4})\s+(?=\d{4}(?!\d))", ""),
    (r"(?<=按)\s*\*|\*(?=号?键)", "星号"),
    (r"(?<=按)\s*#|#(?=号?键)", "井号"),
    (r"号号(?=键)", "号"),
    (r"(?<=\d)#(?=[楼栋汽柴])", "号"),
    # days and times
    (r"(?<!\d)(\d{4})[-~—～－至到](?=\d{4}[年款])", lambda m: _year(m) + "到"),
    (r"(?<!\d)(\d\d)(?=年\d{1,2}月)", _year),
    (r"(?<!\d)(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})(?P<daymark>[日号])?(?!\d)", _date),
    (r"(?<=日)T(?=\d)", ""),
    (r"(?<!\d)(?P<year>)(?P<month>\d{1,2})月(?P<day>\d{1,2})(?P<daymark>[日号])", _date),
    (r"(?<!\d)(\d{4}(?=年(?!以|内|来|了))|20\d\d(?=款))", _year),
    (r"(?<!\d)([05-9]0)(?=后(?!面|天|续|再))", lambda m: in_a_row(m[1])),
    (rf"(?<=\d:\d\d){_TO}(?=\d{{1,2}}:\d\d)", "到"),
    (r"(?<!\d)(?P<hour>[01]?\d|2[0-4])[:：](?P<minute>[0-5]\d)(?::\d\d)?(?!\d)", _clock),
    (r"(?<=[日号月年时点分])\s*[-~—～－]\s*(?=[\d零一二三四五六七八九十])", "到"),
    (r"(?<![\d./])(\d{1,2})/(\d{1,2})(?![\d/])", _slash),
    # plates, before letters and digits mean something else
    (rf"([{_PROVINCES}][A-Z])[·•.\s-]?([A-Z\d]{{5,6}}(?![A-Z\d])|[A-Z\d]{{4,5}}(?=[学警挂港澳]))", _plate),
    # money, shares, units
    (rf"[¥￥]\s*(?P<n>{_NUMBER})\s*(?P<power>[万亿])元?", lambda m: number(m["n"]) + m["power"] + "元"),
    (rf"[¥￥]\s*(?P<whole>{_WHOLE})(?:\.(?P<cents>\d{{1,2}}))?(?!\d)\s*元?", _money),
    (rf"(?<![\d.,])(?P<whole>{_WHOLE})\.(?P<cents>\d{{1,2}})\s*元", _money),
    (rf"([$€£])\s*({_NUMBER})", lambda m: number(m[2], "元") + CURRENCIES[m[1]]),
    (r"(?<=[元块次个件台人户天月])/(?=[月年天日次个件人台平小户])", "每"),
    (rf"(\d+(?:\.\d+)?)\s*[%％]?{_TO}(\d+(?:\.\d+)?)\s*[%％]",
     lambda m: f"百分之{number(m[1])}到百分之{number(m[2])}"),
    (r"(?<!\d)(\d+(?:\.\d+)?)\s*[%％]", lambda m: "百分之" + number(m[1])),
    (rf"(?<![\dA-Za-z])[-－](?=\d+(?:\.\d+)?(?:{_TO}-?\d+(?:\.\d+)?)?\s*(?:℃|°C|度))", "零下"),
    (rf"(?<=\d){_TO}-(?=\d+(?:\.\d+)?\s*(?:℃|°C|度))", "到零下"),
    (rf"(?<![A-Za-z\d.])(\d+(?:\.\d+)?){_TO}(?=(\d+(?:\.\d+)?)\s*(?:{_UNIT})(?![A-Za-z\d]))",
     lambda m: number(m[1]) + "到"),
    (rf"(?<![A-Za-z\d])({_NUMBER})\s*({_UNIT})(?![A-Za-z\d])", _with_unit),
    (r"(?<![A-Za-z\d.-])(\d{2,}|\d+\.\d+)(?=[GT](?![A-Za-z\d]))", lambda m: number(m[1])),
    # codes
    (r"(?<=[A-Za-z])\d+(?:\.\d+)+|(?<![\d.])\d+(?:\.\d+){2,}(?![\d.])", _dotted),
    (r"(?<![A-Za-z\d])(?=[A-Za-z\d/-]*[A-Za-z])(?=[A-Za-z\d/-]*\d)[A-Za-z\d]+(?:[-/](?=[A-Za-z\d]*\d|[A-Za-z]+\b)"
     r"[A-Za-z\d]+)*", _code),
    (r"(?<![\d.])315(?=晚会|投诉|曝光)|(?<!\d)3[·.]15(?!\d)", "三幺五"),
    (r"(?<=[打拨])\s*(1[12]\d)(?![\d个分折次块元.])", lambda m: in_a_row(m[1])),
    (r"(?<=转)\s*(\d{3,5})(?!\d|\.\d|\s*[元块万])", lambda m: PAUSE + in_a_row(m[1])),
    (r"(?<!\d)(\d{3,4})(?=[室房])|(?<=[楼栋幢座元])\s*(?<!\d)(\d{3,4})(?!\d|[.,]\d|\s*[元块个平米多层])",
     lambda m: in_a_row(m[1] or m[2])),
    (rf"({_IDENTIFYING}\s*[：:]?\s*)(\d+)(?!\d|[.,]\d|{_COUNTED})", lambda m: m[1] + digit_by_digit(m[2])),
    (rf"(?<![\d.,])(?!\d+000(?!\d)(?!0))\d{{5,}}(?![\d.,]*\d*{_COUNTED})(?![.,]\d)", lambda m: digit_by_digit(m[0])),
    (r"(?<![\d.])(\d{3,})(?=(?:这个)?(?:开头|结尾|的(?:那|这)?(?:张|笔)?[订工]?单))", lambda m: digit_by_digit(m[1])),
    (r"(?<![\d.,])0\d+(?![\d.])", lambda m: digit_by_digit(m[0])),
    # what is left counts
    (rf"(?<![\d.])({_NUMBER})\s*[-~—～－至]\s*({_NUMBER})(?P<after>.?)(?!\d)", _range),
    (r"(?<=[\u4e00-\u9fff])\s*[~～]\s*(?=\d)", "到"),
    (r"([±≥≤])(?=\d)|(?<=\d)\s*([×+*=:])\s*(?=\d)", lambda m: SIGNS[m[1] or m[2]]),
    (r"(?<![\w)）])[-－](?=\d)", "负"),
    (r"(第)(\d+)", lambda m: m[1] + cardinal(m[2])),
    (r"(\d+)(?=单元)", lambda m: cardinal(m[1])),
    (rf"(?s)({_NUMBER})(?=(.?))", lambda m: number(m[1], m[2])),
]  # fmt: skip
"""In this order: what is most particular first."""
_RULES: list[tuple[re.Pattern[str], _Say]] = [(re.compile(pattern), say) for pattern, say in _WRITTEN]
