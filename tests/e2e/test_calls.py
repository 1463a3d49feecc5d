"""Real calls to the whole line, from a SIP client that is not ours (pjsua2): asserted on what the client heard and on
the database. Whatever a test kills is started again by the line itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from ivr.audio import loudness_dbov, read_wav, to_samples
from ivr.commands.telephones import agent_logins, telephones
from ivr.packs import load_packs
from ivr.simulate.agent import AgentPhone
from ivr.simulate.phone_call import run_call
from ivr.simulate.report import CallResult
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario, load_scenarios
from ivr.simulate.world import sown
from ivr.telephony.asterisk.ami import QueueWatch
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Ticket
from tests.e2e.caller import NUMBER, CallerOnThePhone, a_caller, everything_up, ticket_of
from tests.e2e.conftest import PROJECT, RunningLine
from tests.e2e.desk import a_desk
from tests.e2e.measured import ANSWER_GAPS, RING_EVENTS, RING_WEBHOOKS

pytestmark = pytest.mark.line

KILLED_S = 1.0
"""A caller whose bot was killed is in the human queue within this."""
HUNG_S = 5.0
"""… whose bot hangs."""
RING_EVENT_S = 0.2
"""The desk hears of a ring this long before or after it at the most."""


def scenarios() -> list[Scenario]:
    return load_scenarios([PROJECT / "data" / "demo.yml"], load_taxonomy(PROJECT / "data"), ["demo"])


async def played(line: RunningLine, *, calls: int) -> list[CallResult]:
    taxonomy, packs = load_taxonomy(PROJECT / "data"), load_packs(PROJECT / "data")
    (scenario,) = scenarios()
    sameness = Sameness.of(taxonomy, packs[scenario.hotline])
    async with telephones(line.settings) as exchange:

        async def one() -> CallResult:
            async with sown(scenario, line.settings, taxonomy) as world:
                return await run_call(scenario, world, exchange, sameness, dialled="4001000001")

        return list(await asyncio.gather(*(one() for _ in range(calls))))


def failures(result: CallResult) -> list[str]:
    return [f"{check.what}: {check.expected} ≠ {check.got}" for check in result.checks if not check.passed]


async def test_a_complaint_becomes_a_ticket_and_reaches_a_human(line: RunningLine) -> None:
    await everything_up(line)
    (result,) = await played(line, calls=1)
    assert failures(result) == [], [turn.to_json() for turn in result.turns]
    assert result.extra["answered_ms"] <= 2000  # type: ignore[operator]
    assert result.extra["greeting_ms"] <= 1000  # type: ignore[operator]
    (ticket,) = result.tickets
    agent = result.extra["agent"]
    assert isinstance(agent, dict)
    assert agent["ticket_no"] == ticket["ticket_no"]
    assert agent["caller_number"] == "13800138001"
    assert agent["heard_by_caller"], "the caller hears the human"
    assert ticket["handoff"]["outcome"] == "answered"
    assert ticket["handoff"]["agent"] == agent["extension"]
    ANSWER_GAPS.extend(result.gaps_ms)


async def test_two_calls_at_once(line: RunningLine) -> None:
    await everything_up(line)
    results = await played(line, calls=2)
    assert [failures(result) for result in results] == [[], []]
    assert len({result.extra["call_id"] for result in results}) == 2


async def test_hanging_up_in_mid_sentence_keeps_what_was_said(line: RunningLine, tmp_path: Path) -> None:
    async with a_caller(line, tmp_path) as caller:
        await caller.event("played")
        length_s = await caller.start_saying("我家的空调坏了，开了半天都不制冷，我跟你们说啊这个事情")
        await asyncio.sleep(length_s * 0.8)
        await caller.phone.hang_up()
        await caller.event("ended")
    ticket = await ticket_of(line, caller.call_id)
    assert ticket.status == "abandoned"
    assert ticket.callback is not None
    assert ticket.value("product") == "空调"


async def test_the_zero_key_means_a_human_at_any_time(line: RunningLine, tmp_path: Path) -> None:
    (login, *_) = agent_logins(line.settings)
    async with AgentPhone(login, answers=0.5) as agent, a_caller(line, tmp_path) as caller:
        await asyncio.sleep(1.0)
        await caller.phone.key("0")
        handoff = await caller.event("handoff")
        assert handoff.values["reason"] == "caller_request"
        call = await agent.answered(caller.call_id, within_s=10)
        assert call is not None
    ticket = await ticket_of(line, caller.call_id)
    assert call.ticket_no == ticket.ticket_no
    assert ticket.handoff is not None
    assert ticket.handoff.reason == "caller_request"


async def test_speech_interrupts_a_prompt(line: RunningLine, tmp_path: Path) -> None:
    async with a_caller(line, tmp_path) as caller:
        await caller.event("notice_heard")
        await caller.start_saying("空调坏了空调坏了空调坏了")
        greeting = await caller.event("barge_in")
        assert "录音" in greeting.values["heard"]
        assert not greeting.values["heard"].endswith("？"), "the greeting lasts longer when nobody interrupts it"
        heard = await caller.event("heard")
        assert "空调" in heard.values["text"]
        await caller.event("reply")
    assert (await ticket_of(line, caller.call_id)).value("product") == "空调"


async def test_silence_is_asked_about_and_ends_the_call(line: RunningLine, tmp_path: Path) -> None:
    async with a_caller(line, tmp_path) as caller:
        for times in (1, 2, 3):
            await caller.event("played")
            began = time.monotonic()
            silence = await caller.event("silence")
            spoken = _sounds(caller)
            assert silence.values["times"] == times
            assert time.monotonic() - began == pytest.approx(5.0, abs=1.0)
            await caller.event("reply")
            async with asyncio.timeout(5):  # the caller hears that somebody asks
                while _sounds(caller) == spoken:
                    await asyncio.sleep(0.05)
        ended = await caller.event("ended")
        assert ended.values["how"] in ("bot_hung_up", "handed_over")
    assert loudness_dbov(to_samples(read_wav(tmp_path / "caller" / "heard.wav"))) > -35


def _sounds(caller: CallerOnThePhone) -> int:
    return sum(event.kind == "speech_started" for event in caller.phone.seen)


@pytest.mark.parametrize(("number", "within_s"), [(signal.SIGKILL, KILLED_S), (signal.SIGSTOP, HUNG_S)])
async def test_a_bot_that_dies_or_hangs_leaves_the_caller_with_a_human(
    line: RunningLine, tmp_path: Path, number: signal.Signals, within_s: float
) -> None:
    (login, *_) = agent_logins(line.settings)
    async with AgentPhone(login, answers=0.5) as agent, a_caller(line, tmp_path) as caller:
        await caller.event("played")
        await caller.say("你好我家的空调坏了")
        await caller.event("played")
        began = time.monotonic()
        os.kill(line.pid("line"), number)
        call = await agent.answered(caller.call_id, within_s=within_s + 5)
        assert call is not None
        assert call.rang - began < within_s
        assert call.ticket_no is not None, "the ticket reaches the human though the bot is dead"
        assert call.ended is False
    ticket = await ticket_of(line, caller.call_id, within_s=60)
    assert ticket.ticket_no == call.ticket_no
    assert ticket.value("product") == "空调"
    assert ticket.status == "incomplete"
    await everything_up(line)


async def test_nobody_at_work_a_call_back_is_offered_and_noted(line: RunningLine, tmp_path: Path) -> None:
    await _nobody_at_work(line)
    async with a_caller(line, tmp_path) as caller:
        await caller.event("played")
        await caller.phone.key("0")
        offer = await caller.event("reply")
        assert offer.values["asks"] == ["handoff_offer"], offer.values
        assert "回电" in offer.values["text"]
        await caller.event("played")
        await caller.phone.key("1")
        promise = await caller.event("reply")
        assert (promise.values["ended"], "回电" in promise.values["text"]) == (True, True)
        ended = await caller.phone.wait("ended", timeout=30)
        assert ended["code"] == 200
    ticket = await _with_outcome(line, caller.call_id)
    assert ticket.handoff is not None
    assert (ticket.handoff.outcome, ticket.handoff.reason) == ("no_agent", "caller_request")
    assert ticket.callback is not None
    assert ticket.callback.number == NUMBER
    assert "选择回电" in ticket.callback.why


async def test_the_agent_with_the_skill_declines_and_the_next_one_rings(line: RunningLine, tmp_path: Path) -> None:
    skilled, other = agent_logins(line.settings)[:2]
    async with (
        AgentPhone(skilled, answers="decline") as first,
        AgentPhone(other, answers=0.5) as second,
        a_caller(line, tmp_path) as caller,
        a_desk(line) as desk,
    ):
        await caller.event("notice_heard")
        await caller.say("我买的空调我要退货")
        await caller.event("reply")
        await caller.phone.key("0")
        await caller.event("handoff")
        call = await second.answered(caller.call_id, within_s=15)
        assert call is not None
        declined = first.of(caller.call_id)
        assert declined is not None, "the agent with the skill rings first"
        for ring in (declined, call):
            came, event = await desk.told("ringing", agent=ring.extension)
            RING_EVENTS.append(round(1000 * (came - ring.rang)))
            assert abs(came - ring.rang) <= RING_EVENT_S
            assert (event["call_id"], event["ticket_no"]) == (caller.call_id, ring.ticket_no)
            assert (event["queue"], event["reason"]) == ("appliance_refund", "caller_request")
            assert {"caller", "bot"} == {row["who"] for row in event["last_lines"]}
            hooked = await asyncio.to_thread(line.hooked.ring, ring.ticket_no, ring.extension)
            RING_WEBHOOKS.append(round(1000 * (hooked - ring.rang)))
        await desk.told("missed", agent=declined.extension)
        await desk.told("handoff_ended", outcome="answered", agent=call.extension)
    ticket = await _with_outcome(line, caller.call_id)
    assert ticket.handoff is not None
    assert (ticket.handoff.outcome, ticket.handoff.agent) == ("answered", call.extension)
    assert ticket.callback is None


async def test_a_caller_who_hangs_up_in_the_queue_leaves_a_whole_ticket(line: RunningLine, tmp_path: Path) -> None:
    (login, *_) = agent_logins(line.settings)
    async with AgentPhone(login, answers="ignore"), a_desk(line) as desk, a_caller(line, tmp_path) as caller:
        await caller.event("played")
        await caller.say("你好我家的空调坏了")
        await caller.event("reply")
        await caller.phone.key("0")
        await caller.event("handoff")
        await desk.told("ringing", agent=login.extension)
        await caller.phone.hang_up()
        await desk.told("handoff_ended", outcome="abandoned")
    ticket = await _with_outcome(line, caller.call_id)
    assert ticket.handoff is not None
    assert ticket.handoff.outcome == "abandoned"
    assert (ticket.status, ticket.value("product"), ticket.category) == ("incomplete", "空调", "product_fault")
    assert ticket.callback is not None
    assert ticket.callback.number == NUMBER
    assert any("空调" in row.text for row in ticket.transcript if row.who == "caller")


async def _nobody_at_work(line: RunningLine) -> None:
    """An earlier test's telephone that did not sign off is noticed after half a minute."""
    watch = QueueWatch(line.settings)
    await watch.start()
    try:
        async with asyncio.timeout(40):
            while (humans := watch.humans("appliance")) is None or humans.at_work:
                await asyncio.sleep(0.1)
    finally:
        await watch.stop()


