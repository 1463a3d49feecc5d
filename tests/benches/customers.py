"""How soon a call knows its customer: the time from the beginning of the greeting until the CRM's answer is there, and
what the caller waits for it.

    python -m tests.benches.customers [--calls 200]

CRMs are local peers over HTTP that know the caller after 0, 50, 200 and 2000 ms; then two more requests fetch orders
and plans. The dialogue is a peer that answers at once, which makes it harder: on the line Rasa takes 0.1 s to greet.
Target: p95 at most 300 ms wherever the CRM itself takes less, and no turn that waits longer than that.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import statistics
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.call.ports import CallInfo, Heard, Said
from ivr.conversation.client import RasaConversation
from ivr.customers.directory import Directory
from ivr.packs import Pack, load_packs
from ivr.settings import PROJECT, CustomerHttp, CustomerSource, Settings
from ivr.tickets.store import TicketStore
from ivr.tickets.taxonomy import Taxonomy, load_taxonomy
from tests.contract.customers.peers import CONTACT, Crm, running
from tests.contract.customers.test_http import MAP, REQUESTS

DELAYS_MS = (0, 50, 200, 2000)
AT_ONCE = 4
HELLO = [{"text": "您好，请问有什么可以帮您？"}, {"custom": {"asks": ["description"]}}]


@dataclass
class World:
    store: TicketStore
    customers: Any
    packs: dict[str, Pack]
    taxonomy: Taxonomy


@asynccontextmanager
async def rasa() -> Any:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(HELLO)

    app = web.Application()
    app.router.add_post("/webhooks/rest/webhook", answer)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/"))
    await server.close()


async def one_call(talk: RasaConversation, number: int) -> tuple[float, float]:
    """Milliseconds from the greeting to the customer, and of a first turn that comes at once."""
    call = CallInfo(f"bench-{number}", "appliance", f"1380001{number:04d}", dt.datetime.now(dt.UTC))
    await talk.begin(call)
    greeted = time.monotonic()
    look_up = talk._talks[call.call_id].look_up

    async def turn() -> float:
        await talk.reply(call, Said(Heard("空调坏了", 0.9)))
        return 1000 * (time.monotonic() - greeted)

    answering = asyncio.create_task(turn())
    await look_up.at_last()
    known_ms = 1000 * (time.monotonic() - greeted)
    turn_ms = await answering
    await talk.end(call, "caller_hung_up")
    return known_ms, turn_ms


def _slow(delay_ms: int) -> Crm:
    """The first request waits; the two that need it follow at once."""
    crm = Crm()

    async def contact(request: web.Request) -> Any:
        await asyncio.sleep(delay_ms / 1000)
        return CONTACT

    crm.answers["/contacts"] = contact
    return crm


async def measure(delay_ms: int, calls: int, var: Path) -> None:
    async with running(_slow(delay_ms)) as crm, rasa() as url, aiohttp.ClientSession() as http:
        source = CustomerSource(kind="http", http=CustomerHttp(address=crm.url, requests=REQUESTS), map=MAP)
        directory = Directory(Settings(var=var, customers={"default": source}))
        store = TicketStore(f"sqlite+aiosqlite:///{var / f'{delay_ms}.db'}", dt.UTC)
        await store.open()
        data = PROJECT / "data"
        world = World(store, directory.of_hotline("appliance"), load_packs(data), load_taxonomy(data))

        async def world_of(call: CallInfo) -> World:
            return world

        talk = RasaConversation(http, url, world_of)
        gate = asyncio.Semaphore(AT_ONCE)

        async def gated(number: int) -> tuple[float, float]:
            async with gate:
                return await one_call(talk, number)

        figures = await asyncio.gather(*(gated(number) for number in range(calls)))
        await talk.close()
        await directory.close()
        await store.close()
    known, turns = zip(*figures, strict=True)
    print(f"{delay_ms:>6} ms{_shown(known)}{_shown(turns)}")


def _shown(times: tuple[float, ...]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"   p50 {cuts[49]:7.1f}  p95 {cuts[94]:7.1f}"


async def main(calls: int) -> None:
    print("CRM 答复   客户资料到（毫秒，从问候起）        第一轮（毫秒，问候后立刻说话）")
    with TemporaryDirectory() as var:
        for delay_ms in DELAYS_MS:
            await measure(delay_ms, calls if delay_ms < 1000 else min(calls, 16), Path(var))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=200)
    asyncio.run(main(parser.parse_args().calls))
