"""The line alone on a real Asterisk with real SIP calls: no dialogue, no recognition. Starts an Asterisk of its own."""

import asyncio
import dataclasses
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from ivr.audio import RATE, SILENCE, read_wav, seconds, to_samples, write_wav
from ivr.call.ports import Digit, Frame, HungUp, Line, Played, Transfer
from ivr.packs import OpenHours, Pack, load_packs
from ivr.settings import Agent, Settings, Telephony, save
from ivr.simulate.softphone import Softphone
from ivr.telephony.asterisk.admission import Admission
from ivr.telephony.asterisk.ami import QueueWatch
from ivr.telephony.asterisk.doors import DOORS
from ivr.telephony.asterisk.fastagi import AdmissionServer
from ivr.telephony.asterisk.handoffs import HandoffOutcome
from ivr.telephony.asterisk.secrets import load_secrets
from ivr.telephony.asterisk.server import Prepared, prepare
from tests.e2e.conftest import free_ports
from tests.e2e.own_asterisk import started
from tests.e2e.tone_bot import TICKET, tone

pytestmark = pytest.mark.line

NUMBER = "4001000001"
ANNOUNCEMENT_HZ = 700.0
NOTICE_HZ = 440.0
STRETCH_S = 0.5
"""On a busy machine the telephone's jitter buffer stretches what it plays."""


ONLY_WEBSOCKET = pytest.mark.parametrize("settings", ["websocket"], indirect=True, scope="module")
"""What is of websockets alone, or what the dialplan does without media and need not be tried with both."""


@pytest.fixture(scope="module", params=["websocket", "audiosocket"])
def settings(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Settings:
    """Each test is run with either kind of media."""
    folder = tmp_path_factory.mktemp("transport")
    agents = (Agent(extension="8001"),)
    telephony = Telephony(media=request.param, agents=agents, queue_timeout_s=4, ring_timeout_s=3)
    return dataclasses.replace(Settings(), var=folder / "var", ports=free_ports(), simulation=True, telephony=telephony)


@pytest.fixture(scope="module")
def packs(settings: Settings) -> dict[str, Pack]:
    closed = Pack(
        hotline="night", name="夜间", dialled=("4001000099",), open_hours=OpenHours(opens="00:00", closes="00:00")
    )
    return {**load_packs(settings.root / "data"), "night": closed}


@pytest.fixture(scope="module")
def asterisk(settings: Settings, packs: dict[str, Pack]) -> Iterator[Prepared]:
    prepared = prepare(settings, packs)
    for name in ("no_agent", "closed"):
        write_wav(prepared.where.sounds / f"{name}.wav", tone(1.0, ANNOUNCEMENT_HZ))
    with started(prepared, settings.var):
        yield prepared


@asynccontextmanager
async def bot(
    settings: Settings, packs: dict[str, Pack], on_call: Callable[[Line], Awaitable[None]]
) -> AsyncIterator[list[Admission]]:
    decided: list[Admission] = []
    door = DOORS[settings.telephony.media](settings, on_call)
    agi = AdmissionServer(
        settings, lambda: packs, bot_healthy=lambda: True, on_decided=decided.append, routes=door.routes
    )
    await door.start()
    await agi.start()
    try:
        yield decided
    finally:
        await agi.stop()
        await door.stop()


@pytest.fixture
async def outcomes(settings: Settings, asterisk: Prepared) -> AsyncIterator[list[HandoffOutcome]]:
    told: list[HandoffOutcome] = []
    watch = QueueWatch(settings, told.append)
    await watch.start()
    yield told
    await watch.stop()


@pytest.fixture
async def agent(settings: Settings, asterisk: Prepared) -> AsyncIterator[Softphone]:
    async with Softphone() as phone:
        password = load_secrets(settings.var / "secrets.toml").agents["8001"]
        await phone.register("8001", password, host="127.0.0.1", port=settings.ports.sip)
        await phone.answer_calls(0.3)
        yield phone


def uri(settings: Settings, number: str = NUMBER) -> str:
    return f"sip:{number}@127.0.0.1:{settings.ports.sip}"


async def until(condition: Callable[[], object], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


def loudest_hz(pcm: bytes) -> float:
    samples = to_samples(pcm)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * RATE / len(samples))


async def test_what_the_bot_plays_is_what_the_caller_hears(
    settings: Settings, packs: dict[str, Pack], asterisk: Prepared, tmp_path: Path
) -> None:
    marks: list[str] = []

    async def on_call(line: Line) -> None:
        await line.answer()
        await line.play(tone(2.0))
        await line.mark("said")
        quiet = 0
        async for event in line.events():
            if isinstance(event, Played):
                marks.append(event.name)
            quiet += bool(marks)
            if quiet == 50:  # a second later: the client has noticed the end of the sound
                await line.hang_up()

    async with bot(settings, packs, on_call) as decided, Softphone(record=tmp_path) as phone:
        await phone.call(uri(settings), caller="+8613800010001", headers={"X-Ivr-Simulation": "tok-1"})
        answered = await phone.wait("answered")
        started = await phone.wait("speech_started")
        ended = await phone.wait("speech_ended")
        await phone.wait("ended")
    assert answered["ms"] < 2000
    assert started.at - answered.at < 1.0
    assert ended.at - started.at == pytest.approx(2.0, abs=STRETCH_S)
    assert marks == ["said"]
    heard = read_wav(tmp_path / "heard.wav")
    middle = heard[round((started.at + 0.5) * RATE) * 2 : round((started.at + 1.5) * RATE) * 2]
    assert loudest_hz(middle) == pytest.approx(440, abs=2)
    (call,) = decided
    assert (call.caller_number, call.dialled, call.simulation) == ("13800010001", NUMBER, "tok-1")


async def test_what_the_caller_says_is_what_the_bot_hears(
    settings: Settings, packs: dict[str, Pack], asterisk: Prepared, tmp_path: Path
) -> None:
    heard = bytearray()

    async def on_call(line: Line) -> None:
        await line.answer()
        async for event in line.events():
            if isinstance(event, Frame):
                heard.extend(event.pcm)

    write_wav(tmp_path / "said.wav", SILENCE * 10 + tone(1.0, 600.0) + SILENCE * 10)
    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings), caller=None)
        await phone.wait("answered")
        await phone.say(tmp_path / "said.wav")
        await phone.wait("said")
        await asyncio.sleep(0.5)
        await phone.hang_up()
        await phone.wait("ended")
    samples = to_samples(bytes(heard))
    loud = np.flatnonzero(np.abs(samples) > 0.05)
    assert (loud[-1] - loud[0]) / RATE == pytest.approx(1.0, abs=0.1)
    assert loudest_hz(bytes(heard)[int(loud[0]) * 2 : int(loud[-1]) * 2]) == pytest.approx(600, abs=3)


