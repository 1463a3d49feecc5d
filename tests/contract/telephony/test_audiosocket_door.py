"""The AudioSocket door against a peer that speaks as Asterisk does: FastAGI questions and one TCP connection."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ivr.audio import FRAME_BYTES, seconds
from ivr.call.ports import Digit, Frame, HungUp, Line, LineEvent, Played, Transfer
from ivr.errors import TelephonyDown
from ivr.packs import Pack
from ivr.settings import Ports, Settings, Telephony
from ivr.telephony.asterisk import audiosocket
from ivr.telephony.asterisk.audiosocket_door import AudioSocketDoor
from ivr.telephony.asterisk.fastagi import AdmissionServer
from tests.contract.telephony.test_fastagi import answer, free_port

CALL = "1795313071.1"
SPEECH = b"\x10\x20" * (FRAME_BYTES // 2)
PACKS = {"appliance": Pack(hotline="appliance", name="美家", dialled=("4001000001",))}


@dataclass
class Asterisk:
    """One call in the dialplan of [bot]."""

    ports: Ports
    variables: dict[str, str] = field(default_factory=dict)
    heard: bytearray = field(default_factory=bytearray)
    ended: bool = False
    """By the bot's message."""

    async def ask(self, script: str) -> None:
        """As AGI(): returns when the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports.fastagi)
        arguments = ["appliance", "13800010001", "4001000001", "1", "tok1"]
        rows = [f"agi_network_script: {script}", "agi_channel: PJSIP/local-0", f"agi_uniqueid: {CALL}"]
        rows += [f"agi_arg_{number}: {value}" for number, value in enumerate(arguments, 1)]
        writer.write("".join(f"{row}\n" for row in [*rows, ""]).encode())
        try:
            while line := await reader.readline():
                writer.write(f"{answer(line.decode().strip(), self.variables)}\n".encode())
        finally:
            writer.close()

    async def connect(self, name: str = "") -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.ports.bot)
        self.writer.write(b"\x01\x00\x10" + uuid.UUID(name or self.variables["IVR_SOCKET"]).bytes)

    async def read(self) -> None:
        """Until the connection is closed."""
        with contextlib.suppress(ConnectionError):  # who is refused is reset
            while header := await self.reader.read(1):
                header += await self.reader.readexactly(2)
                kind, length = audiosocket.HEADER.unpack(header)
                self.heard += await self.reader.readexactly(length)
                self.ended = kind == audiosocket.HANG_UP
        self.writer.close()


OnCall = Callable[[Line], Awaitable[None]]


@asynccontextmanager
async def open_door(tmp_path: Path, on_call: OnCall) -> AsyncIterator[Asterisk]:
    ports = Ports(bot=free_port(), fastagi=free_port(), ami=free_port())
    settings = Settings(var=tmp_path, ports=ports, telephony=Telephony(media="audiosocket"))
    door = AudioSocketDoor(settings, on_call)
    agi = AdmissionServer(settings, lambda: PACKS, bot_healthy=lambda: True, routes=door.routes)
    await door.start()
    await agi.start()
    try:
        yield Asterisk(ports)
    finally:
        await door.stop()
        await agi.stop()
    assert door.calls == 0


async def test_a_call_from_its_arrival_to_its_end(tmp_path: Path) -> None:
    events: list[LineEvent] = []

    async def on_call(line: Line) -> None:
        assert (line.info.call_id, line.info.hotline, line.info.caller_number) == (CALL, "appliance", "13800010001")
        assert (line.info.dialled, line.info.recorded, line.info.simulation) == ("4001000001", True, "tok1")
        await line.answer()
        await line.play(SPEECH * 3)
        await line.mark("said")
        async for event in line.events():
            events.append(event)
            if isinstance(event, Digit):
                await line.hang_up()

    async with open_door(tmp_path, on_call) as asterisk:
        await asterisk.ask("talk")
        await asterisk.connect()
        reading = asyncio.create_task(asterisk.read())
        asterisk.writer.write(audiosocket.sound(SPEECH))
        await asyncio.sleep(0.1)
        asterisk.writer.write(b"\x03\x00\x015")
        await reading
        assert asterisk.ended
        await asterisk.ask("next")
        await asterisk.ask("gone")
    assert asterisk.variables["IVR_NEXT"] == "end"
    assert bytes(asterisk.heard).strip(b"\0") == SPEECH * 3
    assert Frame(SPEECH) in events
    assert events.index(Played("said")) < events.index(Digit("5"))
    assert events[-1] == HungUp()


async def test_frames_keep_their_pace_and_catch_up_after_a_stall(tmp_path: Path) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        await asyncio.sleep(0.3)
        time.sleep(0.2)  # noqa: ASYNC251  (the event loop stands still)
        async for _ in line.events():
            pass

    async with open_door(tmp_path, on_call) as asterisk:
        await asterisk.ask("talk")
        await asterisk.connect()
        began = time.monotonic()
        reading = asyncio.create_task(asterisk.read())
        await asyncio.sleep(1.0)
        sent, lasted = seconds(bytes(asterisk.heard)), time.monotonic() - began
        await asterisk.ask("gone")
        await reading
    assert sent == pytest.approx(lasted, abs=0.06)


async def test_nobody_gets_in_without_the_name_of_a_call_and_a_name_is_good_once(tmp_path: Path) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        async for _ in line.events():
            pass

    async with open_door(tmp_path, on_call) as asterisk:
        await asterisk.ask("talk")
        stranger = Asterisk(asterisk.ports)
        await stranger.connect(str(uuid.uuid4()))
        await stranger.read()
        assert not stranger.heard
        await asterisk.connect()
        reading = asyncio.create_task(asterisk.read())
        await asyncio.sleep(0.1)
        again = Asterisk(asterisk.ports)
        await again.connect(asterisk.variables["IVR_SOCKET"])
        await again.read()
        assert not again.heard
        assert asterisk.heard
        await asterisk.ask("gone")
        await reading


async def test_who_says_no_name_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.telephony.asterisk.audio_peer.IDENTIFY_S", 0.05)

    async def on_call(_: Line) -> None:
        pytest.fail("no call")

    async with open_door(tmp_path, on_call) as asterisk:
        reader, writer = await asyncio.open_connection("127.0.0.1", asterisk.ports.bot)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


async def test_a_hand_over_is_told_when_the_dialplan_asks(tmp_path: Path) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        await line.hand_over(Transfer("money;rm", "caller_request", "GD20261122-000123", priority=5))
        with pytest.raises(TelephonyDown):
            await line.play(SPEECH)

    async with open_door(tmp_path, on_call) as asterisk:
        await asterisk.ask("talk")
        await asterisk.connect()
        await asterisk.read()
        await asterisk.ask("next")
    told = {name: value for name, value in asterisk.variables.items() if name != "IVR_SOCKET"}
    assert told == {
        "__IVR_TICKET": "GD20261122-000123",
        "IVR_QUEUE": "moneyrm",
        "IVR_REASON": "caller_request",
        "QUEUE_PRIO": "5",
        "IVR_NEXT": "human",
    }
    assert list(told)[-1] == "IVR_NEXT"


async def test_a_bot_that_fails_before_or_after_the_answer_gives_its_caller_to_a_human(tmp_path: Path) -> None:
    answers = False

    async def on_call(line: Line) -> None:
        if answers:
            await line.answer()
        raise RuntimeError("a fault of ours")

    async with open_door(tmp_path, on_call) as asterisk:
        await asterisk.ask("talk")
        assert "IVR_SOCKET" not in asterisk.variables
        await asterisk.ask("next")
        assert (asterisk.variables["IVR_NEXT"], asterisk.variables["IVR_REASON"]) == ("human", "bot_failure")
        asterisk.variables.clear()
        answers = True
        await asterisk.ask("talk")
        await asterisk.connect()
        await asterisk.read()
        await asterisk.ask("next")
        assert (asterisk.variables["IVR_NEXT"], asterisk.variables["IVR_REASON"]) == ("human", "bot_failure")


@pytest.mark.parametrize("answered", [False, True])
async def test_a_caller_who_hangs_up_is_noticed_at_once(tmp_path: Path, answered: bool) -> None:
    last: list[LineEvent] = []
    over = asyncio.Event()

    async def on_call(line: Line) -> None:
        if answered:
            await line.answer()
        async for event in line.events():
            last[:] = [event]
        over.set()

    async with open_door(tmp_path, on_call) as asterisk:
        asking = asyncio.create_task(asterisk.ask("talk"))
        if answered:
            await asking
            await asterisk.connect()
            await asyncio.sleep(0.1)
            asterisk.writer.close()
        else:
            await asyncio.sleep(0.1)
            asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await asterisk.ask("gone")
        async with asyncio.timeout(0.5):
            await over.wait()
    assert last == [HungUp()]


async def test_an_audiosocket_that_failed_gives_the_caller_to_a_human(tmp_path: Path) -> None:
    last: list[LineEvent] = []

    async def on_call(line: Line) -> None:
        await line.answer()
        async for event in line.events():
            last[:] = [event]

    async with open_door(tmp_path, on_call) as asterisk:
        await asterisk.ask("talk")
        await asterisk.connect()
        await asyncio.sleep(0.1)
        asterisk.writer.close()
        await asterisk.ask("next")
    assert last == [HungUp(gone=False)]
    assert asterisk.variables["IVR_NEXT"] == "human"
