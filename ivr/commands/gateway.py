"""`ivr gateway`: the HTTP API and the webhooks. `ivr up` starts it; it never touches a call."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal

from ivr import app
from ivr.settings import load


def command() -> None:
    """给别的系统的接口：HTTP API 和通知（webhooks）。平时由 ivr up 启动。"""
    logging.getLogger("ivr").setLevel(logging.INFO)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_serve())


async def _serve() -> None:
    serving = asyncio.ensure_future(app.serve_gateway(load()))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    await serving
