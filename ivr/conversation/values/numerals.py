"""Spoken quantities: 两千三 → 2300, 一万零五十 → 10050, 四百九十九点九 → 499.9, 俩 → 2, 廿三 → 23.

A quantity has units (十百千万亿) or is one digit; strings read digit by digit (幺三八) are `digits`' matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "俩": 2, "三": 3, "仨": 3, "四": 4, "五": 5, "六": 6, "七": 7,
          "八": 8, "九": 9, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9, "幺": 1}  # fmt: skip
UNITS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_TENS = {"廿": "二十", "卅": "三十"}
_BIG = {"万": 10**4, "亿": 10**8}
_SMALL = r"[零〇一二两俩三仨四五六七八九壹贰叁肆伍陆柒捌玖幺]"
_CN = r"[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟廿卅]"

QUANTITY = re.compile(
    rf"(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?[百千万亿]?|\d+(?:\.\d+)?[百千万亿]?|{_CN}*[十百千万亿拾佰仟廿卅]{_CN}*|{_SMALL})"
    rf"(?P<decimals>点[零〇一二三四五六七八九幺]+)?"
)
"""One spoken or written quantity. `数千`, `几百` are not: nobody knows how many."""


@dataclass(frozen=True, slots=True)
class Quantity:
    value: Decimal
    start: int
    end: int
    rough: bool = False
    """两三百, 三四天: a range, of which this is the middle, rounded down to the smaller step."""


def quantity(words: str) -> Decimal | None:
    """The number that `words`, nothing else, say; None when they say none."""
    match = QUANTITY.fullmatch(words)
    if match is None:
        return None
    whole = _written(match["number"]) if match["number"][0].isdigit() else _spoken(match["number"])
    if whole is None or match["decimals"] is None:
        return whole
    return whole + Decimal("0." + "".join(str(DIGITS[c]) for c in match["decimals"][1:]))


def _written(number: str) -> Decimal:
    big = {"百": 100, "千": 1000, **_BIG}
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


_RANGE = re.compile(rf"(?P<a>[一二两三四五六七八九])(?P<b>[二三四五六七八九])(?P<unit>[十百千万]?)(?!{_CN})")


def quantities(text: str) -> list[Quantity]:
    """All quantities of a sentence, in order; 两三百 as 200 with `rough`."""
    out: list[Quantity] = []
    position = 0
    while position < len(text):
        ranged = _RANGE.match(text, position)
        if ranged and DIGITS[ranged["b"]] == DIGITS[ranged["a"]] + 1 and not _in_run(text, ranged):
            value = quantity(ranged["a"] + ranged["unit"])
            if value is not None:
                out.append(Quantity(value, position, ranged.end(), rough=True))
                position = ranged.end()
                continue
        match = QUANTITY.match(text, position)
        if match is None:
            position += 1
            continue
        value = quantity(match[0])
        if value is not None:
            out.append(Quantity(value, match.start(), match.end()))
        position = match.end()
    return out


def _in_run(text: str, ranged: re.Match[str]) -> bool:
    """Is this pair part of a longer string of digits?"""
    before = text[ranged.start() - 1 : ranged.start()]
    after = text[ranged.end() : ranged.end() + 1]
    return (before != "" and (before in DIGITS or before in UNITS)) or (
        not ranged["unit"] and after != "" and after in DIGITS
    )
