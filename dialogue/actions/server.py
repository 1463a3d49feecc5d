"""The action server: rasa-sdk's executor behind aiohttp, in one process.

`validate_<form>` and `action_ask_<slot>` are made by name, so that a new form or slot in the domain needs no Python.
"""

from __future__ import annotations

import json
import logging
import re
import zlib
from typing import Any

from aiohttp import web
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from dialogue.actions import closing, several
from dialogue.actions.asks import Ask
from dialogue.actions.forms import ValidateForm
from dialogue.actions.world import stage

log = logging.getLogger(__name__)

LARGEST_CALL = 20_000_000
"""Bytes: Rasa sends the whole tracker and the domain each time."""
_FORM = re.compile(r"validate_(\w+_form)")
_ASK = re.compile(r"action_ask_(\w+)")


class Executor(ActionExecutor):
    def __init__(self) -> None:
        super().__init__()
        for action in (
            several.ActionValidateSlotMappings,
            several.ActionNextComplaint,
            closing.ActionNote,
            closing.ActionSettle,
            closing.ActionWarn,
            closing.ActionComfort,
            closing.ActionHandOver,
            closing.ActionLost,
            closing.ActionFarewell,
        ):
            self.register_action(action())

    async def run(self, action_call: dict[str, Any], *rest: Any, **more: Any) -> ActionExecutorRunResult | None:
        name = action_call.get("next_action") or ""
        if name not in self.actions:
            if form := _FORM.fullmatch(name):
                self.register_action(ValidateForm(form[1]))
            elif slot := _ASK.fullmatch(name):
                self.register_action(Ask(slot[1]))
        return await super().run(action_call, *rest, **more)


def server() -> web.Application:
    executor = Executor()

    async def webhook(request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("Content-Encoding") == "deflate" and body[:1] != b"{":
            body = zlib.decompress(body)
        call = json.loads(body)
        name = call.get("next_action")
        try:
            result = await executor.run(call)
        except ActionExecutionRejection as rejection:
            return web.json_response({"error": str(rejection), "action_name": name}, status=400)
        except ActionNotFoundException:
            return web.json_response({"error": "没有这个动作", "action_name": name}, status=404)
        except Exception as error:  # the boundary of one call: others go on
            log.exception("action %s failed", name)
            return web.json_response({"error": str(error), "action_name": name}, status=500)
        return web.json_response(result.model_dump() if result else None)

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
