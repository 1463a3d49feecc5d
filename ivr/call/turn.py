"""Whose turn is it? Speech, pauses, barge-in, silence and keys, counted in seconds of sound.

There is no clock: every 20 ms frame from the caller moves time on, so thirty seconds are tested in none.
`TurnTaking` is told what the bot does (`prompt_started`, `prompt_played`, `nothing_said`), what the caller does
(`frame`, `digit`) and what was understood so far (`words`), and returns decisions for call control (`ivr.call.control`)
to carry out, in order. Its parts: `barge_in` and `echo` (speech over a prompt), `endpointing` (has the caller
finished?), `keypad`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ivr.audio import FRAME_MS
from ivr.call.barge_in import GLITCH_MS, BargeIn, Verdict
from ivr.call.echo import Source
from ivr.call.endpointing import Endpointing, Judge, undecided
from ivr.call.fading import LONGEST_MS, Fading
from ivr.call.keypad import Keypad
from ivr.settings import Turns


def _ms(seconds: float) -> int:
    """Whole milliseconds: sums of 20 ms frames stay exact."""
    return round(seconds * 1000)


# --- decisions ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UtteranceStarted:
    """The caller speaks. The utterance began `preroll_s` ago."""

    preroll_s: float


@dataclass(frozen=True, slots=True)
class DecodeEarly:
    """Probably the end of the utterance: recognise what there is, to be thrown away on `SpeechResumed`."""


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """It was only a pause."""


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    voiced_s: float
    """Speech in it, pauses left out."""
    quiet_s: float = 0.0
    """Silence since the last of it: what was waited before the turn was taken to be over."""


@dataclass(frozen=True, slots=True)
class PausePrompt:
    """Perhaps a barge-in."""


@dataclass(frozen=True, slots=True)
class ResumePrompt:
    """It was a cough."""


@dataclass(frozen=True, slots=True)
class StopPrompt:
    """A barge-in."""


@dataclass(frozen=True, slots=True)
class KeysEntered:
    digits: str


@dataclass(frozen=True, slots=True)
class SilenceElapsed:
    times: int
    """How often in a row nothing was said."""


Decision = (
    UtteranceStarted | DecodeEarly | SpeechResumed | UtteranceEnded
    | PausePrompt | ResumePrompt | StopPrompt | KeysEntered | SilenceElapsed
)  # fmt: skip


class Floor(enum.Enum):
    """Who may speak."""

    BOT = "bot"
    """A prompt plays."""
    CALLER = "caller"
    """We wait for the caller."""
    NOBODY = "nobody"
    """The bot works out its answer."""


class TurnTaking:
    """The turns of one call. `judge` tells what words are as an answer (`ivr.conversation.wholeness`)."""

    def __init__(self, turns: Turns, judge: Judge = undecided) -> None:
        self._turns = turns
        self._endpointing = Endpointing(turns, judge)
        self._barge_in = BargeIn(turns)
        self._keypad = Keypad(turns, judge)
        self._fading = Fading()
        self._floor = Floor.NOBODY
        self._in_utterance = False
        self._decoding = False
        self._voiced_ms = 0
        self._quiet_ms = 0
        self._stretch_ms = 0
        self._utterance_ms = 0
        self._waited_ms = 0
        self._silences = 0

    # --- what the bot does

    def prompt_started(
        self, asks: tuple[str, ...], *, keys: bool = False, protected: bool = False, after_s: float = 0.0
    ) -> list[Decision]:
        """The bot begins to speak; `asks` is what it asks for, `protected` forbids barge-in by voice, `after_s` is
        what still plays before it."""
        held: list[Decision] = [ResumePrompt()] if self._barge_in.holding else []
        self._floor = Floor.BOT
        self._endpointing.asked(asks)
        self._keypad.asked(asks, wanted=keys)
        self._barge_in.prompt_started(protected=protected, after_s=after_s)
        self._forget_speech()
        return held

    def unprotect(self) -> None:
        """The protected part of the prompt was heard."""
        self._barge_in.unprotect()

    def prompt_played(self) -> list[Decision]:
        """The last of it was heard. A hold that speech began in its last moments must end, or the next is mute."""
        held: list[Decision] = [ResumePrompt()] if self._barge_in.holding else []
        self._give_floor_to_caller()
        return held

    def nothing_said(self) -> None:
        """What sounded like an utterance held no words; the caller still has the floor, silence goes on counting."""
        self._floor = Floor.CALLER

    def _give_floor_to_caller(self) -> None:
        self._floor = Floor.CALLER
        self._barge_in.prompt_started(protected=False)
        self._waited_ms = 0

    # --- what the caller does

    def digit(self, key: str) -> list[Decision]:
        """A key was pressed. Keys interrupt always, protected prompts too."""
        decisions = self._stop_prompt()
        self._forget_speech()
        digits = self._keypad.press(key)
        return decisions if digits is None else [*decisions, *self._keyed(digits)]

    def words(self, text: str) -> list[Decision]:
        """What was understood of the utterance under way, up to now: it may be a whole answer."""
        if not self._in_utterance:
            return []
        self._endpointing.words(text)
        return self._end_utterance() if self._is_over() else []

    def frame(
        self, probability: float, *, level_dbov: float | None = None, playing_dbov: float | None = None
    ) -> list[Decision]:
        """20 ms of the caller's sound with its probability of being speech; how loud it is, and how loud what the
        bot plays at that time (None: not measured, nothing)."""
        speech = probability >= self._turns.speech_probability
        guard = self._barge_in.guard
        source = guard.frame(speech, level_dbov, playing_dbov)
        faded_ms = self._fading.frame(level_dbov)
        if self._keypad.open:
            digits = self._keypad.frame()
            return [] if digits is None else self._keyed(digits)
        if self._in_utterance:
            return self._within_utterance(speech, faded_ms)
        if self._floor is Floor.BOT:
            return self._over_prompt(speech, source)
        # The last of what the bot said may still come back.
        return self._before_utterance(speech and (source is Source.CALLER or not guard.possible)) or self._silence()

    def _stop_prompt(self) -> list[Decision]:
        if self._floor is not Floor.BOT:
            return []
        self._give_floor_to_caller()
        return [StopPrompt()]

    def _keyed(self, digits: str) -> list[Decision]:
        stopped = self._stop_prompt()
        self._floor = Floor.NOBODY
        self._silences = 0
        return [*stopped, KeysEntered(digits)]

    def _over_prompt(self, speech: bool, source: Source) -> list[Decision]:
        match self._barge_in.frame(speech, source):
            case Verdict.HOLD:
                return [PausePrompt()]
            case Verdict.GO_ON:
                return [ResumePrompt()]
            case Verdict.STOP:
                self._stretch_ms = self._barge_in.began_ms
                self._voiced_ms = _ms(self._turns.barge_in_s)
                return [*self._stop_prompt(), self._start_utterance()]
            case None:
                return []

    def _before_utterance(self, speech: bool) -> list[Decision]:
        if speech:
            self._stretch_ms += FRAME_MS + self._quiet_ms * bool(self._stretch_ms)
            self._voiced_ms += FRAME_MS
            self._quiet_ms = 0
        else:
            self._quiet_ms += FRAME_MS
            if self._quiet_ms > GLITCH_MS:
                self._stretch_ms = self._voiced_ms = 0
        needed = self._turns.start_s if self._floor is Floor.CALLER else self._turns.barge_in_s
        return [self._start_utterance()] if self._voiced_ms >= _ms(needed) else []

    def _start_utterance(self) -> Decision:
        self._in_utterance, self._decoding = True, False
        self._endpointing.forget_words()
        self._fading.forget()
        self._utterance_ms = self._stretch_ms
        self._quiet_ms = 0
        self._silences = 0
        self._floor = Floor.CALLER
        return UtteranceStarted(preroll_s=self._stretch_ms / 1000)

    def _within_utterance(self, speech: bool, faded_ms: int) -> list[Decision]:
        self._utterance_ms += FRAME_MS
        if self._utterance_ms >= _ms(self._turns.longest_s):
            return self._end_utterance()
        if speech and not 0 < faded_ms <= LONGEST_MS:
            return self._spoken_on()
        self._quiet_ms = max(self._quiet_ms + FRAME_MS, min(faded_ms, LONGEST_MS))
        if self._is_over():
            return self._end_utterance()
        if not self._decoding and self._quiet_ms >= _ms(self._turns.decode_s):
            self._decoding = True
            return [DecodeEarly()]
        return []

    def _spoken_on(self) -> list[Decision]:
        self._voiced_ms += FRAME_MS
        self._quiet_ms = 0
        resumed, self._decoding = self._decoding, False
        if not resumed:
            return []
        self._endpointing.forget_words()
        return [SpeechResumed()]

    def _is_over(self) -> bool:
        return self._quiet_ms >= _ms(self._endpointing.silence_s)

    def _end_utterance(self) -> list[Decision]:
        voiced_s, quiet_s = self._voiced_ms / 1000, self._quiet_ms / 1000
        self._floor = Floor.NOBODY
        self._forget_speech()
        return [UtteranceEnded(voiced_s, quiet_s)]

    def _silence(self) -> list[Decision]:
        if self._floor is not Floor.CALLER or self._stretch_ms:
            return []
        self._waited_ms += FRAME_MS
        if self._waited_ms < _ms(self._turns.silence_s):
            return []
        self._waited_ms = 0
        self._silences += 1
        self._floor = Floor.NOBODY
        return [SilenceElapsed(self._silences)]

    def _forget_speech(self) -> None:
        self._in_utterance = self._decoding = False
        self._voiced_ms = self._quiet_ms = self._stretch_ms = self._utterance_ms = 0
