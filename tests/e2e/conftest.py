"""The whole line, once for all end-to-end tests: `ivr up` as a person starts it, in a folder of its own."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ivr.settings import Agent, CustomerHttp, CustomerSource, Ports, Settings, Telephony, Webhook, save
from tests.contract.customers.test_http import MAP, REQUESTS
from tests.e2e import measured
from tests.e2e.hooked import Hooked, listening

START_S = 240
CRM_HOTLINE = "auto"
"""Whose callers a CRM knows; those of the others are in data/customers.yml."""
PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class RunningLine:
    settings: Settings
    file: Path
    """Its settings."""
    process: subprocess.Popen[str]
    output: list[str]
    hooked: Hooked

    def pid(self, name: str) -> int:
        return int((self.settings.var / "run" / f"{name}.pid").read_text())

    def log(self, name: str) -> str:
        return (self.settings.var / "log" / f"{name}.log").read_text("utf-8", "replace")

    def uri(self, number: str = "4001000001") -> str:
        return f"sip:{number}@127.0.0.1:{self.settings.ports.sip}"


def free_ports() -> Ports:
    """A stretch of ports that nobody uses now, below those that the kernel gives to outgoing connections."""
    names = ("asterisk_http", "ami", "bot", "fastagi", "rasa", "actions", "events", "api")
    for _ in range(50):
        base = random.randrange(21000, 31500)  # noqa: S311
        try:
            for offset in range(len(names) + 1):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(type=kind) as probe:
                        probe.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        ports = {name: base + 1 + at for at, name in enumerate(names)}
        return Ports(sip=base, rtp_first=base + 500, rtp_last=base + 699, **ports)
    raise AssertionError("no free ports")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in measured.summary():
        terminalreporter.write_line(line)


def a_crm() -> CustomerSource:
    """At a port where nobody listens, unless a test does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    http = CustomerHttp(address=f"http://127.0.0.1:{port}", requests=REQUESTS)
    return CustomerSource(kind="http", name="会员系统", http=http, map=MAP, vip=("黑金",), limit_s=30, cache_s=0)


@pytest.fixture(scope="session")
def hooked() -> Iterator[Hooked]:
    with listening() as hooked:
        yield hooked


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory, hooked: Hooked) -> Iterator[RunningLine]:
    folder = tmp_path_factory.mktemp("line")
    agents = (Agent(extension="8001", skills=("refund",)), Agent(extension="8002"))
    telephony = Telephony(agents=agents, queue_timeout_s=6, ring_timeout_s=4)
    settings = replace(Settings(), var=folder / "var", ports=free_ports(), simulation=True, telephony=telephony)
    settings = replace(settings, customers={CRM_HOTLINE: a_crm()}, webhooks=(Webhook(address=hooked.address),))
    settings.var.mkdir()
    for prepared in ("models", "voice", "sounds"):
        if (PROJECT / "var" / prepared).exists():
            (settings.var / prepared).symlink_to(PROJECT / "var" / prepared)
    file = folder / "settings.json"
    save(settings, file)
    process = subprocess.Popen(
        [sys.executable, "-m", "ivr", "--settings", str(file), "up"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    output: list[str] = []
    reader = threading.Thread(target=lambda: [output.append(row) for row in process.stdout], daemon=True)  # type: ignore[union-attr]
    reader.start()
    try:
        end = time.monotonic() + START_S
        while not any("线路已就绪" in row for row in output):
            assert process.poll() is None, "".join(output)
            assert time.monotonic() < end, "".join(output)
            time.sleep(0.2)
        yield RunningLine(settings, file, process, output, hooked)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        process.stdout.close()  # type: ignore[union-attr]