async def test_keys_stop_the_bot_and_hang_up_is_noticed_at_once(
    settings: Settings, packs: dict[str, Pack], asterisk: Prepared
) -> None:
    digits: list[str] = []
    gone_at: list[float] = []

    async def on_call(line: Line) -> None:
        await line.answer()
        await line.play(tone(20.0))
        async for event in line.events():
            match event:
                case Digit("1"):
                    digits.append("1")
                    await line.flush()
                case Digit(digit):
                    digits.append(digit)
                case HungUp():
                    gone_at.append(time.monotonic())
                case _:
                    pass

    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings), caller="13800010001")
        await phone.wait("speech_started")
        await asyncio.sleep(1)
        await phone.key("1")
        pressed = await phone.wait("keyed")
        ended = await phone.wait("speech_ended")
        await phone.key("23*0#")
        await until(lambda: len(digits) == 6)
        began = time.monotonic()
        await phone.hang_up()
        await until(lambda: gone_at)
    assert digits == list("123*0#")
    # `keyed` tells when the key went down; it is held for 160 ms and counts on its release.
    assert ended.at - pressed.at < 0.6
    assert gone_at[0] - began < 0.2


async def test_a_pause_holds_and_goes_on_where_it_held(
    settings: Settings, packs: dict[str, Pack], asterisk: Prepared
) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        await line.play(tone(3.0))
        await line.mark("end")
        await asyncio.sleep(1.0)
        await line.pause()
        await asyncio.sleep(1.0)
        await line.resume()
        ended, quiet = False, 0
        async for event in line.events():
            ended = ended or isinstance(event, Played)
            quiet += ended
            if quiet == 25:  # half a second later: the client has noticed the end of the sound
                await line.hang_up()

    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings), caller="13800010001")
        first = await phone.wait("speech_started"), await phone.wait("speech_ended")
        second = await phone.wait("speech_started"), await phone.wait("speech_ended")
        await phone.wait("ended")
    spoken = (first[1].at - first[0].at, second[1].at - second[0].at)
    assert spoken[0] == pytest.approx(1.0, abs=STRETCH_S)
    assert sum(spoken) == pytest.approx(3.0, abs=STRETCH_S)
    assert second[0].at - first[1].at == pytest.approx(1.0, abs=STRETCH_S)


