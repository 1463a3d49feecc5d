"""The line process's heartbeat: sent from its event loop through a pipe, watched by whoever started it.

When it stops for `telephony.watchdog_s`, the process is killed, its callers' websockets close, and the dialplan takes
them to a human (a hung bot must become a dead bot).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os

log = logging.getLogger(__name__)

HEARTBEAT_FD = "IVR_HEARTBEAT_FD"
"""Environment variable: the pipe that the line process writes its heartbeat to."""
HEARTBEAT_S = 0.25


async def beat() -> None:
    """In the line process: the heartbeat, fed from the event loop. Returns at once where nobody watches."""
    number = os.environ.get(HEARTBEAT_FD)
    if not number:
        return
    fd = int(number)
    os.set_blocking(fd, False)
    with contextlib.suppress(BrokenPipeError):  # the parent died; so shall we, by PR_SET_PDEATHSIG
        while True:
            with contextlib.suppress(BlockingIOError):
                os.write(fd, b".")
            await asyncio.sleep(HEARTBEAT_S)


async def watch(child: asyncio.subprocess.Process, reader: int, longest_s: float) -> None:
    """Kill the child when its heartbeat stops. Begins with the first beat: start-up may take its time."""
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reader, "rb", 0)
    )
    try:
        if not await stream.read(1):
            return
        while True:
            try:
                if not await asyncio.wait_for(stream.read(4096), longest_s):
                    return
            except TimeoutError:
                log.warning("process %s has not beaten for %.1f s; killed", child.pid, longest_s)
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                return
    finally:
        transport.close()
