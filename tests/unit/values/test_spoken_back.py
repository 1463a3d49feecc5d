"""Whatever is spoken is understood again: numbers, money and days said by a small speaker."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ivr.conversation.values.find import find, find_all
from ivr.conversation.values.numerals import quantity
from ivr.conversation.values.yesno import yes_no

TODAY = dt.date(2026, 11, 22)
DIGITS = "零一二三四五六七八九"


def say_digits(number: str, one: str) -> str:
    return "".join(one if char == "1" else DIGITS[int(char)] if char.isdigit() else char for char in number)


def say_below_10000(number: int) -> str:
    words, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            words += ("零" if gap and words else "") + DIGITS[digit] + name
            gap = False
        else:
            gap = True
    return words


def say_number(number: int) -> str:
    """1…99,999,999 as it is written out in full."""
    high, low = divmod(number, 10000)
    if not high:
        return say_below_10000(low)
    return say_below_10000(high) + "万" + (("零" if low < 1000 else "") + say_below_10000(low) if low else "")


def say_short(number: int) -> str:
    """两千三 for 2300: the last unit is left out where it follows the one before it."""
    words = say_number(number).replace("二千", "两千").replace("二百", "两百")
    return words[:-1] if words[-1] in "十百千" and len(words) >= 4 and words[-3] in "百千万" else words


@given(st.integers(1, 99_999_999))
def test_numbers(number: int) -> None:
    assert quantity(say_number(number)) == number


@given(st.integers(1, 99_999_999))
def test_shortened_numbers(number: int) -> None:
    assert quantity(say_short(number)) == number


@given(st.integers(0, 10**12), st.sampled_from(["一", "幺"]), st.sampled_from(["", "，", " ", "，呃，"]))
def test_long_digit_strings_in_groups(number: int, one: str, pause: str) -> None:
    digits = f"{number:011d}"
    spoken = pause.join(say_digits(digits[i : i + 4], one) for i in range(0, len(digits), 4))
    value = find("digits", f"嗯，号码是{spoken}", today=TODAY)
    assert value is not None
    if digits[:4] != digits[4:8]:  # said twice, a group may be a repetition
        assert value.value == digits


@given(st.text("0123456789", min_size=6, max_size=12), st.integers(2, 4), st.data())
def test_a_tail_said_again_is_corrected(digits: str, length: int, data: st.DataObject) -> None:
    wrong = data.draw(st.text("0123456789", min_size=length, max_size=length).filter(lambda w: w != digits[-length:]))
    head = digits[:-length]
    spoken = f"{say_digits(head, '幺')}，{say_digits(wrong, '幺')}，哎不对，{say_digits(digits[-length:], '幺')}"
    value = find("digits", spoken, today=TODAY)
    assert value is not None
    if not head.startswith(digits[-length:]) and head != wrong:
        assert value.value == digits


@given(st.integers(1, 999_999), st.integers(0, 9), st.integers(0, 9))
def test_money(yuan: int, jiao: int, fen: int) -> None:
    spoken = say_number(yuan) + "块" + (f"{DIGITS[jiao]}毛" if jiao else "")
    spoken += f"{DIGITS[fen]}分" if fen and jiao else f"零{DIGITS[fen]}分" if fen else ""
    value = find("money", f"扣了我{spoken}", today=TODAY)
    assert value is not None
    assert value.value == str((yuan + Decimal(10 * jiao + fen) / 100).quantize(Decimal("0.01")))


@given(st.integers(1, 99))
def test_days_ago(days: int) -> None:
    value = find("date", f"得有{say_number(days)}天了", today=TODAY)
    assert value is not None
    assert dt.date.fromisoformat(value.value) == TODAY - dt.timedelta(days=days)


@given(st.dates(dt.date(2024, 1, 1), TODAY))
def test_dates_in_full(day: dt.date) -> None:
    spoken = f"{say_digits(str(day.year), '一')}年{say_number(day.month)}月{say_number(day.day)}号".replace(
        "一十", "十"
    )
    value = find("date", spoken, today=TODAY)
    assert value is not None
    assert value.value == day.isoformat()


@given(st.text(max_size=40))
def test_nothing_said_breaks_it(text: str) -> None:
    for kind in ("digits", "money", "date", "month", "time", "term", "text"):
        for value in find_all(kind, text, today=TODAY, terms={"空调": ["挂机"]}):
            assert text[value.start : value.end] == value.said
    yes_no(text)


@given(st.text("零一二三四五六七八九十百千万亿两幺点块毛元天月号年前后上下周不是对，是DX半个多", max_size=24))
def test_no_heap_of_number_words_breaks_it(text: str) -> None:
    for kind in ("digits", "money", "date", "month", "time"):
        find_all(kind, text, today=TODAY)
