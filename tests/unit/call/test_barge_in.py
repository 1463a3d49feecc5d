"""Speech over a prompt, in seconds of sound: coughs, echoes, callers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.audio import FRAME_MS
from ivr.call.echo import EchoGuard, Source
from ivr.call.turn import (
    Decision,
    PausePrompt,
    ResumePrompt,
    StopPrompt,
    TurnTaking,
    UtteranceEnded,
    UtteranceStarted,
)
from ivr.settings import Turns

TURNS = Turns()
BOT_DBOV = -19.0


class Scene:
    """A prompt that plays until it is held or stopped; sound on the caller's side, with the echo of the prompt."""

    def __init__(self, *, echo_db: float | None = None, delay_s: float = 0.1, protected: bool = False) -> None:
        self.turns = TurnTaking(TURNS)
        self.turns.prompt_started((), protected=protected)
        self.echo_db, self.delay = echo_db, round(delay_s * 1000 / FRAME_MS)
        self.played: list[float | None] = []
        self.plays, self.held = True, False
        self.frames = 0
        self.log: list[tuple[float, Decision]] = []

    def hear(self, for_s: float, caller_dbov: float | None = None) -> Scene:
        for _ in range(round(for_s * 1000 / FRAME_MS)):
            self.frames += 1
            playing = BOT_DBOV if self.plays and not self.held else None
            self.played.append(playing)
            came = self.played[-1 - self.delay] if len(self.played) > self.delay else None
            echo = came + self.echo_db if came is not None and self.echo_db is not None else None
            levels = [each for each in (caller_dbov, echo) if each is not None]
            speech = 0.95 if levels else 0.02
            decisions = self.turns.frame(speech, level_dbov=max(levels, default=-70.0), playing_dbov=playing)
            for decision in decisions:
                self.log.append((self.frames * FRAME_MS / 1000, decision))
                self.held = isinstance(decision, PausePrompt) or (
                    self.held and not isinstance(decision, ResumePrompt | StopPrompt)
                )
                self.plays = self.plays and not isinstance(decision, StopPrompt)
        return self

    def count(self, kind: type) -> int:
        return sum(isinstance(decision, kind) for _, decision in self.log)


def test_a_caller_as_loud_as_usual_stops_the_prompt_within_300_ms() -> None:
    scene = Scene().hear(1.0).hear(1.0, caller_dbov=-24.0)
    assert [type(decision) for _, decision in scene.log] == [PausePrompt, StopPrompt, UtteranceStarted]
    assert scene.log[0][0] == pytest.approx(1.06)
    assert scene.log[1][0] <= 1.3


def test_an_echo_at_20_db_never_even_holds_the_prompt() -> None:
    assert Scene(echo_db=-20.0).hear(60.0).log == []


def test_an_echo_at_12_db_is_learned_from_a_hesitation_or_two() -> None:
    scene = Scene(echo_db=-12.0).hear(120.0)
    assert scene.count(StopPrompt) == 0
    assert scene.count(PausePrompt) == scene.count(ResumePrompt) <= 3


@pytest.mark.parametrize("echo_db", [None, -20.0, -12.0])
def test_callers_stop_the_prompt_over_an_echo(echo_db: float | None) -> None:
    scene = Scene(echo_db=echo_db).hear(20.0)
    began = scene.frames * FRAME_MS / 1000
    scene.hear(1.0, caller_dbov=-22.0)
    stopped = [at for at, decision in scene.log if isinstance(decision, StopPrompt)]
    assert len(stopped) == 1
    assert stopped[0] - began <= 0.5


def test_a_quiet_caller_is_heard_once_the_bot_holds_its_tongue() -> None:
    scene = Scene().hear(1.0).hear(1.5, caller_dbov=-34.0)
    assert scene.count(StopPrompt) == 1


def test_the_last_syllable_coming_back_is_no_utterance() -> None:
    scene = Scene(echo_db=-20.0, delay_s=0.2).hear(3.0)
    scene.plays = False
    scene.turns.prompt_played()
    assert scene.hear(1.0).count(UtteranceStarted) == 0


def test_every_hesitation_is_over_within_half_a_second() -> None:
    scene = Scene().hear(1.0).hear(0.16, caller_dbov=-20.0).hear(2.0)
    (held, _), (resumed, _) = scene.log
    assert resumed - held <= 0.5


def test_what_was_learned_of_the_echo_fades() -> None:
    guard = EchoGuard(-20.0)
    for _ in range(10):
        guard.frame(True, BOT_DBOV - 8, BOT_DBOV)
    guard.learn()
    learned = guard.echo_db
    assert learned == -14.0
    for _ in range(2000):
        guard.frame(False, -60.0, BOT_DBOV)
    assert guard.echo_db == pytest.approx(learned - 15)
    assert guard.frame(True, BOT_DBOV - 15, BOT_DBOV) is Source.CALLER


stretches = st.lists(
    st.tuples(st.booleans(), st.integers(1, 60), st.sampled_from([-20.0, -26.0, -33.0, -45.0])), max_size=40
)


@given(stretches, st.booleans(), st.sampled_from([None, -20.0, -12.0]))
def test_whatever_the_caller_does(
    stretches: list[tuple[bool, int, float]], protected: bool, echo_db: float | None
) -> None:
    scene = Scene(echo_db=echo_db, protected=protected)
    for speech, frames, level in stretches:
        scene.hear(frames * FRAME_MS / 1000, level if speech else None)
    scene.echo_db = None
    scene.hear(4.0)
    holds = [(at, type(decision)) for at, decision in scene.log if not isinstance(decision, UtteranceEnded)]
    for at, kind in holds:
        if kind in (PausePrompt, StopPrompt):
            assert at > TURNS.protected_s
            assert not protected
    held_at: float | None = None
    for at, kind in holds:
        if kind is PausePrompt:
            assert held_at is None
            held_at = at
        elif kind in (ResumePrompt, StopPrompt):
            assert held_at is not None, "nothing stops that was not held first"
            assert at - held_at <= 0.5
            held_at = None
    assert held_at is None, "a hold that nothing ends"
    assert scene.count(UtteranceStarted) == scene.count(UtteranceEnded), "an utterance that never ends"
