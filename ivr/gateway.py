"""The gateway process: the HTTP API and the webhooks, and at night what is too old is deleted, until it is cancelled.
Apart from the line, so that nothing of it delays a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry

from ivr.api.access import Access, FailedLogins
from ivr.api.metrics import ApiMetrics
from ivr.api.office import Office, Records
from ivr.api.operations import handlers
from ivr.api.server import ApiServer
from ivr.settings import Settings
from ivr.tickets.database import Database
from ivr.tickets.tokens import Tokens
from ivr.upkeep import Upkeep
from ivr.webhooks import secrets
from ivr.webhooks.courier import Courier
from ivr.webhooks.deliveries import Deliveries
from ivr.webhooks.ledger import Ledger
from ivr.webhooks.metrics import WebhookMetrics


async def serve(settings: Settings, records: Callable[[], Awaitable[Records]]) -> None:
    """Raises `PeerDown` when the port is taken, `SettingsError` for a secret that is none."""
    registry = CollectorRegistry()
    database = (await records()).store.database
    server = _server(settings, records, database, registry)
    courier = _courier(settings, database, registry)
    await server.start()
    delivering = asyncio.create_task(courier.run(), name="webhooks")
    clearing = asyncio.create_task(Upkeep((await records()).store, settings).daily(), name="retention")
    try:
        await asyncio.shield(delivering)
    finally:
        courier.stop()
        clearing.cancel()
        await asyncio.gather(delivering, server.stop())


def _server(
    settings: Settings, records: Callable[[], Awaitable[Records]], database: Database, registry: CollectorRegistry
) -> ApiServer:
    office = Office(records, settings.var / "recordings", settings.now)
    access = Access(Tokens(database), FailedLogins(settings.api.failed_logins, time.monotonic))

    async def try_store() -> object:
        return await (await records()).store.release()

    metrics = ApiMetrics(registry)
    return ApiServer(settings.api_host, settings.ports.api, access, handlers(office), metrics, try_store=try_store)


def _courier(settings: Settings, database: Database, registry: CollectorRegistry) -> Courier:
    receivers = settings.webhooks
    known = secrets.load(settings.var / "secrets.toml", [receiver.address for receiver in receivers])
    deliveries, ledger = Deliveries(database, now=settings.now), Ledger(database, now=settings.now)
    metrics = WebhookMetrics(registry, receivers)
    return Courier(deliveries, ledger, receivers, known, metrics, now=settings.now, delivery=settings.delivery)
