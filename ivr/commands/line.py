"""`ivr line`: the line process. `ivr up` starts, feeds and watches it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal

import uvloop

from ivr import app
from ivr.settings import load


def command() -> None:
    """线路进程：接听 Asterisk 送来的电话。平时由 ivr up 启动。"""
    logging.getLogger("ivr").setLevel(logging.INFO)
    with contextlib.suppress(asyncio.CancelledError):
        uvloop.run(_serve())


async def _serve() -> None:
    serving = asyncio.ensure_future(app.serve_line(load()))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    await serving
