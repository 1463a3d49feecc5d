"""Waiting for a human; hand-overs that begin or end while nobody listens to AMI: a real Asterisk, real SIP calls.
Without a bot the dialplan gives every call to humans."""

import asyncio
import dataclasses
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr.audio import RATE, read_wav, write_wav
from ivr.packs import load_packs
from ivr.settings import Agent, Settings, Telephony
from ivr.simulate.softphone import Softphone
from ivr.telephony.asterisk.ami import QueueWatch
from ivr.telephony.asterisk.handoffs import HandoffOutcome, HandoffStep
from ivr.telephony.asterisk.secrets import load_secrets
from ivr.telephony.asterisk.server import prepare
from tests.e2e.conftest import free_ports
from tests.e2e.own_asterisk import started
from tests.e2e.test_line_transport import loudest_hz, until, uri
from tests.e2e.tone_bot import tone

pytestmark = pytest.mark.line

CALLER = "13800010001"
SOUNDS = {"waiting": 700.0, "called_back": 900.0}
"""What is said to who waits, as tones in hertz; it rings at 450."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    var = tmp_path_factory.mktemp("catching-up") / "var"
    telephony = Telephony(agents=(Agent(extension="8001"),), queue_timeout_s=30, ring_timeout_s=5, waiting_every_s=3)
    settings = dataclasses.replace(Settings(), var=var, ports=free_ports(), telephony=telephony)
    prepared = prepare(settings, load_packs(settings.data))
    for name, hz in SOUNDS.items():
        write_wav(prepared.where.sounds / f"{name}.wav", tone(1.0, hz))
    with started(prepared, var):
        yield settings


class Watch:
    """A line process as far as AMI is concerned."""

    def __init__(self, settings: Settings) -> None:
        self.steps: list[HandoffStep] = []
        self.outcomes: list[HandoffOutcome] = []
        self.queues = QueueWatch(settings, self._ended, on_step=self.steps.append)

    def _ended(self, outcome: HandoffOutcome) -> None:
        self.outcomes.append(outcome)
        self.queues.settled(outcome.call_id)

    @property
    def kinds(self) -> list[str]:
        return [step.kind for step in self.steps]

    async def next_kinds(self, *kinds: str) -> None:
        await until(lambda: self.kinds == list(kinds), within_s=10)


@asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[Watch]:
    watch = Watch(settings)
    await watch.queues.start()
    try:
        yield watch
    finally:
        await watch.queues.stop()


@asynccontextmanager
async def agent(settings: Settings, answers: float | str) -> AsyncIterator[Softphone]:
    async with Softphone() as phone:
        password = load_secrets(settings.var / "secrets.toml", ["8001"]).agents["8001"]
        await phone.register("8001", password, host="127.0.0.1", port=settings.ports.sip)
        await phone.answer_calls(answers)
        yield phone


async def test_who_waits_is_told_so_and_may_choose_a_call_back(settings: Settings, tmp_path: Path) -> None:
    async with agent(settings, "ignore") as phone, Softphone(record=tmp_path) as caller, listening(settings) as watch:
        await caller.call(uri(settings), caller=CALLER)
        await phone.wait("incoming")
        await caller.key("5")  # means nothing
        await asyncio.sleep(settings.telephony.ring_timeout_s + 3)
        assert watch.outcomes == []
        await caller.key("1")
        ended = await caller.wait("ended")
        await until(lambda: watch.outcomes)
    (outcome,) = watch.outcomes
    assert (outcome.outcome, outcome.wants_call_back, ended["code"]) == ("no_agent", True, 200)
    assert outcome.waited_s == pytest.approx(settings.telephony.ring_timeout_s + 3, abs=2)
    heard = tones(read_wav(tmp_path / "heard.wav"))
    assert heard[-1] == SOUNDS["called_back"]
    assert SOUNDS["waiting"] in heard


def tones(pcm: bytes) -> list[float]:
    """Which of our sounds is heard, one after another."""
    step = round(0.2 * RATE) * 2
    pieces = [pcm[at : at + step] for at in range(0, len(pcm) - step, step)]
    heard = [hz for piece in pieces for hz in SOUNDS.values() if abs(loudest_hz(piece) - hz) < 10]
    return [hz for hz, _ in itertools.groupby(heard)]


async def test_a_call_that_rings_when_we_begin_to_listen_is_told(settings: Settings) -> None:
    async with agent(settings, "ignore") as phone, Softphone() as caller:
        await caller.call(uri(settings), caller=CALLER)
        await phone.wait("incoming")
        async with listening(settings) as watch:
            assert watch.kinds == ["queued", "ringing"]
            queued, ringing = watch.steps
            assert (queued.queue, queued.reason, queued.caller) == ("appliance", "bot_failure", CALLER)
            assert ringing.agent == "8001"
            await until(lambda: watch.queues.free_agents("appliance") == 0)
            await caller.hang_up()
            await until(lambda: watch.outcomes)
    assert [(one.outcome, one.call_id) for one in watch.outcomes] == [("abandoned", queued.call_id)]


async def test_what_ended_while_nobody_listened_is_told_once(settings: Settings) -> None:
    async with agent(settings, "ignore") as phone, Softphone() as caller:
        async with listening(settings) as watch:
            await caller.call(uri(settings), caller=CALLER)
            await phone.wait("incoming")
            await watch.next_kinds("queued", "ringing")
        await asyncio.sleep(2)
        await caller.hang_up()
        await phone.wait("ended")
        await asyncio.sleep(0.5)
        await watch.queues.start()  # the same process connects again
        await watch.queues.stop()
        assert [one.outcome for one in watch.outcomes] == ["abandoned"]
        async with listening(settings) as other:
            assert other.outcomes == [], "it is on its ticket: Asterisk does not keep it"


async def test_a_new_process_is_told_what_it_never_heard_of(settings: Settings) -> None:
    async with agent(settings, 0.3) as phone:
        async with Softphone() as caller:
            await caller.call(uri(settings), caller=CALLER)
            await phone.wait("answered")
            async with listening(settings) as watch:
                (outcome,) = watch.outcomes
                assert (outcome.outcome, outcome.agent, outcome.caller) == ("answered", "8001", CALLER)
                assert outcome.waited_s < 5
                assert watch.steps == []
            await caller.hang_up()
        await asyncio.sleep(0.5)
        async with listening(settings) as later:
            (again,) = later.outcomes
            assert (again.outcome, again.agent, again.call_id) == ("answered", "8001", outcome.call_id)


async def test_a_call_that_went_with_asterisk_is_no_ghost(tmp_path: Path) -> None:
    telephony = Telephony(agents=(Agent(extension="8001"),), queue_timeout_s=30, ring_timeout_s=5)
    settings = dataclasses.replace(Settings(), var=tmp_path / "var", ports=free_ports(), telephony=telephony)
    prepared, watch = prepare(settings, load_packs(settings.data)), Watch(settings)
    with started(prepared, settings.var) as asterisk:
        async with agent(settings, "ignore") as phone, Softphone() as caller:
            await watch.queues.start()
            await caller.call(uri(settings), caller=CALLER)
            await phone.wait("incoming")
            await watch.next_kinds("queued", "ringing")
            asterisk.kill()
            await until(lambda: not watch.queues.connected)
    with started(prepared, settings.var):
        await until(lambda: watch.outcomes, within_s=20)
    await watch.queues.stop()
    assert [one.outcome for one in watch.outcomes] == ["failed"]
