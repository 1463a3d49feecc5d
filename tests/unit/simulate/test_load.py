"""Callers at once: everyone speaks, nothing is lost when one call fails."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from ivr.call.ports import CallerTurn, CallInfo, Ending, Keyed, Reply, Said, Silent
from ivr.errors import DialogueDown
from ivr.settings import PROJECT
from ivr.simulate.caller import CallerAct
from ivr.simulate.load import Load, figure, percentile, read_timings, turns_of
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import load_scenarios
from ivr.tickets.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy(PROJECT / "data")
SCENARIOS = load_scenarios([PROJECT / "tests" / "scenarios" / "appliance.yml"], TAXONOMY)[:3]


@dataclass
class Bot:
    """Takes whatever is said first for all it wanted."""

    broken: bool = False
    heard: list[CallerTurn] = field(default_factory=list)
    ended: list[Ending] = field(default_factory=list)

    async def begin(self, call: CallInfo) -> Reply:
        return Reply("您好，请讲。", asks=("description",))

    async def reply(self, call: CallInfo, turn: CallerTurn) -> Reply:
        if self.broken:
            raise DialogueDown("坏了")
        self.heard.append(turn)
        return Reply("好的，再见。", ended=True)

    async def end(self, call: CallInfo, how: Ending, reason: str | None = None) -> str | None:
        self.ended.append(how)
        return None


def load_of(bot: Bot) -> Load:
    sameness = {"appliance": Sameness.of(TAXONOMY, None)}
    return Load(bot, SCENARIOS, sameness, dt.UTC, calls=2, seconds=0.02, speaks_every_s=(0, 0.001))


async def test_every_answer_is_timed() -> None:
    bot = Bot()
    run = load_of(bot)
    await run.run()
    assert len(run.turns_ms) == len(bot.heard) >= 2
    assert {turn.heard.text for turn in bot.heard if isinstance(turn, Said)} <= {one.says.opening for one in SCENARIOS}
    assert set(bot.ended) <= {"bot_hung_up", "caller_hung_up"}
    assert not run.errors


async def test_a_failed_call_is_reported_and_the_callers_go_on() -> None:
    bot = Bot(broken=True)
    run = load_of(bot)
    await run.run()
    assert len(run.errors) >= 2
    assert "坏了" in run.errors[0]
    assert bot.ended.count("handed_over") == len(run.errors)


def test_speech_comes_before_keys() -> None:
    assert [type(turn) for turn in turns_of(CallerAct(say="是一三八", keys="138"), 0)] == [Said, Keyed]
    assert turns_of(CallerAct(silent=True), 2) == [Silent(2)]


def test_percentiles_by_nearest_rank() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, percent) for percent in (50, 95, 99)] == [50, 95, 99]
    assert percentile([7.0], 95) == 7
    assert percentile([], 95) == 0
    assert figure("NLU", [10.0, 20.0], turns=4).per_turn == 0.5


def test_a_line_cut_short_is_left_out() -> None:
    whole = b'{"sender": "1", "phase": "nlu", "name": "", "ms": 11.5}'
    assert [timing.ms for timing in read_timings([whole, whole[:20]])] == [11.5]
