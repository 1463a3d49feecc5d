"""FastAGI against peers on this machine: Asterisk as recorded, and everybody else who connects to an open port."""

import asyncio
import contextlib
import dataclasses
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ivr.errors import TelephonyDown
from ivr.packs import Pack
from ivr.settings import Ports, Settings
from ivr.telephony.asterisk import fastagi
from ivr.telephony.asterisk.admission import Admission
from ivr.telephony.asterisk.fastagi import AdmissionServer

PACKS = {"appliance": Pack(hotline="appliance", name="美家", dialled=("4001000001",), recording=True)}
HEAD = (
    b"agi_network: yes\nagi_network_script: admit\nagi_request: agi://127.0.0.1/admit\nagi_channel: PJSIP/local-0\n"
    b"agi_uniqueid: 1795313071.1\nagi_callerid: 13800010001\n\n"
)
CHANNEL = {
    "${IVR_URI}": "4001000001",
    "${PJSIP_HEADER(read,To)}": "<sip:4001000001@127.0.0.1:15060>",
    "${CALLERID(num)}": "+8613800010001",
    "${CALLERID(num-pres)}": "allowed_not_screened",
    "${IVR_SIMULATED}": "tok1",
}


@dataclasses.dataclass
class Served:
    port: int
    decided: list[Admission]
    server: AdmissionServer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    settings = Settings(var=tmp_path, ports=Ports(fastagi=free_port()), simulation=True)
    decided: list[Admission] = []
    server = AdmissionServer(settings, lambda: PACKS, bot_healthy=lambda: True, on_decided=decided.append)
    await server.start()
    yield Served(settings.ports.fastagi, decided, server)
    await server.stop()


def answer(command: str, variables: dict[str, str]) -> str:
    """As Asterisk answers; what it was told is kept in `variables`."""
    words = command.split(" ", 3)
    if words[:3] == ["GET", "FULL", "VARIABLE"]:
        value = variables.get(words[3])
        return "200 result=0" if value is None else f"200 result=1 ({value})"
    if words[:2] == ["SET", "VARIABLE"]:
        variables[words[2]] = words[3].strip('"')
        return "200 result=1"
    return "510 Invalid or unknown command"


async def asterisk(port: int, variables: dict[str, str], reply: Callable[[str, dict[str, str]], str] = answer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD)
    while line := await reader.readline():
        writer.write(f"{reply(line.decode().strip(), variables)}\n".encode())
    writer.close()
    await writer.wait_closed()


async def test_a_call_is_admitted_and_the_route_comes_last(served: Served) -> None:
    variables = dict(CHANNEL)
    await asterisk(served.port, variables)
    assert {k: v for k, v in variables.items() if k.startswith("IVR_")} == {
        "IVR_HOTLINE": "appliance",
        "IVR_QUEUE": "appliance",
        "IVR_CALLER": "13800010001",
        "IVR_DIALLED": "4001000001",
        "IVR_RECORDED": "1",
        "IVR_SIMULATION": "tok1",
        "IVR_ROUTE": "bot",
    }
    assert list(variables)[-1] == "IVR_ROUTE"
    assert [d.route for d in served.decided] == ["bot"]


async def test_a_withheld_number_stays_withheld(served: Served) -> None:
    variables = {**CHANNEL, "${CALLERID(num-pres)}": "prohib_not_screened"}
    await asterisk(served.port, variables)
    assert variables["IVR_CALLER"] == ""


async def test_values_with_brackets_and_quotes_are_read_whole(served: Served) -> None:
    variables = {**CHANNEL, "${IVR_URI}": "", "${PJSIP_HEADER(read,To)}": '"A (B) C" <sip:4001000001@x>'}
    await asterisk(served.port, variables)
    assert variables["IVR_ROUTE"] == "bot"


async def test_trying_is_not_the_answer(served: Served) -> None:
    variables = dict(CHANNEL)
    await asterisk(served.port, variables, lambda c, v: f"100 result=0 Trying...\n{answer(c, v)}")
    assert variables["IVR_ROUTE"] == "bot"


@pytest.mark.parametrize("line", ["HANGUP", "510 Invalid or unknown command", "511 Command Not Permitted", "", "\xff"])
async def test_a_call_that_ends_meanwhile_gets_no_route(served: Served, line: str) -> None:
    variables = dict(CHANNEL)
    await asterisk(served.port, variables, lambda c, v: line if "CALLERID(num)" in c else answer(c, v))
    assert "IVR_ROUTE" not in variables
    assert served.decided == []


async def test_a_hangup_does_not_shift_the_answers(served: Served) -> None:
    variables = dict(CHANNEL)

    def hang_up_once(command: str, known: dict[str, str]) -> str:
        told = answer(command, known)
        return f"HANGUP\n{told}" if "To" in command else told

    await asterisk(served.port, variables, hang_up_once)
    assert "IVR_ROUTE" not in variables


async def test_an_asterisk_that_dies_within_a_command(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(HEAD)
    await reader.readline()
    writer.write(b"200 resu")
    writer.close()
    await writer.wait_closed()
    await asterisk(served.port, variables := dict(CHANNEL))
    assert variables["IVR_ROUTE"] == "bot"
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    "sent", [b"", b"\n", b"GET / HTTP/1.1\r\n\r\n", b"agi_network_script: other\n\n", b"\x00" * 100]
)
async def test_a_port_scan_costs_nothing(served: Served, sent: bytes) -> None:
    """panoramisk's own handler reads nothing again and again, and the loop never turns."""
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(sent)
    writer.close()
    await writer.wait_closed()
    began = time.process_time()
    await asyncio.sleep(0.1)
    assert time.process_time() - began < 0.09
    await asterisk(served.port, variables := dict(CHANNEL))
    assert variables["IVR_ROUTE"] == "bot"


async def test_who_never_says_anything_is_shown_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "HEAD_TIMEOUT_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    async with asyncio.timeout(1):
        assert await reader.read() == b""
    writer.close()


async def test_an_endless_head_is_shown_out(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"agi_x: " + b"y" * (2 * fastagi.LONGEST_HEAD))
    async with asyncio.timeout(1):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()


async def test_a_silent_asterisk_does_not_hold_the_call_for_ever(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fastagi, "COMMAND_TIMEOUT_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(HEAD)
    async with asyncio.timeout(1):
        assert (await reader.read()).startswith(b"GET FULL VARIABLE")
    writer.close()


async def test_a_taken_port_is_told(served: Served) -> None:
    settings = Settings(ports=Ports(fastagi=served.port))
    with pytest.raises(TelephonyDown, match=str(served.port)):
        await AdmissionServer(settings, lambda: PACKS, bot_healthy=lambda: True).start()
