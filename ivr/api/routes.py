"""One operation of the API: where it is, what it takes and gives. Server and description come from one table."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ivr.api import forms
from ivr.tickets.tokens import Scope

PATH: dict[str, Any] = {"ticket_no": forms.TicketNo, "call_id": forms.CallId, "number": forms.Number}
"""Name in a path → its type."""
EXPORTS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
"""Format of an export → its media type."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was let in and understood."""

    by: str
    """Goes into the history: api:<name of the token>."""
    path: Mapping[str, str]
    query: Any
    """An instance of the route's `query`."""
    body: Any
    """An instance of the route's `body`, None without."""
    if_match: str | None
    if_none_match: str | None
    range: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    body: Any
    """What JSON holds."""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


Handler = Callable[[Asked], Awaitable[Reply | web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    method: str
    path: str
    name: str
    """operationId."""
    tag: str
    summary: str
    scope: Scope
    answer: Any
    """Type of the answer, or a media type (audio/wav), or several: a file."""
    query: Any = forms.NoQuery
    body: Any = None
    etag: bool = False
    """The answer has one; with If-None-Match 304 when it is the same."""
    if_match: bool = False
    """The request must say which ETag it has read."""
    problems: tuple[int, ...] = ()
    """Beside those that any operation may have."""

    @property
    def names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)
