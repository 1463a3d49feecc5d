"""One attempt: the request, and what came of it. Addresses come only from the settings, and no redirect leads away."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from dataclasses import dataclass

import aiohttp

from ivr.settings import Webhook
from ivr.webhooks import wire
from ivr.webhooks.wire import Event

READ_BYTES = 4096
"""Of an answer's content, so that the connection can be used again; none of it is looked at."""
REST_S = 0.2
"""So long it may take before the answer counts."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int | None
    """None: nobody answered."""
    error: str = ""
    """For a person; empty when it was taken."""
    retry_after_s: float | None = None


def session() -> aiohttp.ClientSession:
    """For `send`, which says itself how long a request may take. No receiver waits for another's connections."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),
        trust_env=False,
    )


async def send(
    http: aiohttp.ClientSession, receiver: Webhook, secrets: tuple[str, ...], event: Event, *, now: dt.datetime
) -> Answer:
    """Never raises for what the receiver or the network does."""
    body = wire.envelope(event)
    signed = wire.headers(event.id, body, secrets, at=now)
    try:
        async with asyncio.timeout(receiver.timeout_s):
            response = await http.post(receiver.address, data=body, headers=signed, allow_redirects=False)
    except TimeoutError:
        return Answer(None, f"{receiver.timeout_s:g} 秒内没有回答")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(None, f"连不上：{str(error) or type(error).__name__}"[:500])
    # The answer counts from its first line, whatever becomes of the rest.
    async with response:
        with contextlib.suppress(aiohttp.ClientError, OSError, ValueError):
            async with asyncio.timeout(REST_S):
                await response.content.read(READ_BYTES)
        return _answer(response, now)


def _answer(response: aiohttp.ClientResponse, now: dt.datetime) -> Answer:
    if wire.outcome(response.status) == "delivered":
        return Answer(response.status)
    asked = wire.retry_after_s(response.headers.get("Retry-After"), now=now)
    return Answer(response.status, wire.what_failed(response.status), asked)
