"""Wire format of control: ARI events and REST requests over one websocket (Asterisk 22, "ARI REST over WebSocket").

No sockets here. Each text message is one JSON object; what we do not need arrives as `Other`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ivr.errors import WireError

LONGEST_MESSAGE = 1 << 20
"""Characters of one message; Asterisk's own are a few thousand."""


@dataclass(frozen=True, slots=True)
class Started:
    """StasisStart: a channel is ours."""

    channel: str
    """Its uniqueid."""
    arguments: tuple[str, ...]
    """Of `Stasis(app,…)`."""
    application: str


@dataclass(frozen=True, slots=True)
class Left:
    """StasisEnd, ChannelHangupRequest or ChannelDestroyed: a channel is not ours any more."""

    channel: str
    gone: bool
    """It hangs up; else it goes on in the dialplan."""


@dataclass(frozen=True, slots=True)
class Answer:
    """RESTResponse."""

    request: str
    status: int
    reason: str
    body: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Other:
    kind: str


Message = Started | Left | Answer | Other


def parse(text: str) -> Message:
    """One message of Asterisk. Raises `WireError`."""
    raw = _object(text)
    kind = _text(raw, "type")
    match kind:
        case "StasisStart":
            arguments = raw.get("args", [])
            if not isinstance(arguments, list):
                raise WireError("ARI 消息 StasisStart 的 args 不是列表。")
            return Started(_channel(raw), tuple(str(a) for a in arguments), _text(raw, "application"))
        case "StasisEnd":
            return Left(_channel(raw), gone=False)
        case "ChannelHangupRequest" | "ChannelDestroyed":
            return Left(_channel(raw), gone=True)
        case "RESTResponse":
            status = raw.get("status_code")
            if not isinstance(status, int):
                raise WireError("ARI 消息 RESTResponse 没有 status_code。")
            return Answer(
                _text(raw, "request_id"), status, str(raw.get("reason_phrase", "")), str(raw.get("message_body", ""))
            )
        case _:
            return Other(kind)


def request(
    number: str, method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
) -> str:
    """A RESTRequest. `path` is below /ari, without a leading slash; parts of it come from `segment`."""
    wanted: dict[str, Any] = {
        "type": "RESTRequest",
        "transaction_id": number,
        "request_id": number,
        "method": method,
        "uri": path,
    }
    if query:
        wanted["query_strings"] = [{"name": name, "value": value} for name, value in query.items()]
    if body is not None:
        wanted |= {"content_type": "application/json", "message_body": json.dumps(body)}
    return json.dumps(wanted)


def segment(value: str) -> str:
    """A value as one segment of a path."""
    return quote(value, safe="")


def _object(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_MESSAGE:
        raise WireError(f"ARI 消息太长：{len(text)} 个字符。")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError(f"ARI 消息不是 JSON：{text[:80]!r}。") from error
    if not isinstance(raw, dict):
        raise WireError(f"ARI 消息不是 JSON 对象：{text[:80]!r}。")
    return raw


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str):
        raise WireError(f"ARI 消息没有 {name}：{str(raw)[:120]}。")
    return value


def _channel(raw: Mapping[str, Any]) -> str:
    channel = raw.get("channel")
    if not isinstance(channel, dict):
        raise WireError(f"ARI 消息没有 channel：{str(raw)[:120]}。")
    return _text(channel, "id")
