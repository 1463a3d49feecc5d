"""The gateway, a process of its own, dies after a receiver has taken an event and before it has noted that."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from ivr.settings import Ports, Settings, Webhook, save
from ivr.tickets.ticket import Ticket
from tests.contract.webhooks.conftest import Clock, Post
from tests.fakes.receiver import Receiver


async def test_what_was_sent_but_not_noted_comes_again_with_the_same_id(
    post: Post, url: str, receiver: Receiver, draft: Ticket, clock: Clock, tmp_path: Path, unused_tcp_port: int
) -> None:
    webhook = Webhook(address=receiver.address, timeout_s=5)
    settings = Settings(
        var=tmp_path, database=url.replace("+aiosqlite", ""), ports=Ports(api=unused_tcp_port), webhooks=(webhook,)
    )
    save(settings, tmp_path / "settings.json")
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ivr", "gateway", env={**os.environ, "IVR_SETTINGS": str(tmp_path / "settings.json")}
    )
    deaths: list[str] = []

    def kill(event: dict[str, Any]) -> int:
        if not deaths and event["type"] == "ticket.completed":
            deaths.append(event["id"])
            os.kill(gateway.pid, signal.SIGKILL)
        return 204

    receiver.judge = kill
    try:
        await post.complete(draft)
        await receiver.got(2, within_s=60)
        await asyncio.wait_for(gateway.wait(), 10)
    finally:
        if gateway.returncode is None:
            gateway.kill()
            await gateway.wait()
    assert sorted(await post.states()) == ["delivered", "pending"]
    clock.forward(seconds=60)  # the lease of who died has ended
    post.courier(webhook)
    await post.all_are("delivered")
    assert [(event["type"], event["id"]) for event in receiver.events[1:]] == [("ticket.completed", deaths[0])] * 2
