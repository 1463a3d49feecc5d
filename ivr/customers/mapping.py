"""An answer of a CRM as a `Customer`, by the mapping that the settings give.

The document is `{"customer": {…}, "purchases": […], …}` for SQL, `{request: its JSON}` for HTTP. Only what is mapped is
kept: nothing else of the CRM gets into a ticket.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import jmespath
from jmespath.exceptions import JMESPathError

from ivr.customers.numbers import e164
from ivr.customers.values import date_of, is_vip, text_of
from ivr.errors import SettingsError
from ivr.tickets.customer import Agreement, Complaint, Customer, Purchase, Vehicle

MOST = 20
"""Purchases, vehicles, … of one customer that are kept, the first ones."""
EACH = "each"
ONE = "customer"
KINDS: Mapping[str, type[Any]] = {
    "purchases": Purchase,
    "vehicles": Vehicle,
    "agreements": Agreement,
    "complaints": Complaint,
}
DATES = frozenset({"purchased", "warranty_until", "until", "date"})
CHECKS = ("number", "candidates")
"""Of a customer, where mapped: their number or numbers, and all customers that the answer holds; neither is kept."""
OURS: Mapping[str, tuple[str, ...]] = {
    ONE: ("name", "tier", "customer_no"),
    **{section: tuple(field.name for field in fields(kind)) for section, kind in KINDS.items()},
}
"""Section → our keys; the first of a list's is required."""


class Path(NamedTuple):
    """Where a value stands: a key as it is, else JMESPath."""

    said: str
    find: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Mapped:
    """What was made of an answer, and what whoever writes the mapping should know."""

    customer: Customer | None
    """None: unknown to the CRM."""
    unmapped: tuple[str, ...] = ()
    """Keys of the CRM's answer that no line of the mapping asks for."""
    doubts: tuple[str, ...] = ()
    """One sentence each: a value that was left out, and why."""


class SharedNumber(Exception):
    """Several customers have this number: nobody knows which of them calls."""

    def __init__(self, customers: int) -> None:
        super().__init__(shared(customers))


