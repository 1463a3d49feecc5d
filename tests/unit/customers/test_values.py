from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.customers.mapping import CustomerMapping
from ivr.customers.numbers import e164, written
from ivr.customers.values import date_of, is_vip, text_of
from ivr.tickets.customer import Customer

ZONE = ZoneInfo("Asia/Shanghai")
DAY = dt.date(2026, 3, 1)


@pytest.mark.parametrize(
    "value",
    [
        DAY,
        dt.datetime(2026, 3, 1, 23),  # noqa: DTZ001  (a database without zones)
        dt.datetime(2026, 2, 28, 17, tzinfo=dt.UTC),
        *("2026-03-01", " 2026/3/1 ", "2026年3月1日", "2026.03.01", "20260301", 20260301, "20260301093000"),
        *("2026-03-01 10:00:00", "2026-03-01T10:00:00", "2026-03-01T10:00:00+08:00", "2026-02-28T17:00:00Z"),
        *(1772298000, 1772298000000, "1772298000", 1772298000.5),
    ],
)
def test_dates_however_they_are_written(value: Any) -> None:
    assert date_of(value, ZONE) == DAY


@pytest.mark.parametrize(
    "value", [None, "", "不详", "2026-13-01", "2026-02-30", 0, -1, 7, True, [], {}, "1e999", "nan"]
)
def test_what_is_no_date_is_none(value: Any) -> None:
    assert date_of(value, ZONE) is None


@pytest.mark.parametrize(
    ("value", "text"), [(" a  b\n", "a b"), (7, "7"), ("", None), (None, None), ([1], None), (True, None)]
)
def test_texts(value: Any, text: str | None) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "vip"), [("VIP", True), (True, True), (["a", "vip"], True), ("普通", False), (None, False), (0, False)]
)
def test_tiers(value: Any, vip: bool) -> None:
    assert is_vip(value, ("vip", "true")) is vip


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        ("13800010001", ["+8613800010001", "8613800010001", "008613800010001", "138-0001-0001", "+86 138-0001-0001"]),
        ("02188886666", ["021-88886666", "(021)88886666", "+862188886666", "+86-21-88886666", "021 8888 6666"]),
        ("+12025550123", ["12025550123", "+1 202-555-0123"]),
        ("8001", ["8001"]),
    ],
)  # fmt: skip
def test_numbers_as_crms_keep_them(number: str, forms: list[str]) -> None:
    found = written(number)
    assert found[0] == number
    assert set(forms) <= set(found)
    assert len(set(found)) == len(found) < 100


def test_international_form() -> None:
    assert e164("13800010001") == "+8613800010001"
    assert e164("8001") == "8001"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "name", "x"]), inner),
    max_leaves=12,
)
MAPPING = CustomerMapping(
    {
        "customer": {"name": "q.name", "tier": "q.a[0].b || q.x", "number": "q.a", "candidates": "q.b[].x"},
        "purchases": {"each": "q.b", "product": "name", "purchased": "a.b", "model": "sort(x)"},
        "complaints": {"each": "q.a[].b[]", "subject": "name", "date": "x"},
    },
    place="customers.x",
)


@given(JSON)
def test_no_answer_of_any_kind_breaks_the_mapping(answer: Any) -> None:
    MAPPING.of({"q": answer}, "13800010001")


FOUND = {"q": {"data": [{"id": 7, "name": "王芳", "phones": ["+86 138-0001-0001", "(021)88886666"]}]}}
CHECKED = CustomerMapping(
    {"customer": {"name": "q.data[0].name", "number": "q.data[0].phones", "candidates": "q.data[].id"}}, place="x"
)


@pytest.mark.parametrize("number", ["13800010001", "02188886666"])
def test_whose_number_it_is_is_known_by_any_of_their_numbers(number: str) -> None:
    assert CHECKED.of(FOUND, number).customer == Customer("王芳")


def test_an_answer_for_another_number_or_for_several_customers_is_not_believed() -> None:
    other = CHECKED.of(FOUND, "13900010009")
    assert (other.customer, "另一个号码" in other.doubts[0]) == (None, True)
    same = {"q": {"data": [*FOUND["q"]["data"], {"id": 7}]}}
    assert CHECKED.of(same, "13800010001").customer == Customer("王芳")
    several = CHECKED.of({"q": {"data": [*FOUND["q"]["data"], {"id": 8}]}}, "13800010001")
    assert (several.customer, "2 位客户" in several.doubts[0]) == (None, True)
    whole = CustomerMapping({"customer": {"name": "q.data[0].name", "candidates": "q.data"}}, place="x")
    assert whole.of({"q": {"data": [{"id": 7, "name": "王芳"}, {"id": 8}]}}, "13800010001").customer is None
    unchecked = CustomerMapping({"customer": {"name": "q.data[0].name"}}, place="x")
    assert "candidates" in unchecked.of(FOUND, "13800010001").doubts[0]
    nothing_said = {"q": {"data": [{"id": 7, "name": "王芳"}]}}
    assert CHECKED.of(nothing_said, "13900010009").customer == Customer("王芳")
