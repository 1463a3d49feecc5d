"""Who asks, and whether they may: bearer tokens, and a limit on wrong ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from ivr.api.problem import Problem
from ivr.tickets.tokens import Scope, Token, Tokens

WINDOW_S = 60.0
REMEMBERED = 10_000
"""Addresses; the one that failed longest ago is forgotten."""


class FailedLogins:
    """Counts in windows of a minute. `clock`: seconds that only go forward."""

    def __init__(self, at_most: int, clock: Callable[[], float]) -> None:
        self._at_most = at_most
        self._clock = clock
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, who: str) -> float:
        """Until the next attempt is read; 0 = now."""
        now = self._clock()
        times = [at for at in self._failed.get(who, []) if now - at < WINDOW_S]
        return times[-self._at_most] + WINDOW_S - now if len(times) >= self._at_most else 0.0

    def note(self, who: str) -> None:
        now = self._clock()
        times = [at for at in self._failed.pop(who, []) if now - at < WINDOW_S]
        self._failed[who] = [*times, now][-self._at_most :]
        while len(self._failed) > REMEMBERED:
            self._failed.popitem(last=False)


class Access:
    def __init__(self, tokens: Tokens, failed: FailedLogins) -> None:
        self._tokens = tokens
        self._failed = failed

    async def check(self, header: str | None, address: str, scope: Scope) -> Token:
        """Raises `Problem`. Strangers are counted by their address, so that they lock out no known token that comes by
        the same way; a known id with a wrong secret is counted apart."""
        kind, _, given = (header or "").partition(" ")
        if kind.lower() != "bearer" or not given:
            raise _unknown("要带上令牌：Authorization: Bearer ivr_…，用 ivr api token add 建一个。")
        token, claimed = await self._tokens.check(given.strip())
        who = f"{address} {claimed}"
        if wait := self._failed.wait_s(who):
            headers = {"Retry-After": str(int(wait) + 1)}
            raise Problem(429, "too_many_failed_logins", "错误的令牌太多，请过一会儿再试。", headers)
        if token is None:
            self._failed.note(who)
            raise _unknown("令牌不对，或已经吊销。")
        if not token.may(scope):
            raise Problem(403, "scope", f"令牌“{token.name}”只能读，不能改：用 --scope write 建一个。")
        return token


def _unknown(detail: str) -> Problem:
    return Problem(401, "token", detail, {"WWW-Authenticate": 'Bearer realm="ivr"'})
