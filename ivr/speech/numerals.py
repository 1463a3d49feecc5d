"""Arabic digits → how they are said in Mandarin: as an amount, or digit by digit in groups."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"
PAUSE = "、"
MEASURES = (
    "台个天次件位条单小年周块元千万亿家名份张部只种遍把顿辆包箱吨匹米升秒分瓦伏岁公点平立斤兆层趟口双套"
    "倍笔款瓶袋盒根本颗桶罐支枚回"
)
"""Characters before which 2 is 两 (小 of 小时, 分 of 分钟, 公 of 公斤, 点 of 两点, 平 of 平方米)."""


def digit_by_digit(digits: str) -> str:
    """13812345678 → 幺三八、幺二三四、五六七八: in groups as people say them."""
    return PAUSE.join(in_a_row(group) for group in groups(digits))


def in_a_row(digits: str) -> str:
    """402 → 四零二, 112 → 幺幺二."""
    return "".join("幺" if d == "1" else DIGITS[int(d)] for d in digits)


def groups(digits: str) -> list[str]:
    """Threes first, then fours; a mobile number 3-4-4, a bank card from the left in fours."""
    length = len(digits)
    if length == 11 and digits[0] == "1":
        sizes = [3, 4, 4]
    elif length <= 5:
        sizes = [length]
    elif length % 4 == 0:
        sizes = [4] * (length // 4)
    elif length == 19:
        sizes = [4, 4, 4, 4, 3]
    else:
        threes = next(n for n in range(1, 5) if (length - 3 * n) % 4 == 0)
        sizes = [3] * threes + [4] * max(0, (length - 3 * threes) // 4)
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [digits[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def number(text: str, after: str = "") -> str:
    """A number that counts, with decimals and thousands' commas; `after` is the character that follows it."""
    whole, _, decimals = text.replace(",", "").partition(".")
    if not decimals and int(whole) == 2 and after and after in MEASURES:
        return "两"
    said = cardinal(whole)
    return f"{said}点{''.join(DIGITS[int(d)] for d in decimals)}" if decimals else said


def cardinal(digits: str) -> str:
    """20015 → 两万零一十五, 15 → 十五."""
    left = int(digits)
    if left == 0:
        return "零"
    if left >= 10**12:
        return digit_by_digit(digits)
    said = ""
    for power, unit in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part, left = divmod(left, power)
        if part:
            gap = "零" if said and part < 1000 else ""
            said += gap + ("两" if part == 2 and unit else _thousands(part)) + unit
    return said[1:] if said.startswith("一十") else said


def _thousands(left: int) -> str:
    said = ""
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, left = divmod(left, power)
        if digit:
            said += ("两" if digit == 2 and power == 1000 else DIGITS[digit]) + unit
        elif said and left and not said.endswith("零"):
            said += "零"
    return said
