"""The event stream of a line on a real port."""

from __future__ import annotations

import aiohttp
import pytest

from ivr.errors import TelephonyDown
from ivr.events import EventStream
from ivr.metrics import LineMetrics


async def test_the_event_stream_says_that_its_port_is_taken(unused_tcp_port: int) -> None:
    first, second = EventStream("127.0.0.1", unused_tcp_port), EventStream("127.0.0.1", unused_tcp_port)
    await first.start()
    with pytest.raises(TelephonyDown, match=r"ports\.events"):
        await second.start()
    await second.stop()
    await first.stop()


async def test_metrics_are_served_and_told_every_event(unused_tcp_port: int) -> None:
    metrics = LineMetrics()
    stream = EventStream("127.0.0.1", unused_tcp_port, on_event=metrics.take, metrics=metrics.page)
    await stream.start()
    try:
        stream.publish({"call_id": "c1", "kind": "started", "hotline": "bank"})
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{unused_tcp_port}/metrics") as answer,
        ):
            assert answer.content_type == "text/plain"
            assert 'ivr_calls_started_total{hotline="bank"} 1.0' in await answer.text()
    finally:
        await stream.stop()