async def test_a_silent_line_still_sends_packets(
    settings: Settings, packs: dict[str, Pack], asterisk: Prepared
) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        async for _ in line.events():
            pass

    def sent() -> int:
        rows = [row.split() for row in asterisk.console("pjsip show channelstats").splitlines() if "alaw" in row]
        assert rows
        # … channel, up time, codec, then received count, lost, %, jitter, then transmitted count
        return int(rows[0][rows[0].index("alaw") + 5])

    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings), caller="13800010001")
        await phone.wait("answered")
        await asyncio.sleep(1.5)
        before = sent()
        await asyncio.sleep(3.5)
        assert sent() >= before + 2


async def test_a_hand_over_is_answered_by_a_human_who_has_the_ticket(
    settings: Settings, packs: dict[str, Pack], agent: Softphone, outcomes: list[HandoffOutcome]
) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        await line.hand_over(Transfer("appliance", "caller_request", "GD20261122-000123", priority=5))

    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings), caller="+8613800010001")
        incoming = await agent.wait("incoming")
        await agent.wait("answered")
        await until(lambda: outcomes)
        await agent.hang_up()
        await phone.wait("ended")
    assert (incoming["name"], incoming["number"]) == ("GD20261122-000123", "13800010001")
    assert incoming["headers"]["X-Ticket-No"] == "GD20261122-000123"
    (told,) = outcomes
    assert (told.outcome, told.agent, told.ticket_no) == ("answered", "8001", "GD20261122-000123")
    assert told.call_id == incoming["headers"]["X-Call-Id"]


@ONLY_WEBSOCKET
async def test_nobody_answers_and_the_caller_is_told(
    settings: Settings, packs: dict[str, Pack], agent: Softphone, outcomes: list[HandoffOutcome], tmp_path: Path
) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        await line.hand_over(Transfer("appliance", "caller_request", "GD20261122-000124"))

    await agent.answer_calls("ignore")
    async with bot(settings, packs, on_call), Softphone(record=tmp_path) as phone:
        await phone.call(uri(settings), caller="13800010001")
        ended = await phone.wait("ended", timeout=15)
    assert [(o.outcome, o.ticket_no) for o in outcomes] == [("no_agent", "GD20261122-000124")]
    heard = read_wav(tmp_path / "heard.wav")
    assert seconds(heard) >= settings.telephony.queue_timeout_s
    announcement = heard[-round(0.8 * RATE) * 2 : -round(0.3 * RATE) * 2]
    assert loudest_hz(announcement) == pytest.approx(ANNOUNCEMENT_HZ, abs=5), ended


@ONLY_WEBSOCKET
async def test_a_caller_who_hangs_up_in_the_queue_is_told_apart(
    settings: Settings, packs: dict[str, Pack], agent: Softphone, outcomes: list[HandoffOutcome]
) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        await line.hand_over(Transfer("appliance", "caller_request", "GD20261122-000125"))

    await agent.answer_calls("ignore")
    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings), caller="13800010001")
        await agent.wait("incoming")
        await phone.hang_up()
        await until(lambda: outcomes)
    assert [o.outcome for o in outcomes] == ["abandoned"]


async def test_a_bot_that_is_killed_leaves_its_caller_to_a_human(
    settings: Settings, agent: Softphone, tmp_path: Path
) -> None:
    file = tmp_path / "settings.json"
    save(settings, file)
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.tone_bot", str(file), stdout=asyncio.subprocess.PIPE
    )
    assert killed.stdout
    try:
        assert await killed.stdout.readline() == b"ready\n"
        async with Softphone() as phone:
            await phone.call(uri(settings), caller="13800010001")
            await phone.wait("speech_started")
            await asyncio.sleep(0.5)
            killed.kill()
            began = time.monotonic()
            incoming = await agent.wait("incoming")
            assert time.monotonic() - began < 1.0
            assert incoming["name"] == TICKET
            await agent.wait("answered")
    finally:
        if killed.returncode is None:
            killed.kill()
        await killed.wait()


@ONLY_WEBSOCKET
async def test_nothing_is_told_in_the_moment_in_which_the_bot_dies(
    settings: Settings, packs: dict[str, Pack], asterisk: Prepared
) -> None:
    """Asterisk 22.10.1 crashes when an event meets a breaking control websocket (docs/telephony.md)."""
    subscribed: list[dict[str, Any]] = []

    async def on_call(line: Line) -> None:
        await line.answer()
        password = load_secrets(settings.var / "secrets.toml").ari
        login = {"Authorization": aiohttp.encode_basic_auth("ivr-user", password)}
        address = f"http://127.0.0.1:{settings.ports.asterisk_http}/ari/applications"
        async with aiohttp.ClientSession(headers=login) as client, client.get(address) as answer:
            subscribed.extend(await answer.json())
        await line.hang_up()

    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings), caller="13800010001")
        await phone.wait("ended")
    (application,) = [one for one in subscribed if one["channel_ids"]]
    assert len(application["channel_ids"]) == 1
    assert not application["channel_ids"][0].endswith("-media")
    told = {event["type"] for event in application["events_allowed"]}
    assert told == {"RESTResponse", "StasisStart", "ChannelHangupRequest"}


