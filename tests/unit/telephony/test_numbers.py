"""Numbers are normalised once, where they enter; nothing that a header may hold raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.numbers import caller_number, readings, spellings, user_of


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("13800010001", "13800010001"),
        ("+8613800010001", "13800010001"),
        ("8613800010001", "13800010001"),
        ("008613800010001", "13800010001"),
        ("013800010001", "13800010001"),
        ("138-0001-0001", "13800010001"),
        ("01088886666", "01088886666"),
        ("+861088886666", "01088886666"),
        ("02160000001", "02160000001"),
        ("+12025550123", "+12025550123"),
        ("8001", "8001"),
        ("anonymous", None),
        ("Restricted", None),
        ("", None),
        ("1", None),
        ("13800010001;phone-context=x", None),
        ("１３８００", None),
        ("9" * 40, None),
    ],
)
def test_caller_number(raw: str, expected: str | None) -> None:
    assert caller_number(raw) == expected


def test_a_withheld_number_is_not_known_even_when_it_came() -> None:
    assert caller_number("13800010001", withheld=True) is None


@pytest.mark.parametrize(
    ("header", "user"),
    [
        ("<sip:4001000001@203.0.113.5>", "4001000001"),
        ('"A, B <x>" <sip:+862160000001@proxy;user=phone>;tag=1', "+862160000001"),
        ("sips:4001000001@proxy:5061", "4001000001"),
        ("<tel:+86-21-6000-0001;phone-context=x>", "+86-21-6000-0001"),
        ("<sip:proxy.example>", ""),
        ("", ""),
    ],
)
def test_user_of(header: str, user: str) -> None:
    assert user_of(header) == user


@given(st.text())
def test_nothing_raises(raw: str) -> None:
    caller_number(raw)
    readings(raw)
    user_of(raw)
    assert not user_of(raw) or ":" in raw


@given(st.from_regex(r"(0[1-9][0-9]{8,9}|400[0-9]{7}|1[3-9][0-9]{9})", fullmatch=True))
def test_every_spelling_of_a_number_is_read_as_that_number(number: str) -> None:
    assert all(number in readings(spelling) for spelling in spellings(number))


def test_spellings_keep_the_star() -> None:
    assert spellings("0216000001*") == ("0216000001*", "+86216000001*", "0086216000001*", "86216000001*")
