"""What goes over the wire: a CloudEvents 1.0 JSON envelope, signed as Standard Webhooks says; and what an answer means.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from ivr.errors import SettingsError

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
PREFIX = "whsec_"
LONGEST_PAUSE_S = 3600.0
FIRST_PAUSE_S = 5.0

Outcome = Literal["delivered", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    """The same at each attempt and for each receiver."""
    type: str
    ticket_no: str
    hotline: str
    at: dt.datetime
    """Aware, when it happened."""
    data: Mapping[str, Any]


def test_event(event_id: str, at: dt.datetime) -> Event:
    """To try a receiver: of no ticket, in the form of those that are."""
    said = {"message": "这是一条测试通知，收到就回答 2xx。"}
    return Event(event_id, "webhook.test", "GD00000000-000000", "test", at, said)


def envelope(event: Event) -> bytes:
    """The same bytes at each attempt."""
    document = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/ivr/hotlines/{event.hotline}",
        "type": event.type,
        "subject": event.ticket_no,
        "time": event.at.isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        "data": event.data,
    }
    # Half a surrogate pair, which no one can read, would otherwise be refused here at every attempt.
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def headers(event_id: str, body: bytes, secrets: Iterable[str], *, at: dt.datetime) -> dict[str, str]:
    """`secrets`: one, or while it is being changed the new and the old one: a receiver that knows either is content."""
    timestamp = str(int(at.timestamp()))
    signatures = [signature(secret, event_id, timestamp, body) for secret in secrets]
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": "ivr-webhooks/1",
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def signature(secret: str, event_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()


def key_of(secret: str) -> bytes:
    """Raises `SettingsError` for what is no secret: whsec_ and base64 of 24 to 64 bytes."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:  # not base64, or not even ASCII
        key = b""
    if not secret.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise SettingsError(
            "var/secrets.toml 的 [webhooks] 里有一个密钥不对：要是 whsec_ 加 24–64 字节的 base64。删掉会重新生成。"
        )
    return key


def outcome(status: int | None) -> Outcome:
    """`status` None: nobody answered. Redirects are not followed, so they are failures like any other."""
    if status is None:
        return "failed"
    if 200 <= status < 300:
        return "delivered"
    return "gone" if status == 410 else "failed"


def what_failed(status: int) -> str:
    """For a person."""
    if 300 <= status < 400:
        return f"回答 {status}：不跟随转向，请在设置里写最终的地址"
    return f"回答 {status}"


def pause_s(attempts: int, chance: float, retry_after_s: float | None = None) -> float:
    """Until the next attempt: 5 s, 15 s, 45 s … one hour, a fifth more or less (`chance`, 0…1), so that not all come
    at once. What the receiver asked for (Retry-After) counts when it is longer, up to an hour."""
    pause = min(FIRST_PAUSE_S * 3.0 ** min(attempts - 1, 20), LONGEST_PAUSE_S)
    return max(pause * (0.8 + 0.4 * chance), granted_s(retry_after_s))


def granted_s(retry_after_s: float | None) -> float:
    """Of what the receiver asked for."""
    return min(retry_after_s or 0.0, LONGEST_PAUSE_S)


def retry_after_s(header: str | None, *, now: dt.datetime) -> float | None:
    """Seconds or an HTTP date (RFC 9110, 10.2.3); None when it is neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header.strip()[:9])
    try:
        at = parsedate_to_datetime(header)
        return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=dt.UTC)) - now).total_seconds())
    except (ValueError, OverflowError):
        return None
