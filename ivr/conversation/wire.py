"""What travels between us and Rasa's REST channel, without sockets.

Towards Rasa: `{"sender", "message", "metadata"}`; the metadata carries the call, so that actions know whose turn it is.
From Rasa: a list of messages, each a text or a `custom` object with a `Reply`'s marks; together they are one turn.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from ivr.call.ports import CallerTurn, CallInfo, Heard, Humans, Keyed, Reply, Said, Silent
from ivr.errors import WireError
from ivr.tickets.customer import Customer
from ivr.tickets.judgement.tone import Tone
from ivr.tickets.ticket import customer_json

BEGIN = "/session_begin"
_MARKS: dict[str, Any] = {
    "asks": tuple[str, ...],
    "about": dict[str, str],
    "keys": bool,
    "ended": bool,
    "handoff": str | None,
    "ticket_no": str | None,
    "priority": int,
    "queue": str | None,
    "waits": bool,
    "protected": bool,
    "terms": tuple[str, ...],
}
"""Keys of `custom`, as `ivr.call.ports.Reply` names them."""


def request(
    call: CallInfo,
    turn: CallerTurn | None,
    *,
    number: int,
    asked: Sequence[str],
    customer: Customer | None = None,
    humans: Mapping[str, Humans] = MappingProxyType({}),
) -> dict[str, Any]:
    """The body of one POST. `turn` None: the call begins. `number`: the caller's turns so far, this one included.
    `asked`: what the last reply asked for. `customer`: what the CRM told by now. `humans`: by queue, of those that are
    known."""
    metadata: dict[str, Any] = {
        "call_id": call.call_id,
        "hotline": call.hotline,
        "caller_number": call.caller_number,
        "started_at": call.started_at.isoformat(),
        "dialled": call.dialled,
        "recorded": call.recorded,
        "simulation": call.simulation,
        "turn": number,
        "asked": list(asked),
    }
    if customer is not None:
        metadata["customer"] = customer_json(customer)
    if humans:
        metadata["humans"] = msgspec.to_builtins(dict(humans))
    if isinstance(turn, Said):
        metadata["heard"] = _heard(turn.heard)
        if turn.prompt_heard is not None:
            metadata["prompt_heard"] = turn.prompt_heard
    return {"sender": call.call_id, "message": _message(turn), "metadata": metadata}


def _heard(heard: Heard) -> dict[str, Any]:
    """What was recognised beside the words; how it was spoken only where that was measured."""
    voice = {"loudness_dbov": heard.loudness_dbov, "syllables_per_s": heard.syllables_per_s}
    measured = {name: value for name, value in voice.items() if value is not None}
    return {"confidence": heard.confidence, "alternatives": list(heard.alternatives), **measured}


def tone_of(metadata: Mapping[str, Any]) -> Tone:
    """How the utterance was spoken, from a message's metadata; unmeasured where nothing (or no number) is there."""
    heard = metadata.get("heard")
    kept = {
        name: float(heard[name])
        for name in ("loudness_dbov", "syllables_per_s")
        if isinstance(heard, Mapping) and isinstance(heard.get(name), int | float)
    }
    return Tone(**kept)


def humans_of(metadata: Mapping[str, Any]) -> dict[str, Humans]:
    """By queue, from a message's metadata; nothing where nothing is known."""
    try:
        return msgspec.convert(metadata.get("humans") or {}, dict[str, Humans])
    except msgspec.ValidationError as error:
        raise WireError(f"对话消息里的 humans 有误：{error}。只有 ivr.conversation.client 可以发消息。") from error


def _message(turn: CallerTurn | None) -> str:
    match turn:
        case None:
            return BEGIN
        case Said(heard):
            # A leading slash would name an intent, and a blank message is dropped by Rasa.
            return heard.text.strip().lstrip("/").strip() or "嗯"
        case Keyed(digits):
            return "/keys" + json.dumps({"digits": digits})
        case Silent(times):
            return "/no_input" + json.dumps({"times": str(times)})


def call_of(metadata: Mapping[str, Any]) -> CallInfo:
    """The call, from a message's metadata. Raises `WireError`."""
    try:
        return CallInfo(
            call_id=str(metadata["call_id"]),
            hotline=str(metadata["hotline"]),
            caller_number=metadata.get("caller_number"),
            started_at=dt.datetime.fromisoformat(metadata["started_at"]),
            dialled=str(metadata.get("dialled") or ""),
            recorded=bool(metadata.get("recorded")),
            simulation=metadata.get("simulation"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"对话消息的 metadata 不完整：{error}。只有 ivr.conversation.client 可以发消息。") from error


def customer_of(metadata: Mapping[str, Any]) -> Customer | None:
    """What the CRM told of the caller, from a message's metadata. Raises `WireError`."""
    if metadata.get("customer") is None:
        return None
    try:
        return msgspec.convert(metadata["customer"], Customer)
    except msgspec.ValidationError as error:
        raise WireError(f"对话消息的 metadata 里的 customer 不对：{error}。") from error


def reply(body: bytes) -> Reply:
    """One turn of the bot from Rasa's answer. Raises `WireError` for anything else, an empty answer included: it is
    what Rasa gives when its action server failed."""
    try:
        messages = json.loads(body)
    except ValueError as error:
        raise WireError(f"Rasa 的回答不是 JSON：{body[:200]!r}") from error
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise WireError(f"Rasa 的回答不是消息列表：{body[:200]!r}")
    texts = [message["text"] for message in messages if isinstance(message.get("text"), str)]
    marks: dict[str, Any] = {}
    for message in messages:
        marks |= _marks(message.get("custom"))
    text = joined(texts)
    if not text:
        raise WireError(f"Rasa 这一轮什么也没说：{body[:200]!r}")
    return Reply(text=text, **marks)


def _marks(custom: object) -> dict[str, Any]:
    if custom is None:
        return {}
    if not isinstance(custom, dict):
        raise WireError(f"Rasa 消息的 custom 不是对象：{custom!r}")
    try:
        return {key: msgspec.convert(custom[key], kind) for key, kind in _MARKS.items() if key in custom}
    except msgspec.ValidationError as error:
        raise WireError(f"Rasa 消息的 custom 有误：{error}：{custom!r}") from error


def joined(texts: Sequence[str]) -> str:
    """Several messages as one turn, each ended by a mark."""
    parts = [text.strip() for text in texts if text.strip()]
    return "".join(part if part[-1] in "。？！，、；：.?!," else part + "。" for part in parts)
