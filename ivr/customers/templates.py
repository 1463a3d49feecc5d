"""Requests with places to fill: `/contacts?phone={e164}`, `/orders?owner={contact.data[0].id}`. No network here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import jmespath
from jmespath.exceptions import JMESPathError

from ivr.customers.numbers import e164, written
from ivr.errors import SettingsError
from ivr.settings import CustomerRequest

_PLACE = re.compile(r"\{([^{}]+)\}")
_KEPT = "/?&=:%,;@+*$!'()[]~"
"""Of the settings' own words, what an address may hold as it is."""
Known = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """A request that can go out."""

    method: Literal["GET", "POST"]
    path: str
    """Quoted."""
    body: Any = None
    """To be sent as JSON; None = nothing."""


@dataclass(frozen=True, slots=True)
class Template:
    method: Literal["GET", "POST"]
    path: str
    body: Any
    needs: tuple[str, ...]
    """Other requests whose answers are filled in."""

    def filled(self, known: Known) -> Filled | None:
        """None when something that belongs in it is not known: there is nothing to ask for."""
        lacking: list[str] = []
        path = _path_of(self.path, known, lacking)
        body = _body_of(self.body, known, lacking)
        return None if lacking else Filled(self.method, path, body)


def caller(number: str, region: str) -> dict[str, Any]:
    """What every request may say of the caller."""
    international = e164(number, region)
    return {
        "number": number,
        "e164": international,
        "digits": international.lstrip("+"),
        "numbers": ",".join(written(number, region)),
    }


def templates(requests: Mapping[str, CustomerRequest], place: str) -> dict[str, Template]:
    """By name. Raises `SettingsError` for a place that nothing fills, and for requests that wait for each other."""
    known = {*caller("1", "CN"), *requests}
    made = {name: _template(request, known, f"{place}.requests.{name}") for name, request in requests.items()}
    made = {
        name: Template(one.method, one.path, one.body, tuple(need for need in one.needs if need in requests))
        for name, one in made.items()
    }
    done: set[str] = set()
    while ready := [name for name, one in made.items() if name not in done and done.issuperset(one.needs)]:
        done.update(ready)
    if stuck := sorted(set(made) - done):
        raise SettingsError(f"{place}.requests 里 {'、'.join(stuck)} 互相等着对方的答复。")
    return made


def _template(request: CustomerRequest, known: set[str], place: str) -> Template:
    try:
        body = json.loads(request.body) if request.body else None
    except ValueError as error:
        raise SettingsError(f"{place}.body 不是 JSON：{error}。") from error
    found = _PLACE.findall(request.path) + [name for text in _texts(body) for name in _PLACE.findall(text)]
    for name in found:
        if _head(name) not in known:
            raise SettingsError(f"{place} 里的 {{{name}}} 没有来处；可用：{'、'.join(sorted(known))}。")
        try:
            jmespath.compile(name)
        except JMESPathError as error:
            raise SettingsError(f"{place} 里的 {{{name}}} 不是 JMESPath：{error}。") from error
    return Template(request.method, request.path, body, tuple(dict.fromkeys(_head(name) for name in found)))


def _head(name: str) -> str:
    return re.split(r"[.\[|\s]", name, maxsplit=1)[0]


def _path_of(path: str, known: Known, lacking: list[str]) -> str:
    def fill(found: re.Match[str]) -> str:
        value = _value(found[1], known, lacking)
        return quote(str(value), safe="")

    parts = [quote(part, safe=_KEPT) for part in _PLACE.sub("\0", path).split("\0")]
    values = [fill(found) for found in _PLACE.finditer(path)]
    return "".join(part + value for part, value in zip(parts, [*values, ""], strict=True))


def _body_of(body: Any, known: Known, lacking: list[str]) -> Any:
    """A text that is nothing but a place becomes the value itself, whatever its kind."""

    def fill(text: str) -> Any:
        if whole := _PLACE.fullmatch(text):
            return _value(whole[1], known, lacking)
        return _PLACE.sub(lambda found: str(_value(found[1], known, lacking)), text)

    return _walked(body, fill)


def _walked(body: Any, fill: Callable[[str], Any]) -> Any:
    match body:
        case str():
            return fill(body)
        case list():
            return [_walked(inner, fill) for inner in body]
        case dict():
            return {key: _walked(inner, fill) for key, inner in body.items()}
        case _:
            return body


def _texts(body: Any) -> list[str]:
    found: list[str] = []
    _walked(body, found.append)
    return found


def _value(name: str, known: Known, lacking: list[str]) -> Any:
    try:
        value = jmespath.search(name, known)
    except JMESPathError:
        value = None
    if value is None or value == "" or isinstance(value, dict):
        lacking.append(name)
    return value
