"""Prometheus' numbers of the deliveries. By the receiver's name, never its address: that may hold a key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from ivr.settings import Webhook
from ivr.webhooks.ledger import Count

OUTCOMES = ("delivered", "failed", "dead", "gone")
LOST = "（不在设置里）"


class WebhookMetrics:
    def __init__(self, registry: CollectorRegistry, receivers: tuple[Webhook, ...]) -> None:
        self._names = {receiver.address: receiver.shown for receiver in receivers}
        self._attempts = Counter(
            "ivr_webhook_attempts",
            "送出的通知：送到、失败、放弃、对方不要了",
            ["receiver", "outcome"],
            registry=registry,
        )
        self._pending = Gauge("ivr_webhook_pending", "等着送的通知", ["receiver"], registry=registry)
        self._oldest = Gauge(
            "ivr_webhook_oldest_pending_seconds", "等着送的通知里最早的一条等了多久", ["receiver"], registry=registry
        )
        self._dead = Gauge("ivr_webhook_dead", "放弃了、还记着的通知", ["receiver"], registry=registry)
        self._gone = Gauge("ivr_webhook_gone", "对方回答过 410，不再送", ["receiver"], registry=registry)
        for name in self._names.values():
            for outcome in OUTCOMES:
                self._attempts.labels(name, outcome)
        self.standing({}, dt.datetime.now(dt.UTC))

    def attempted(self, receiver: str, outcome: str) -> None:
        self._attempts.labels(receiver, outcome).inc()

    def standing(self, counts: Mapping[str, Count], at: dt.datetime) -> None:
        by_name: dict[str, list[Count]] = {name: [] for name in self._names.values()}
        for address, count in counts.items():
            by_name.setdefault(self._names.get(address, LOST), []).append(count)
        for name, known in by_name.items():
            oldest = min((count.oldest for count in known if count.oldest), default=at)
            self._pending.labels(name).set(sum(count.pending for count in known))
            self._dead.labels(name).set(sum(count.dead for count in known))
            self._gone.labels(name).set(any(count.gone for count in known))
            self._oldest.labels(name).set(max(0.0, (at - oldest).total_seconds()))
