"""How Rasa runs our actions: what needs nothing but the conversation is answered here, the rest by the action server.

An answer of the action server costs a round trip and both sides' JSON. So the call carries what actions read and no
more: the slots and the caller's last message, not the events; and the domain only when the action server does not have
it yet (it answers 449 then). The domain is named by its digest, so a newly published model brings its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from typing import Any

import aiohttp
from rasa.core.actions.action import ActionExecutionRejection
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.exceptions import RasaException

UNDERSTAND = "action_validate_slot_mappings"
SILENT = frozenset({"action_note", "action_settle"})
"""Say nothing and change nothing: places in rules, where the ways of the dialogue meet."""
VALIDATE = re.compile(r"validate_(\w+_form)")
NEVER_FIRST = frozenset({"action_listen", "action_extract_slots"})

UNKNOWN_DOMAIN = 449
"""Status: the action server wants the call again, with the domain."""
REJECTED = 400
IDLE_S = 15.0
"""A connection unused for so long is closed, before the action server closes it."""
TIMEOUT_S = 30.0
"""The line gives a turn up long before."""


async def run(self: Any, output_channel: Any, nlg: Any, tracker: Any, domain: Any) -> list[Event]:
    """In the place of `RemoteAction.run`. Raises `RasaException`, `ActionExecutionRejection`."""
    own = own_answer(self.name(), tracker)
    if own is not None:
        return own
    if self.action_endpoint is None:
        raise RasaException(f"没有配置动作服务，动作 {self.name()} 不能运行：请看 dialogue/endpoints.yml。")
    answer = await ask(self.action_endpoint.url, self.name(), tracker, domain)
    said = await self._utter_responses(answer.get("responses") or [], output_channel, nlg, tracker)
    return [*said, *deserialise_events(answer.get("events") or [])]


# --- what needs no action server ----------------------------------------------------


def own_answer(name: str, tracker: Any) -> list[Event] | None:
    """None: the action server is to be asked."""
    if name in SILENT:
        return []
    if name == UNDERSTAND:
        return [] if understood(tracker) else None  # Rasa asks again when a form starts and when one makes way
    form = VALIDATE.fullmatch(name)
    return validated(form[1], tracker) if form else None


def understood(tracker: Any) -> bool:
    """The slot `notes` names the caller's last message (`ivr.conversation.notes`)."""
    notes = tracker.get_slot("notes") or {}
    message = tracker.latest_message
    return message is not None and notes.get("handled") == message.parse_data.get("message_id")


def validated(form: str, tracker: Any) -> list[Event]:
    """Forms make way once after every turn of the caller, so that the rules act on it before the form asks on."""
    if not understood(tracker):
        # Rasa goes on when `action_validate_slot_mappings` failed; the caller must not be asked on then.
        raise RasaException("这一句没有写进工单（见上面的错误），对话不能继续。")
    if first_of_turn(tracker, form):
        return [ActionExecutionRejected(form)]
    # Rasa takes a form that validates nothing for one that heard nothing, and rejects it.
    return [SlotSet("move", tracker.get_slot("move"))]


def first_of_turn(tracker: Any, form: str) -> bool:
    """The form is the first to act since the caller spoke, and was active before."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return True
        if isinstance(event, ActiveLoop) and event.name == form:
            return False
        if isinstance(event, ActionExecuted) and event.action_name not in {form, *NEVER_FIRST}:
            return False
    return False


# --- the action server ----------------------------------------------------------------


async def ask(url: str, name: str, tracker: Any, domain: Any) -> dict[str, Any]:
    digest = digest_of(domain)
    call = {
        "next_action": name,
        "sender_id": tracker.sender_id,
        "tracker": {
            "sender_id": tracker.sender_id,
            "slots": tracker.current_slot_values(),
            "latest_message": tracker._latest_message_data(),
            "latest_action_name": tracker.latest_action_name,
            "active_loop": {"name": tracker.active_loop_name} if tracker.active_loop_name else {},
        },
        "domain_digest": digest,
    }
    status, body = await post(url, call)
    if status == UNKNOWN_DOMAIN:
        status, body = await post(url, {**call, "domain": domain.as_dict()})
    if status == REJECTED:
        raise ActionExecutionRejection(name, json.loads(body).get("error"))
    if status != 200:
        raise RasaException(f"动作 {name} 失败：动作服务回答 {status} {body[:300]!r}，请看 var/log/actions.log。")
    answer = json.loads(body)
    return answer if isinstance(answer, dict) else {}


async def post(url: str, call: dict[str, Any]) -> tuple[int, bytes]:
    body = json.dumps(call, ensure_ascii=False).encode()
    try:
        async with session().post(url, data=body, headers={"Content-Type": "application/json"}) as response:
            return response.status, await response.read()
    except asyncio.TimeoutError:  # noqa: UP041  (Python 3.10, where it is not the builtin)
        raise RasaException(f"动作服务 {TIMEOUT_S:.0f} 秒没有回答动作 {call['next_action']}。") from None
    except aiohttp.ClientError as error:
        raise RasaException(f"连不上动作服务 {url}：{error}。请看 var/log/actions.log。") from error


_session: tuple[asyncio.AbstractEventLoop, aiohttp.ClientSession] | None = None


def session() -> aiohttp.ClientSession:
    """One for the event loop, so that connections stay open between calls."""
    global _session
    loop = asyncio.get_running_loop()
    if _session is None or _session[0] is not loop:
        _session = (
            loop,
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            ),
        )
    return _session[1]


_digest: tuple[Any, str] | None = None


def digest_of(domain: Any) -> str:
    """Computed once a model: a domain does not change after it was loaded."""
    global _digest
    if _digest is None or _digest[0] is not domain:
        text = json.dumps(domain.as_dict(), ensure_ascii=False, sort_keys=True, default=str)
        _digest = domain, hashlib.sha256(text.encode()).hexdigest()
    return _digest[1]