class CustomerMapping:
    """`given`: section → our key → path. `own_names`: where the document has our sections, a key that is not given is
    taken from the column of that name. Raises `SettingsError` naming the line that is wrong."""

    def __init__(
        self,
        given: Mapping[str, Mapping[str, str]],
        *,
        place: str,
        vip: Iterable[str] = ("vip",),
        zone: dt.tzinfo = dt.UTC,
        own_names: bool = False,
        region: str = "CN",
    ) -> None:
        self._vip, self._zone, self._own_names, self._region = tuple(vip), zone, own_names, region
        self._paths = {section: _paths(section, lines, place) for section, lines in given.items()}
        if own_names:
            for section, ours in OURS.items():
                known = self._paths.setdefault(section, {})
                known |= {key: _path(key, place) for key in ours if key not in known}
        elif ONE not in self._paths:
            raise SettingsError(f"{place}.map 里没有 [{ONE}]：至少写明客户的 name 从哪里取。")
        else:
            _check_lists(self._paths, place)

    def of(self, document: Mapping[str, Any], asked: str) -> Mapped:
        """`asked`: the caller's number. Who is not certainly the caller is not taken for them."""
        doubts: list[str] = []
        one = document.get(ONE) if self._own_names else document
        if not one:
            return Mapped(None)
        if doubt := self._doubted(one, asked):
            return Mapped(None, self._unmapped(document), (doubt,))
        if not self._own_names and "candidates" not in self._paths[ONE]:
            doubts.append("map.customer 没有写 candidates：CRM 答了几位客户时，认的是对应里写的那一位。")
        found = self._one(one, doubts)
        lists: dict[str, Any] = {section: self._list(section, document, doubts) for section in KINDS}
        if not any((*found.values(), *lists.values())):
            return Mapped(None, self._unmapped(document), tuple(doubts))
        tier = found.pop("tier", None)
        customer = Customer(**found, **lists, tier="vip" if tier else "normal")
        return Mapped(customer, self._unmapped(document), tuple(doubts))

    def one_of(self, rows: Sequence[Any]) -> Any:
        """The customer that all these rows are; None: there are none. Raises `SharedNumber`."""
        found = {self._who(row) for row in rows}
        if len(found) > 1:
            raise SharedNumber(len(found))
        return rows[0] if rows else None

    def _who(self, row: Any) -> str:
        """Two of the same name may be two people: without numbers only rows that are alike are one customer."""
        return self._one(row, [])["customer_no"] or repr(row)

    def _doubted(self, one: Any, asked: str) -> str:
        number, candidates = (self._checked(one, check) for check in CHECKS)
        if len(set(candidates)) > 1:
            return shared(len(set(candidates)))
        if number and not {e164(each, self._region) for each in number} & {e164(asked, self._region)}:
            return "CRM 答的是另一个号码的客户，不认。"
        return ""

    def _checked(self, one: Any, check: str) -> list[str]:
        path = self._paths.get(ONE, {}).get(check)
        found = path.find(one) if path else None
        values = found if isinstance(found, list | tuple) else [found]
        return [text_of(value) or repr(value) for value in values if value not in (None, "", [], {})]

    def _one(self, one: Any, doubts: list[str]) -> dict[str, Any]:
        known = self._paths.get(ONE, {})
        raw = {key: known[key].find(one) for key in OURS[ONE] if key in known}
        found: dict[str, Any] = {key: text_of(raw.get(key)) for key in ("name", "customer_no")}
        doubts += [f"customer.{key} 不是文字：{_shown(raw[key])}" for key in found if _lost(raw.get(key), found[key])]
        return found | {"tier": is_vip(raw.get("tier"), self._vip)}

    def _list(self, section: str, document: Mapping[str, Any], doubts: list[str]) -> tuple[Any, ...]:
        paths = self._paths.get(section)
        if not paths:
            return ()
        rows = document.get(section) if self._own_names else paths[EACH].find(document)
        rows = [rows] if isinstance(rows, Mapping) else rows or []
        if not isinstance(rows, list | tuple):
            doubts.append(f"{section} 不是列表：{_shown(rows)}")
            return ()
        made = [self._item(section, row, doubts) for row in rows[:MOST]]
        return tuple(each for each in made if each is not None)

    def _item(self, section: str, row: Any, doubts: list[str]) -> Any:
        values: dict[str, Any] = {}
        for key, path in self._paths[section].items():
            if key == EACH:
                continue
            raw = path.find(row)
            values[key] = date_of(raw, self._zone) if key in DATES else text_of(raw)
            if _lost(raw, values[key]):
                doubts.append(f"{section}.{key} 不是{'日期' if key in DATES else '文字'}：{_shown(raw)}")
        required = OURS[section][0]
        if values.get(required):
            return KINDS[section](**values)
        doubts.append(f"{section} 有一条没有 {required}，略去。")
        return None

    def _unmapped(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        """Leaves of the answer whose last key no path names."""
        named = " ".join(path.said for paths in self._paths.values() for path in paths.values())
        return tuple(sorted({leaf for leaf in _leaves(document) if leaf.rpartition(".")[2] not in named}))


def shared(customers: int) -> str:
    return f"这个号码登记在 {customers} 位客户名下，不知道是哪一位，都不认。"


def _check_lists(paths: Mapping[str, Mapping[str, Path]], place: str) -> None:
    for section in KINDS:
        for key in (EACH, OURS[section][0]):
            if section in paths and key not in paths[section]:
                raise SettingsError(f"{place}.map.{section} 缺少 {key}。")


def _paths(section: str, lines: Mapping[str, str], place: str) -> dict[str, Path]:
    if section not in OURS:
        raise SettingsError(f"{place}.map 里有不认识的段 {section}；可用：{'、'.join(OURS)}。")
    allowed = (*OURS[section], *CHECKS) if section == ONE else (EACH, *OURS[section])
    for key in lines:
        if key not in allowed:
            raise SettingsError(f"{place}.map.{section} 里有不认识的项 {key}；可用：{'、'.join(allowed)}。")
    return {key: _path(said, f"{place}.map.{section}.{key}") for key, said in lines.items()}


def _path(said: str, place: str) -> Path:
    try:
        compiled = jmespath.compile(said)
    except JMESPathError as error:
        if said.isidentifier() or not any(mark in said for mark in ".[]{}()|@'`"):
            return Path(said, lambda value: value.get(said) if isinstance(value, Mapping) else None)  # 姓名
        raise SettingsError(f"{place} = {said!r} 不是 JMESPath：{error}") from error

    def find(value: Any) -> Any:
        if isinstance(value, Mapping) and said in value:
            return value[said]
        try:
            return compiled.search(value)
        except JMESPathError:  # a function met a value of another kind
            return None

    return Path(said, find)


def _lost(raw: Any, kept: Any) -> bool:
    return raw not in (None, "", [], {}) and kept is None


def _shown(value: Any) -> str:
    """Kind and length, not the value: a log is no place for a customer's data."""
    return f"{type(value).__name__}（长 {len(str(value))}）"


def _leaves(value: Any, at: str = "") -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner, at)
    else:
        yield at
