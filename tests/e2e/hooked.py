"""Another system that is told of tickets: listens for as long as the line runs, and notes when it was told what."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hooked:
    address: str
    told: list[tuple[float, Mapping[str, Any]]] = field(default_factory=list)
    """When (`time.monotonic()`), and the event."""
    _came: threading.Condition = field(default_factory=threading.Condition)

    def take(self, event: Mapping[str, Any]) -> None:
        at = time.monotonic()
        with self._came:
            self.told.append((at, event))
            self._came.notify_all()

    def ring(self, ticket_no: str, agent: str, within_s: float = 10.0) -> float:
        """When it was told that this agent's telephone rings for the ticket. Blocks."""

        def found() -> float | None:
            return next((at for at, event in self.told if _is_ring(event, ticket_no, agent)), None)

        with self._came:
            assert self._came.wait_for(lambda: found() is not None, within_s), [event["type"] for _, event in self.told]
        at = found()
        assert at is not None
        return at


def _is_ring(event: Mapping[str, Any], ticket_no: str, agent: str) -> bool:
    data = event["data"]
    return event["type"] == "ticket.ringing" and (event["subject"], data["ring"]["agent"]) == (ticket_no, agent)


@contextmanager
def listening() -> Iterator[Hooked]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hooked.take(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hooked = Hooked(f"http://127.0.0.1:{server.server_port}/tickets")
    thread = threading.Thread(target=server.serve_forever, name="hooked", daemon=True)
    thread.start()
    try:
        yield hooked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