async def _with_outcome(line: RunningLine, call_id: str) -> Ticket:
    """Once it is written what became of the hand-over (and the call-back after it)."""
    async with asyncio.timeout(10):
        while True:
            ticket = await ticket_of(line, call_id)
            outcome = ticket.handoff.outcome if ticket.handoff else None
            if outcome and (outcome == "answered" or ticket.callback):
                return ticket
            await asyncio.sleep(0.1)


async def test_without_rasa_there_is_one_apology_and_a_human(line: RunningLine, tmp_path: Path) -> None:
    (login, *_) = agent_logins(line.settings)
    async with AgentPhone(login, answers=0.5) as agent, a_caller(line, tmp_path) as caller:
        await caller.event("played")
        os.kill(line.pid("rasa"), signal.SIGKILL)
        await caller.say("你好我家的空调坏了，不制冷")
        before = _sounds(caller)
        apology = await caller.event("reply")
        assert "对不起" in apology.values["text"]
        await caller.event("played")
        assert _sounds(caller) > before, "the apology is heard"
        assert (await caller.event("handoff")).values["reason"] == "bot_failure"
        call = await agent.answered(caller.call_id, within_s=15)
        assert call is not None
    ticket = await ticket_of(line, caller.call_id)
    assert call.ticket_no == ticket.ticket_no
    assert ticket.handoff is not None
    assert ticket.handoff.reason == "bot_failure"
    assert any("空调" in row.text for row in ticket.transcript if row.who == "caller")