async def test_without_a_bot_the_caller_goes_to_a_human(settings: Settings, agent: Softphone) -> None:
    async with Softphone() as phone:
        began = time.monotonic()
        await phone.call(uri(settings, f"+86{NUMBER}"), caller="13800010001")
        incoming = await agent.wait("incoming")
        assert time.monotonic() - began < 1.0
        await agent.wait("answered")
        # Who begins to listen only now hears how it went.
        told: list[HandoffOutcome] = []
        watch = QueueWatch(settings, told.append)
        await watch.start()
        await watch.stop()
        await phone.hang_up()
    (outcome,) = [each for each in told if each.call_id == incoming["headers"]["X-Call-Id"]]
    assert (outcome.outcome, outcome.agent, outcome.reason) == ("answered", "8001", "bot_failure")


async def test_a_bot_that_fails_gives_its_caller_to_a_human(
    settings: Settings, packs: dict[str, Pack], agent: Softphone
) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        raise RuntimeError("a fault of ours")

    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings), caller="13800010001")
        await agent.wait("incoming")


@ONLY_WEBSOCKET
async def test_a_closed_hotline_says_so(
    settings: Settings, packs: dict[str, Pack], asterisk: Prepared, tmp_path: Path
) -> None:
    async def on_call(_: Line) -> None:
        pytest.fail("the hotline is closed")

    async with bot(settings, packs, on_call) as decided, Softphone(record=tmp_path) as phone:
        await phone.call(uri(settings, "4001000099"), caller="13800010001")
        await phone.wait("ended")
    assert [(d.route, d.hotline, d.caller_number) for d in decided] == [("closed", "night", "13800010001")]
    heard = read_wav(tmp_path / "heard.wav")
    assert loudest_hz(heard) == pytest.approx(ANNOUNCEMENT_HZ, abs=5)


@ONLY_WEBSOCKET
async def test_an_unknown_number_is_refused(settings: Settings, packs: dict[str, Pack], asterisk: Prepared) -> None:
    async def on_call(_: Line) -> None:
        pytest.fail("nobody's number")

    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings, "4009999999"), caller="13800010001")
        assert (await phone.wait("ended"))["code"] == 404


async def test_a_recorded_call_is_recorded_on_both_sides_once_the_notice_was_heard(
    settings: Settings, packs: dict[str, Pack], asterisk: Prepared
) -> None:
    calls: list[str] = []

    async def on_call(line: Line) -> None:
        calls.append(line.info.call_id)
        assert line.info.recorded
        await line.answer()
        await line.play(tone(1.0, NOTICE_HZ))
        await line.mark("notice")
        async for event in line.events():
            if event == Played("notice"):
                await line.record()
                await line.play(SILENCE * 50 + tone(1.0, 600.0))
                await line.mark("said")
            if event == Played("said"):
                await line.hang_up()

    async with bot(settings, packs, on_call), Softphone() as phone:
        await phone.call(uri(settings), caller="13800010001")
        await phone.wait("ended")
    await asyncio.sleep(0.3)
    both, caller, ours = (
        read_wav(asterisk.where.recordings / f"{calls[0]}{part}.wav") for part in ("", "-caller", "-line")
    )
    assert 1.5 < seconds(both) < 2.2
    assert seconds(caller) == pytest.approx(seconds(ours), abs=0.1)
    assert loudest_hz(ours) == pytest.approx(600, abs=3)
    assert float(np.abs(to_samples(caller)).max()) < 0.05


async def test_two_calls_at_once_do_not_mix(
    settings: Settings, packs: dict[str, Pack], asterisk: Prepared, tmp_path: Path
) -> None:
    async def on_call(line: Line) -> None:
        await line.answer()
        await line.play(tone(2.0, 500.0 if line.info.caller_number == "13800010001" else 900.0))
        await line.mark("said")
        async for event in line.events():
            if isinstance(event, Played):
                await line.hang_up()

    async with (
        bot(settings, packs, on_call),
        Softphone(record=tmp_path / "a") as one,
        Softphone(record=tmp_path / "b") as other,
    ):
        await one.call(uri(settings), caller="13800010001")
        await other.call(uri(settings), caller="13800010002")
        await asyncio.gather(one.wait("ended"), other.wait("ended"))
    assert loudest_hz(read_wav(tmp_path / "a" / "heard.wav")) == pytest.approx(500, abs=3)
    assert loudest_hz(read_wav(tmp_path / "b" / "heard.wav")) == pytest.approx(900, abs=3)
