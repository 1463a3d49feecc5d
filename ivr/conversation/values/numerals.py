"""Spoken quantities: 两千三 → 2300, 一万零五十 → 10050, 四百九十九点九 → 499.9, 俩 → 2, 廿三 → 23.

A quantity has units (十百千万亿) or is one digit; strings read digit by digit (幺三八) are `digits`' matter.
"""

from __future__ import annotations

import re
from decimal import Decimal

DIGITS = {
    char: value
    for value, chars in enumerate(
        ("零〇", "一壹幺", "二两俩贰", "三仨叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for char in chars
}
UNITS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_TRADITIONAL = str.maketrans("萬億", "万亿")
_TENS = {"廿": "二十", "卅": "三十"}
_BIG = {"万": 10**4, "亿": 10**8}
_SMALL = r"[零〇一二两俩三仨四五六七八九壹贰叁肆伍陆柒捌玖幺]"
_CN = r"[零〇一二两三四五六七八九十百千万萬亿億壹贰叁肆伍陆柒捌玖拾佰仟廿卅]"

QUANTITY = re.compile(
    rf"(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?[百千万亿]?|\d+[百千万][1-9](?!\d)|\d+(?:\.\d+)?[百千万亿]?|{_CN}*[十百千万萬亿億拾佰仟廿卅]{_CN}*|{_SMALL})"
    rf"(?P<decimals>点[零〇一二三四五六七八九幺]+)?"
)
"""One spoken or written quantity. `数千`, `几百` are not: nobody knows how many."""


def quantity(words: str) -> Decimal | None:
    """The number that `words`, nothing else, say; None when they say none."""
    words = words.translate(_TRADITIONAL)
    match = QUANTITY.fullmatch(words)
    if match is None:
        return None
    whole = _written(match["number"]) if match["number"][0].isdecimal() else _spoken(match["number"])
    if whole is None or match["decimals"] is None:
        return whole
    return whole + Decimal("0." + "".join(str(DIGITS[c]) for c in match["decimals"][1:]))


def _written(number: str) -> Decimal:
    big = {"百": 100, "千": 1000, **_BIG}
    if number[-1].isdecimal() and number[-2:-1] in ("百", "千", "万"):  # 1万2
        return Decimal(number[:-2]) * big[number[-2]] + int(number[-1]) * big[number[-2]] // 10
    factor = big.get(number[-1], 1)
    return Decimal(number.rstrip("百千万亿").replace(",", "")) * factor


def _spoken(number: str) -> Decimal | None:
    for short, long in _TENS.items():
        number = number.replace(short, long)
    total = section = digit = 0
    unit = 1  # of the last unit said: 两千三 means two thousand three hundred
    zero = False
    pending = False
    for char in number:
        if char in DIGITS:
            if pending and DIGITS[char]:
                return None  # two digits in a row: read digit by digit, or a range
            digit = DIGITS[char]
            zero = zero or not digit
            pending = digit > 0
        elif char in UNITS:
            if not pending and char not in "十拾":
                return None
            section += (digit if pending else 1) * UNITS[char]
            unit, digit, pending, zero = UNITS[char], 0, False, False
        else:
            section += digit
            if not section and not total:
                return None
            total = (total + section) * _BIG[char] if char == "亿" else total + section * _BIG[char]
            unit, section, digit, pending, zero = _BIG[char], 0, 0, False, False
    if pending and unit > 10 and not zero:
        digit *= unit // 10
    return Decimal(total + section + digit)


RANGE = re.compile(rf"(?P<low>[一二两三四五六七八九])(?P<high>[二三四五六七八九])(?P<unit>[十百千万]+)(?!{_CN})")
"""三四百, 五六千, 七八万."""


def low_and_high(match: re.Match[str]) -> tuple[Decimal, Decimal] | None:
    """Both ends of a range; None where the second is not the higher (三五千 is a range, 五三百 not)."""
    low, high = quantity(match["low"] + match["unit"]), quantity(match["high"] + match["unit"])
    return (low, high) if low is not None and high is not None and low < high else None
