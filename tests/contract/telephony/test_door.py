"""The door and the line against a peer that speaks as Asterisk does (its messages are those of the recorded trace)."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ivr.audio import FRAME_BYTES, SILENCE
from ivr.call.ports import Digit, Frame, HungUp, Line, LineEvent, Played, Transfer
from ivr.errors import TelephonyDown
from ivr.settings import Ports, Settings
from ivr.telephony import inbox
from ivr.telephony.asterisk.door import AsteriskDoor
from ivr.telephony.asterisk.secrets import load_secrets

CALL = "1795313071.1"
APP = "ivr:PJSIP/local-00000001"
SPEECH = b"\x10\x20" * (FRAME_BYTES // 2)


@dataclass
class Asterisk:
    """Opens the two websockets of one call and answers REST requests."""

    session: aiohttp.ClientSession
    base: str
    auth: dict[str, str]
    refuses: set[str] = field(default_factory=set)
    """Ends of paths that get a 422."""
    silent: bool = False
    """Answers nothing any more."""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    media: aiohttp.ClientWebSocketResponse | None = None
    sound: bytearray = field(default_factory=bytearray)
    commands: list[str] = field(default_factory=list)

    async def call(self, *, hotline: str = "appliance", caller: str = "13800010001") -> None:
        self.control = await self.session.ws_connect(f"{self.base}/control", protocols=["ari"], headers=self.auth)
        await self.say("ApplicationRegistered")
        await self.say("StasisStart", CALL, args=["call", hotline, caller, "4001000001", "1", "tok1"])
        self.tasks = [asyncio.create_task(self.serve_control())]

    async def say(self, kind: str, channel: str = "", **values: Any) -> None:
        raw = {"type": kind, "application": APP, **({"channel": {"id": channel}} if channel else {}), **values}
        await self.control.send_str(json.dumps(raw))

    async def serve_control(self) -> None:
        async for message in self.control:
            raw = json.loads(message.data)
            query = {pair["name"]: pair["value"] for pair in raw.get("query_strings", [])}
            self.requests.append((raw["method"], raw["uri"], query))
            if self.silent:
                continue
            refused = any(raw["uri"].endswith(end) for end in self.refuses)
            await self.say("RESTResponse", request_id=raw["request_id"], status_code=422 if refused else 204)
            if raw["uri"] == "channels/externalMedia" and not refused:
                await self.open_media(query)
            elif (raw["method"], raw["uri"]) == ("DELETE", f"channels/{CALL}"):
                await self.hang_up()

    async def open_media(self, options: dict[str, str]) -> None:
        token = options["transport_data"].partition("call=")[2].rstrip(")")
        url = f"{self.base}/media?call={token}"
        self.media = await self.session.ws_connect(url, protocols=["media"], headers=self.auth)
        start = {"event": "MEDIA_START", "channel_id": options["channelId"], "format": options["format"]}
        await self.media.send_str(json.dumps(start))
        await self.say("StasisStart", options["channelId"], args=[])
        self.tasks.append(asyncio.create_task(self.serve_media(self.media)))

    async def serve_media(self, media: aiohttp.ClientWebSocketResponse) -> None:
        async for message in media:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.sound += message.data
            else:
                command = json.loads(message.data)
                self.commands.append(command["command"])
                if command["command"] == "MARK_MEDIA":
                    reached = {"event": "MEDIA_MARK_PROCESSED", "correlation_id": command["correlation_id"]}
                    await media.send_str(json.dumps(reached))

    async def hang_up(self) -> None:
        await self.say("ChannelHangupRequest", CALL)
        await self.say("StasisEnd", CALL)

    def asked(self, end: str) -> dict[str, str] | None:
        return next((query for _, uri, query in self.requests if uri.endswith(end)), None)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.control.close()
        if self.media:
            await self.media.close()


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(user, password)}


@asynccontextmanager
async def standing(tmp_path: Path, on_call: Callable[[Line], Awaitable[None]]) -> AsyncIterator[Asterisk]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(var=tmp_path, ports=Ports(bot=port))
    door = AsteriskDoor(settings, on_call)
    await door.start()
    secret = load_secrets(tmp_path / "secrets.toml").bot
    async with aiohttp.ClientSession() as session:
        asterisk = Asterisk(session, f"http://127.0.0.1:{port}", basic("asterisk", secret))
        try:
            yield asterisk
        finally:
            await asterisk.close() if hasattr(asterisk, "tasks") else None
            await door.stop()
            assert door.calls == 0


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.005)


async def wait_for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_call_from_answer_to_hang_up(tmp_path: Path) -> None:
    events: list[LineEvent] = []
    lines: list[Line] = []

    async def on_call(line: Line) -> None:
        lines.append(line)
        await line.answer()
        await line.play(SPEECH * 5)
        await line.mark("greeting")
        events.extend([event async for event in line.events()])

    async with standing(tmp_path, on_call) as asterisk:
        await asterisk.call()
        await until(lambda: asterisk.media and len(asterisk.sound) == 5 * FRAME_BYTES)
        assert asterisk.media
        await asterisk.media.send_bytes(SPEECH)
        await asterisk.media.send_str('{"event":"DTMF_END","digit":"0"}')
        await asyncio.sleep(0.05)
        await asterisk.hang_up()
        await until(lambda: events)
        await until(lambda: asterisk.asked("-bridge") is not None and asterisk.media and asterisk.media.closed)

    info = lines[0].info
    assert (info.call_id, info.hotline, info.caller_number, info.dialled, info.recorded, info.simulation) == (
        CALL,
        "appliance",
        "13800010001",
        "4001000001",
        True,
        "tok1",
    )
    assert str(info.started_at.tzinfo) == "Asia/Shanghai"
    assert Played("greeting") in events
    assert Digit("0") in events
    assert Frame(SPEECH) in events
    assert events[-1] == HungUp()
    assert asterisk.asked("/answer") is not None
    assert asterisk.asked("/addChannel") == {"channel": f"{CALL},{CALL}-media"}


async def test_a_hand_over_carries_what_the_human_needs(tmp_path: Path) -> None:
    ended: list[list[LineEvent]] = []

    async def on_call(line: Line) -> None:
        await line.answer()
        await line.note_ticket("GD20261122-000123")
        await line.hand_over(Transfer("appliance", "caller_request", "GD20261122-000123", priority=5))
        ended.append([event async for event in line.events() if not isinstance(event, Frame)])
        with pytest.raises(TelephonyDown):
            await line.play(SPEECH)

    async with standing(tmp_path, on_call) as asterisk:
        await asterisk.call()
        await until(lambda: ended)
    assert ended == [[]]
    variables = {q["variable"]: q["value"] for _, uri, q in asterisk.requests if uri.endswith("/variable")}
    assert variables == {
        "__IVR_TICKET": "GD20261122-000123",
        "IVR_QUEUE": "appliance",
        "IVR_REASON": "caller_request",
        "QUEUE_PRIO": "5",
    }
    assert asterisk.asked("/continue") == {"context": "human", "extension": "s", "priority": "1"}


async def fails(line: Line) -> None:
    await line.answer()
    raise RuntimeError("a fault of ours")


async def returns(line: Line) -> None:
    await line.answer()


async def is_cancelled(line: Line) -> None:
    await line.answer()
    raise asyncio.CancelledError


@pytest.mark.parametrize("on_call", [fails, returns, is_cancelled])
async def test_a_caller_whom_the_bot_gives_up_goes_to_a_human(
    tmp_path: Path, on_call: Callable[[Line], Awaitable[None]]
) -> None:
    async with standing(tmp_path, on_call) as asterisk:
        await asterisk.call()
        await until(lambda: asterisk.asked("/continue"))
        reasons = [q["value"] for _, _, q in asterisk.requests if q.get("variable") == "IVR_REASON"]
        assert reasons == ["bot_failure"]


@pytest.mark.parametrize("end", ["externalMedia", "/addChannel", "-bridge"])
async def test_a_line_that_cannot_be_set_up_goes_to_a_human(tmp_path: Path, end: str) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        await wait_for_ever()

    async with standing(tmp_path, on_call) as asterisk:
        asterisk.refuses = {end}
        await asterisk.call()
        await until(lambda: asterisk.asked("/continue"))


@pytest.mark.parametrize(
    "hostile", [b"\1", b"\0" * 65_502, '{"event":"MEDIA_START","channel_id":"x","format":"slin"}', "nonsense", "[]"]
)
async def test_a_media_peer_that_breaks_its_protocol_loses_the_call_to_a_human(
    tmp_path: Path, hostile: bytes | str
) -> None:
    answered = asyncio.Event()

    async def on_call(line: Line) -> None:
        await line.answer()
        answered.set()
        async for _ in line.events():
            pass

    async with standing(tmp_path, on_call) as asterisk:
        await asterisk.call()
        await answered.wait()
        assert asterisk.media
        await (asterisk.media.send_bytes(hostile) if isinstance(hostile, bytes) else asterisk.media.send_str(hostile))
        await until(lambda: asterisk.asked("/continue"))


async def test_control_that_is_not_understood_is_left_out(tmp_path: Path) -> None:
    events: list[LineEvent] = []
    answered = asyncio.Event()

    async def on_call(line: Line) -> None:
        await line.answer()
        answered.set()
        events.extend([event async for event in line.events() if not isinstance(event, Frame)])

    async with standing(tmp_path, on_call) as asterisk:
        await asterisk.call()
        await answered.wait()
        for text in ("", "{", "[]", '{"type":"StasisStart"}', '{"type":"StasisEnd","channel":{"id":"other"}}'):
            await asterisk.control.send_str(text)
        await asterisk.hang_up()
        await until(lambda: events)
    assert events == [HungUp()]


async def test_control_that_closes_is_the_end(tmp_path: Path) -> None:
    events: list[LineEvent] = []
    answered = asyncio.Event()

    async def on_call(line: Line) -> None:
        await line.answer()
        answered.set()
        events.extend([event async for event in line.events() if not isinstance(event, Frame)])
        with pytest.raises(TelephonyDown):
            await line.note_ticket("GD1")

    async with standing(tmp_path, on_call) as asterisk:
        await asterisk.call()
        await answered.wait()
        await asterisk.control.close()
        await until(lambda: events)
    assert events == [HungUp(gone=False)], "a lost line, not a caller who hung up"


async def test_an_asterisk_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.telephony.asterisk.control.REQUEST_TIMEOUT_S", 0.05)
    told: list[TelephonyDown] = []

    async def on_call(line: Line) -> None:
        try:
            await line.answer()
        except TelephonyDown as error:
            told.append(error)

    async with standing(tmp_path, on_call) as asterisk:
        asterisk.silent = True
        await asterisk.call()
        await until(lambda: told)
    assert "没有回答" in str(told[0])


async def test_barge_in_on_the_wire(tmp_path: Path) -> None:
    done = asyncio.Event()
    marks: list[LineEvent] = []

    async def on_call(line: Line) -> None:
        await line.answer()
        await line.play(SPEECH * 500)
        await line.mark("never")
        await line.pause()
        await line.resume()
        await line.pause()
        await line.flush()
        await line.play(SPEECH)
        await line.mark("second")
        async for event in line.events():
            if isinstance(event, Played):
                marks.append(event)
                break
        done.set()
        await line.hang_up()

    async with standing(tmp_path, on_call) as asterisk:
        await asterisk.call()
        async with asyncio.timeout(3):
            await done.wait()
    assert marks == [Played("second")]
    assert asterisk.commands == [
        "PAUSE_MEDIA",
        "CONTINUE_MEDIA",
        "PAUSE_MEDIA",
        "FLUSH_MEDIA",
        "CONTINUE_MEDIA",
        "MARK_MEDIA",
    ]
    # Never more than the look-ahead was on its way when the flush came.
    assert len(asterisk.sound) <= 1.8 * 16_000


async def test_a_telephone_that_sends_nothing_is_silent_not_timeless(tmp_path: Path) -> None:
    heard: list[LineEvent] = []

    async def on_call(line: Line) -> None:
        await line.answer()
        async for event in line.events():
            heard.append(event)
            if len(heard) >= 10:
                break

    async with standing(tmp_path, on_call) as asterisk:
        await asterisk.call()
        await until(lambda: len(heard) >= 10)
    assert heard[:10] == [Frame(SILENCE)] * 10


async def test_a_backlog_is_bounded_and_keys_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "LONGEST_BACKLOG", 5)
    release = asyncio.Event()
    events: list[LineEvent] = []
    answered = asyncio.Event()

    async def on_call(line: Line) -> None:
        await line.answer()
        answered.set()
        await release.wait()
        events.extend([event async for event in line.events()])

    async with standing(tmp_path, on_call) as asterisk:
        await asterisk.call()
        await answered.wait()
        assert asterisk.media
        for _ in range(50):
            await asterisk.media.send_bytes(SPEECH)
        await asterisk.media.send_str('{"event":"DTMF_END","digit":"0"}')
        await asyncio.sleep(0.1)
        await asterisk.hang_up()
        await asyncio.sleep(0.05)
        release.set()
        await until(lambda: events)
    assert events == [Frame(SPEECH)] * 5 + [Digit("0"), HungUp()]


@pytest.mark.parametrize("auth", [{}, basic("asterisk", "wrong"), basic("x", ""), {"Authorization": "Basic ???"}])
async def test_a_stranger_is_not_let_in(tmp_path: Path, auth: dict[str, str]) -> None:
    async def on_call(_: Line) -> None:
        pytest.fail("a stranger's call")

    async with standing(tmp_path, on_call) as asterisk:
        asterisk.auth = auth
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await asterisk.call()
        assert refused.value.status == 401


async def test_media_of_no_call_is_not_let_in(tmp_path: Path) -> None:
    async def on_call(_: Line) -> None:
        pytest.fail("no call came")

    async with standing(tmp_path, on_call) as asterisk:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await asterisk.session.ws_connect(f"{asterisk.base}/media?call=guess", headers=asterisk.auth)
        assert refused.value.status == 404


async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TelephonyDown, match=str(port)):
            await AsteriskDoor(Settings(var=tmp_path, ports=Ports(bot=port)), fails).start()
