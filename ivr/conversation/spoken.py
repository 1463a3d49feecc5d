"""Values as they are said to a caller: numbers digit by digit in groups, dates as people say them."""

from __future__ import annotations

import datetime as dt
import re

_DIGITS = str.maketrans("0123456789", "零幺二三四五六七八九")


def aloud(value: str, kind: str) -> str:
    """`kind` is the taxonomy's."""
    match kind:
        case "digits":
            return _grouped(value)
        case "date":
            return _day(value)
        case "time":
            day, _, hour = value.partition(" ")
            return f"{_day(day)}{hour}"
        case "money":
            return f"{value.rstrip('0').rstrip('.')}元" if "." in value else f"{value}元"
        case _:
            return value


def _grouped(value: str) -> str:
    """Letters as they are, digits one by one with a pause every four: GD，二零二六，幺幺二二，…"""
    groups = []
    for run in re.findall(r"[A-Za-z]+|\d+|[^\dA-Za-z-]+", value):
        if run.isdigit():
            groups += [run[at : at + 4].translate(_DIGITS) for at in range(0, len(run), 4)]
        else:
            groups.append(" ".join(run.upper()) if run.isascii() else run)
    return "，".join(groups)


def _day(iso: str) -> str:
    try:
        day = dt.date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day.month}月{day.day}号"
