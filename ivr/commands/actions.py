"""`ivr actions`: Rasa's action server, in the product's own environment."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from aiohttp import web

from ivr.settings import load


def command() -> None:
    """动作服务：Rasa 每一轮都来问它（由 ivr up 和 ivr chat 启动）。"""
    settings = load()
    sys.path.insert(0, str(settings.root))
    server: Any = importlib.import_module("dialogue.actions.server")
    web.run_app(server.server(), host=settings.host, port=settings.ports.actions, print=None)
