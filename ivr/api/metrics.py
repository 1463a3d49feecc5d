"""Prometheus' numbers of the API; the page holds those of the webhooks, too: they share the process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest

BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class ApiMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        ProcessCollector(registry=registry)
        self._answered = Counter("ivr_api_requests", "API 的请求", ["operation", "status"], registry=registry)
        self._took = Histogram("ivr_api_seconds", "API 的用时", ["operation"], buckets=BUCKETS_S, registry=registry)

    def answered(self, operation: str, status: int, took_s: float) -> None:
        self._answered.labels(operation, str(status)).inc()
        self._took.labels(operation).observe(took_s)

    def page(self) -> bytes:
        return generate_latest(self._registry)
