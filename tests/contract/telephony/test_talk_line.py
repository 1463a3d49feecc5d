"""The line of `ivr talk` with devices whose thread the test plays."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ivr.audio import FRAME_BYTES, SILENCE
from ivr.call.ports import Digit, Frame, HungUp, LineEvent, Played, Transfer
from ivr.errors import NotPrepared, TelephonyDown
from ivr.telephony.soundcard.line import TalkLine
from ivr.telephony.soundcard.portaudio import Device, SoundCard, choose
from tests.fakes.line import A_CALL

SPEECH = b"\x10\x20" * (FRAME_BYTES // 2)


@dataclass
class Devices:
    """Each `turn` is 20 ms of both, in a thread of its own as PortAudio's."""

    refuses: bool = False
    running: bool = False
    played: list[bytes] = field(default_factory=list)

    def start(self, heard: Callable[[bytes], None], frame: Callable[[], bytes]) -> None:
        if self.refuses:
            raise TelephonyDown("占用")
        self.heard, self.frame, self.running = heard, frame, True

    def stop(self) -> None:
        self.running = False

    async def turn(self, pcm: bytes = SILENCE, times: int = 1) -> None:
        def run() -> None:
            for _ in range(times):
                self.heard(pcm)
                self.played.append(self.frame())

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        await asyncio.sleep(0)


def read(line: TalkLine) -> tuple[list[LineEvent], asyncio.Task[None]]:
    events: list[LineEvent] = []

    async def reading() -> None:
        async for event in line.events():
            events.append(event)

    return events, asyncio.create_task(reading())


async def test_a_call_from_its_answer_to_its_end() -> None:
    devices = Devices()
    line = TalkLine(A_CALL, devices)
    events, reading = read(line)
    await line.answer()
    await line.play(SPEECH * 2)
    await line.mark("said")
    await devices.turn(SPEECH, times=3)
    line.press("5")
    line.press("x")
    await line.hang_up()
    await reading
    assert devices.played == [SPEECH, SPEECH, SILENCE]
    assert events[:4].count(Frame(SPEECH)) == 3
    assert Played("said") in events
    assert events[-2:] == [Digit("5"), HungUp()]
    assert not devices.running
    with pytest.raises(TelephonyDown):
        await line.play(SPEECH)


async def test_pause_resume_and_flush_take_effect_with_the_next_frame() -> None:
    devices = Devices()
    line = TalkLine(A_CALL, devices)
    await line.answer()
    await line.play(SPEECH * 10)
    await devices.turn()
    await line.pause()
    await devices.turn()
    await line.resume()
    await devices.turn()
    await line.flush()
    await devices.turn()
    await line.close()
    assert devices.played == [SPEECH, SILENCE, SPEECH, SILENCE]


async def test_a_hand_over_ends_the_call_and_remembers_the_ticket() -> None:
    line = TalkLine(A_CALL, Devices())
    events, reading = read(line)
    await line.answer()
    await line.note_ticket("GD20261122-000001")
    await line.hand_over(Transfer("appliance", "caller_request", None))
    await reading
    assert not any(isinstance(event, HungUp) for event in events)
    assert line.ticket_no == "GD20261122-000001"


async def test_who_leaves_before_the_answer_is_gone() -> None:
    line = TalkLine(A_CALL, Devices())
    events, reading = read(line)
    line.leave()
    await reading
    assert events == [HungUp()]
    with pytest.raises(TelephonyDown):
        await line.answer()


async def test_devices_that_cannot_be_opened_are_told() -> None:
    line = TalkLine(A_CALL, Devices(refuses=True))
    with pytest.raises(TelephonyDown, match="占用"):
        await line.answer()


async def test_who_plays_more_than_the_queue_holds_waits_for_the_device() -> None:
    devices = Devices()
    line = TalkLine(A_CALL, devices)
    await line.answer()
    await line.play(SPEECH * 50 * 31)
    more = asyncio.create_task(line.play(SPEECH))
    await asyncio.sleep(0.01)
    assert not more.done()
    await devices.turn(times=60)
    async with asyncio.timeout(1):
        await more
    await line.close()


DEVICES = [
    Device(0, "HDA Intel PCH: ALC256", hears=True, speaks=True, rate=44100),
    Device(1, "HDMI 0", hears=False, speaks=True, rate=48000),
    Device(2, "default", hears=True, speaks=True, rate=48000, default_in=True, default_out=True),
]


@pytest.mark.parametrize(("wish", "number"), [("", 2), ("0", 0), ("HDMI", 1), ("default", 2)])
def test_a_device_is_chosen_by_number_or_name(wish: str, number: int) -> None:
    assert choose(DEVICES, wish, hears=False).number == number


def test_a_device_that_is_not_there_is_told() -> None:
    with pytest.raises(NotPrepared, match=r"HDMI.*ALC256"):
        choose(DEVICES, "HDMI", hears=True)
    with pytest.raises(NotPrepared, match="没有麦克风"):
        choose([DEVICES[1]], "", hears=True)


def test_without_pyaudio_it_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyaudio", None)
    with pytest.raises(NotPrepared, match="make prepare-talk"):
        SoundCard(tmp_path)
