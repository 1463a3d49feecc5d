"""Whose turn is it? Speech, pauses, barge-in, silence and keys, counted in seconds of sound.

There is no clock: every 20 ms frame from the caller moves time on, so thirty seconds are tested in none.
`TurnTaking` is told what the bot does (`prompt_started`, `prompt_played`, `nothing_said`) and what the caller
does (`frame`, `digit`), and returns decisions for the shell (`ivr.call.session`) to carry out, in order.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from ivr.audio import FRAME_MS
from ivr.settings import Turns

FOREVER_MS = 1 << 60
GLITCH_MS = 100
"""A gap this short does not break a stretch of speech (stop consonants, a lost packet)."""
SHORT_ASKS = frozenset({"confirm", "prior_ticket", "handoff_offer", "anything_else"})
"""What is answered by a yes, a no or a choice."""


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
    """The turns of one call."""

    def __init__(self, turns: Turns, digit_fields: Iterable[str] = ()) -> None:
        self._turns = turns
        self._digit_fields = frozenset(digit_fields)
        self._floor = Floor.NOBODY
        self._end_ms = _ms(turns.end_s)
        self._keys_asked = False
        self._protected_ms = 0
        self._prompt_ms = 0
        self._paused = False
        self._in_utterance = False
        self._decoding = False
        self._voiced_ms = 0
        self._quiet_ms = 0
        self._stretch_ms = 0
        self._utterance_ms = 0
        self._waited_ms = 0
        self._silences = 0
        self._digits = ""
        self._since_digit_ms = 0

    # --- what the bot does

    def prompt_started(self, asks: tuple[str, ...], *, keys: bool = False, protected: bool = False) -> None:
        """The bot begins to speak; `asks` is what it asks for, `protected` forbids barge-in by voice."""
        self._floor = Floor.BOT
        self._end_ms = self._end_after(asks)
        self._keys_asked = keys
        self._protected_ms = FOREVER_MS if protected else _ms(self._turns.protected_s)
        self._prompt_ms = 0
        self._paused = False
        self._forget_speech()

    def prompt_played(self) -> list[Decision]:
        """The last of it was heard. A pause that speech began in its last moments must end, or the next is mute."""
        resumed: list[Decision] = [ResumePrompt()] if self._paused else []
        self._give_floor_to_caller()
        return resumed

    def nothing_said(self) -> None:
        """What sounded like an utterance held no words; the caller still has the floor, silence goes on counting."""
        self._floor = Floor.CALLER

    def _end_after(self, asks: tuple[str, ...]) -> int:
        if any(ask in self._digit_fields for ask in asks):
            return _ms(self._turns.end_digits_s)
        if asks and all(ask in SHORT_ASKS for ask in asks):
            return _ms(self._turns.end_short_s)
        return _ms(self._turns.end_s)

    def _give_floor_to_caller(self) -> None:
        self._floor = Floor.CALLER
        self._paused = False
        self._waited_ms = 0

    # --- what the caller does

    def digit(self, digit: str) -> list[Decision]:
        """A key was pressed. Keys interrupt always, protected prompts too."""
        decisions: list[Decision] = []
        if self._floor is Floor.BOT:
            decisions.append(StopPrompt())
            self._give_floor_to_caller()
        self._forget_speech()
        self._since_digit_ms = 0
        if digit == "#":
            return decisions + self._close_keys()
        self._digits += digit
        if digit == "0" and self._digits == "0" and not self._keys_asked:
            decisions += self._close_keys()
        return decisions

    def frame(self, probability: float) -> list[Decision]:
        """20 ms of the caller's sound with its probability of being speech."""
        speech = probability >= self._turns.speech_probability
        if self._digits:
            self._since_digit_ms += FRAME_MS
            return self._close_keys() if self._since_digit_ms >= _ms(self._turns.key_gap_s) else []
        if self._in_utterance:
            return self._within_utterance(speech)
        self._prompt_ms += FRAME_MS
        if self._floor is Floor.BOT and self._prompt_ms <= self._protected_ms:
            return []
        return self._before_utterance(speech) or self._silence()

    def _close_keys(self) -> list[Decision]:
        digits, self._digits = self._digits, ""
        stopped: list[Decision] = [StopPrompt()] if self._floor is Floor.BOT else []
        self._floor = Floor.NOBODY
        self._silences = 0
        return [*stopped, KeysEntered(digits)]

    def _before_utterance(self, speech: bool) -> list[Decision]:
        decisions: list[Decision] = []
        if speech:
            self._stretch_ms += FRAME_MS + self._quiet_ms * bool(self._stretch_ms)
            self._voiced_ms += FRAME_MS
            self._quiet_ms = 0
            if self._floor is Floor.BOT and not self._paused and self._voiced_ms >= 3 * FRAME_MS:
                self._paused = True
                decisions.append(PausePrompt())
        else:
            self._quiet_ms += FRAME_MS
            if self._quiet_ms > GLITCH_MS:
                self._stretch_ms = self._voiced_ms = 0
            if self._paused and self._quiet_ms >= _ms(self._turns.resume_s):
                self._paused = False
                decisions.append(ResumePrompt())
        needed = _ms(self._turns.start_s) if self._floor is Floor.CALLER else _ms(self._turns.barge_in_s)
        if self._voiced_ms < needed:
            return decisions
        if self._floor is Floor.BOT:
            decisions.append(StopPrompt())
        decisions.append(UtteranceStarted(preroll_s=self._stretch_ms / 1000))
        self._in_utterance, self._decoding = True, False
        self._utterance_ms = self._stretch_ms
        self._quiet_ms = 0
        self._paused = False
        self._silences = 0
        self._floor = Floor.CALLER
        return decisions

    def _within_utterance(self, speech: bool) -> list[Decision]:
        self._utterance_ms += FRAME_MS
        if self._utterance_ms >= _ms(self._turns.longest_s):
            return self._end_utterance()
        if speech:
            self._voiced_ms += FRAME_MS
            self._quiet_ms = 0
            resumed, self._decoding = self._decoding, False
            return [SpeechResumed()] if resumed else []
        self._quiet_ms += FRAME_MS
        if self._quiet_ms >= self._end_ms:
            return self._end_utterance()
        if not self._decoding and self._quiet_ms >= _ms(self._turns.decode_s):
            self._decoding = True
            return [DecodeEarly()]
        return []

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
