"""How we say who we are to a CRM's HTTP interface."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import aiohttp
from aiohttp import hdrs

from ivr.customers.bodies import json_of
from ivr.errors import CustomersDown

EARLY_S = 30.0
"""A token is renewed so long before it ends."""
USUAL_S = 3600.0
"""Life of a token whose server does not tell (RFC 6749, 5.1: recommended, not required)."""


class Credentials(Protocol):
    async def headers(self, http: aiohttp.ClientSession) -> Mapping[str, str]:
        """Raises `CustomersDown` when none can be had."""

    def refused(self) -> bool:
        """The CRM answered 401. True: new ones can be had, so asking again may help."""


class Fixed:
    """The same headers always: nothing, a token, user and password."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    async def headers(self, http: aiohttp.ClientSession) -> Mapping[str, str]:
        return self._headers

    def refused(self) -> bool:
        return False


def token(header: str, scheme: str, secret: str) -> Fixed:
    return Fixed({header: f"{scheme} {secret}".strip()})


def basic(user: str, password: str) -> Fixed:
    return Fixed({hdrs.AUTHORIZATION: aiohttp.encode_basic_auth(user, password, "utf-8")})


class ClientCredentials:
    """OAuth2 (RFC 6749, 4.4): a token for ourselves, got when it is needed and renewed before it ends. `clock`:
    monotonic seconds."""

    def __init__(
        self,
        address: str,
        client: str,
        secret: str,
        *,
        scope: str = "",
        in_body: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address, self._client, self._secret, self._scope = address, client, secret, scope
        self._in_body, self._clock = in_body, clock
        self._token, self._good_until = "", 0.0
        self._getting = asyncio.Lock()

    async def headers(self, http: aiohttp.ClientSession) -> Mapping[str, str]:
        async with self._getting:
            if self._clock() >= self._good_until:
                await self._get(http)
        return {hdrs.AUTHORIZATION: f"Bearer {self._token}"}

    def refused(self) -> bool:
        self._good_until = 0.0
        return True

    async def _get(self, http: aiohttp.ClientSession) -> None:
        form = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        headers = {}
        if not self._in_body:
            headers = {hdrs.AUTHORIZATION: aiohttp.encode_basic_auth(self._client, self._secret, "utf-8")}
        else:
            form |= {"client_id": self._client, "client_secret": self._secret}
        try:
            async with http.post(self._address, data=form, headers=headers, allow_redirects=False) as response:
                answer = await json_of(response, 64)
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CustomersDown(f"拿不到访问令牌：{type(error).__name__}") from error
        if status != 200 or not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            what = answer.get("error") if isinstance(answer, dict) else None
            raise CustomersDown(f"拿不到访问令牌：令牌服务答复 {status} {str(what or '')[:80]}".rstrip())
        self._token = answer["access_token"]
        lasts = answer.get("expires_in")
        seconds = float(lasts) if isinstance(lasts, int | float | str) and str(lasts).isdigit() else USUAL_S
        self._good_until = self._clock() + max(seconds - EARLY_S, min(seconds, 1.0))
