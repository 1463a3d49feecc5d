"""The simulated caller: the bot's turn in, what the caller does out. No time, no network (docs/contract/scenario.md).

The caller knows its scenario, hears the bot's words and their marks, and nothing else of the product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.simulate.expectation import Wanted
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario

Mode = Literal["text", "call"]
MOST_TURNS = 30
"""Turns of the caller; asked for more, the scenario fails."""
MOST_ASKS = 2
"""Things that one turn of the bot may ask for."""


@dataclass(frozen=True, slots=True)
class BotTurn:
    """One turn of the bot as the caller meets it."""

    text: str
    asks: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    keys: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class CallerAct:
    """What the caller does with its turn: speech first, keys after it."""

    say: str | None = None
    keys: str | None = None
    silent: bool = False
    hang_up: bool = False
    """As this utterance ends (or at once, when there is none)."""
    over: bool = False
    """The call is over; nothing is said."""


@dataclass(slots=True)
class Caller:
    scenario: Scenario
    sameness: Sameness
    mode: Mode = "text"
    questions: int = 0
    """Things asked so far, the greeting not counted."""
    asked: list[str] = field(default_factory=list)
    """What was asked for, in order, the greeting not counted."""
    failures: list[tuple[str, str]] = field(default_factory=list)
    """(name, what happened): rules of a conversation that the product broke."""
    remarks: list[str] = field(default_factory=list)
    """What is reported, not failed."""
    _turns: int = 0
    _utterances: int = 0
    _greeted: bool = False
    _opened: bool = False
    _given: Counter[str] = field(default_factory=Counter)
    """Answers given so far, by what was asked for."""

    def hears(self, turn: BotTurn) -> CallerAct:
        """The bot has said this and waits, or has ended the call."""
        greeting, self._greeted = not self._greeted, True
        if not greeting and not turn.ended:
            self._count(turn)
        if turn.ended:
            return CallerAct(over=True)
        if self._turns >= MOST_TURNS:
            self.failures.append(("too_long", f"来电者说了 {MOST_TURNS} 轮，通话还没有结束"))
            return CallerAct(hang_up=True)
        if len(turn.asks) > MOST_ASKS:
            self.failures.append(("asks", f"一轮里问了 {len(turn.asks)} 件事：{'、'.join(turn.asks)}"))
        self._turns += 1
        return self._counted(self._act(turn, greeting=greeting))

    def close(self) -> None:
        """The call is over: what was planned and never came is reported."""
        says = self.scenario.says
        left = sorted({*says.instead, *says.silent} - set(range(self._turns + 1)))
        if left:
            self.remarks.append(f"第 {'、'.join(map(str, left))} 轮没有到来（通话共 {self._turns} 轮）")
        if says.hangs_up_after and says.hangs_up_after > self._utterances:
            self.remarks.append(f"没有说到第 {says.hangs_up_after} 句，所以没有挂断")

    def _count(self, turn: BotTurn) -> None:
        self.questions += len(turn.asks) or 1
        self.asked += turn.asks
        if not turn.asks:
            self.remarks.append(f"这一轮没有标明在问什么：{turn.text}")

    def _counted(self, act: CallerAct) -> CallerAct:
        if act.silent:
            return act
        self._utterances += 1
        if self._utterances == self.scenario.says.hangs_up_after:
            return CallerAct(say=act.say, keys=act.keys, hang_up=True)
        return act

    def _act(self, turn: BotTurn, *, greeting: bool) -> CallerAct:
        says = self.scenario.says
        if self._turns in says.silent:
            return CallerAct(silent=True)
        if self._turns in says.instead:
            return CallerAct(say=says.instead[self._turns])
        if not self._opened and (greeting or not turn.asks or "description" in turn.asks):
            self._opened = True
            return CallerAct(say=says.opening)
        return self._answer(turn)

    def _answer(self, turn: BotTurn) -> CallerAct:
        said: list[str] = []
        keyed = ""
        for ask in turn.asks:
            if ask == "confirm":
                keyed += self._confirm(turn, said)
            else:
                keyed += self._give(ask, turn, said)
        if not turn.asks:
            said.append(self.scenario.says.otherwise)
        return CallerAct(say="，".join(said) or None, keys=keyed or None)

    def _give(self, ask: str, turn: BotTurn, said: list[str]) -> str:
        """The answer for one thing: added to what is said, or returned as keys."""
        says = self.scenario.says
        if ask in says.keys:
            return says.keys[ask]
        digits = self._digits_of_truth(ask) if turn.keys and self.mode == "call" else None
        if digits:
            return digits
        said.append(self._next(ask))
        return ""

    def _next(self, ask: str) -> str:
        answers = self.scenario.says.answers.get(ask)
        if not answers:
            return self.scenario.says.otherwise
        index = min(self._given[ask], len(answers) - 1)
        self._given[ask] += 1
        return answers[index]

    def _confirm(self, turn: BotTurn, said: list[str]) -> str:
        wrong = [] if self.scenario.says.confirm_always else [f for f, v in turn.about.items() if self._differs(f, v)]
        if not wrong:
            said.append(self._next("confirm"))
            return ""
        said.append("不对")
        return "".join(self._give(field_id, turn, said) for field_id in wrong if field_id not in turn.asks)

    def _differs(self, field_id: str, stated: str) -> bool:
        """From every truth that is known of it. What the scenario knows nothing of is not denied."""
        truths = self._truths(field_id)
        return bool(truths) and not any(self.sameness.fits(field_id, stated, truth) for truth in truths)

    def _truths(self, field_id: str) -> list[Wanted]:
        """`expect.fields`, of every complaint of the call; else `says.truth`."""
        expect = self.scenario.expect
        expected = [e.fields[field_id] for e in (expect, *expect.also) if field_id in e.fields]
        told = self.scenario.says.truth.get(field_id)
        return expected or ([Wanted(told)] if told is not None else [])

    def _digits_of_truth(self, ask: str) -> str | None:
        values = [truth.value for truth in self._truths(ask)]
        told = self.scenario.says.truth.get(ask)
        return next((v for v in (*values, told) if v and v.isascii() and v.isdigit()), None)
