"""The action server: rasa-sdk's executor behind aiohttp, in one process.

`action_ask_<slot>` is made by name, so that a new slot in the domain needs no Python. What needs nothing but the
conversation (`validate_<form>`, `action_note`, `action_settle`) Rasa answers itself: `dialogue/action_calls.py`.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from typing import Any

import msgspec
from aiohttp import web
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from dialogue.actions import closing, several
from dialogue.actions.asks import Ask
from dialogue.actions.world import stage

log = logging.getLogger(__name__)

LARGEST_CALL = 20_000_000
"""Bytes: with the domain and the conversation's slots."""
UNKNOWN_DOMAIN = 449
"""Status: we do not have the domain that the call names; Rasa calls again and brings it."""
DOMAINS = 4
"""So many models' domains are kept, for calls that began with an earlier one."""
_ASK = re.compile(r"action_ask_(\w+)")


class Executor(ActionExecutor):
    def __init__(self) -> None:
        super().__init__()
        for action in (
            several.ActionValidateSlotMappings,
            several.ActionNextComplaint,
            closing.ActionWarn,
            closing.ActionComfort,
            closing.ActionHandOver,
            closing.ActionCallBack,
            closing.ActionLost,
            closing.ActionFarewell,
        ):
            self.register_action(action())

    async def run(self, action_call: dict[str, Any], *rest: Any, **more: Any) -> ActionExecutorRunResult | None:
        name = action_call.get("next_action") or ""
        if name not in self.actions and (slot := _ASK.fullmatch(name)):
            self.register_action(Ask(slot[1]))
        return await super().run(action_call, *rest, **more)


class Domains:
    """The domains of the models in use, by digest."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def of(self, call: dict[str, Any]) -> dict[str, Any] | None:
        """The call's domain, brought or known; None when it has to be brought."""
        digest, brought = call.get("domain_digest"), call.get("domain")
        if digest is None or brought is None:
            return brought or self._known.get(digest or "")
        self._known[digest] = brought
        while len(self._known) > DOMAINS:
            self._known.popitem(last=False)
        return brought


def server() -> web.Application:
    executor, domains = Executor(), Domains()

    async def webhook(request: web.Request) -> web.Response:
        call = msgspec.json.decode(await request.read())
        name, domain = call.get("next_action"), domains.of(call)
        if domain is None:
            return web.json_response({"error": "没有这个 domain", "action_name": name}, status=UNKNOWN_DOMAIN)
        try:
            result = await executor.run({**call, "domain": domain, "domain_digest": None})
        except ActionExecutionRejection as rejection:
            return web.json_response({"error": str(rejection), "action_name": name}, status=400)
        except ActionNotFoundException:
            return web.json_response({"error": "没有这个动作", "action_name": name}, status=404)
        except Exception as error:  # the boundary of one call: others go on
            log.exception("action %s failed", name)
            return web.json_response({"error": str(error), "action_name": name}, status=500)
        answer = msgspec.json.encode(result.model_dump() if result else None)
        return web.Response(body=answer, content_type="application/json")

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def close(_: web.Application) -> None:
        await stage().close()

    app = web.Application(client_max_size=LARGEST_CALL)
    app.router.add_post("/webhook", webhook)
    app.router.add_get("/health", health)
    app.on_cleanup.append(close)
    stage()
    return app
