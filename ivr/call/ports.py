"""What one call needs from the outside, as ports. Each has its makers elsewhere and one fake in `tests/fakes`.

    Line          the telephone line of one call: hear, speak, stop, keys, transfer, hang up
    Recogniser    speech → words
    Voice         words → speech
    Conversation  the caller's turn → the bot's turn (Rasa behind it)

All sound is `ivr.audio`'s: 8 kHz mono signed 16 bit PCM, 20 ms frames.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class CallInfo:
    """What is known of a call when it arrives."""

    call_id: str
    """Unique id: the channel's uniqueid on Asterisk, also Rasa's conversation id."""
    hotline: str
    """Id of the hotline in `data/taxonomy.yml`."""
    caller_number: str | None
    """Normalised national number (13800010001, 01088886666); None = withheld."""
    started_at: dt.datetime
    """Aware, in the business time zone. Relative dates resolve against it."""
    dialled: str = ""
    """The number that was dialled, as it reached us."""
    recorded: bool = False
    """The call is recorded, so the greeting says so."""
    simulation: str | None = None
    """Token of a simulated call: names the seed and the store of its own. Never set on a real call."""


# --- the line -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms heard from the caller."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Digit:
    """One key, on its release: 0-9 * #."""

    digit: str


@dataclass(frozen=True, slots=True)
class Played:
    """All sound queued before `Line.mark(name)` has left towards the caller."""

    name: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The last event of a line."""

    gone: bool = True
    """The caller hung up. False: the line was lost to us, and Asterisk takes the caller to a human."""


LineEvent = Frame | Digit | Played | HungUp


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the human's side gets with the call. Values are ASCII (they travel through AMI and SIP)."""

    queue: str
    reason: str
    """One of the taxonomy's `handoff_reasons`."""
    ticket_no: str | None
    priority: int = 0
    """Higher is served first (P1, VIP)."""
    waits: bool = False
    """The caller was told of the wait and chose it: they are not sent away soon."""


class Line(Protocol):
    """One call on the telephone side. Methods raise `TelephonyDown` when the line is gone."""

    @property
    def info(self) -> CallInfo: ...

    async def answer(self) -> None:
        """200 OK to the caller; media is up when it returns."""

    def events(self) -> AsyncIterator[LineEvent]:
        """What comes from the caller, in order; ends after `HungUp`. To be iterated once."""

    async def play(self, pcm: bytes) -> None:
        """Queue sound (any length, whole samples). Returns when accepted; waits while the far queue is full."""

    async def mark(self, name: str) -> None:
        """Ask for `Played(name)` once everything queued so far was sent. `flush` discards pending marks."""

    async def pause(self) -> None:
        """Hold the queued sound (barge-in suspected)."""

    async def resume(self) -> None:
        """Go on where `pause` held."""

    async def flush(self) -> None:
        """Throw the queued sound away; also ends a pause."""

    async def record(self) -> None:
        """Begin to record both sides: the caller knows of it now. For calls whose `info.recorded` says so."""

    async def note_ticket(self, ticket_no: str) -> None:
        """Tie the ticket to the channel, so that a human gets it even when this process dies."""

    async def hand_over(self, transfer: Transfer) -> None:
        """Give the call to the queue. The line is finished for us afterwards (its events end)."""

    async def hang_up(self) -> None: ...


# --- speech ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hint:
    """What the recogniser may expect: it halves the error (measured)."""

    hotline: str
    asks: tuple[str, ...] = ()
    """What the last question asked for: field ids or `description`, `confirm`, …"""
    terms: tuple[str, ...] = ()
    """Further terms that may occur, most likely first (the CRM's product, a model number)."""


@dataclass(frozen=True, slots=True)
class RepairedTerm:
    """Words that recognition misheard, and the term that was meant."""

    heard: str
    meant: str
    confidence: float
    """0…1."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One recognised utterance. `text` is empty when nothing was understood."""

    text: str
    confidence: float
    """0…1."""
    alternatives: tuple[str, ...] = ()
    """Other hypotheses, best first."""
    loudness_dbov: float | None = None
    """Active speech level, dB under a full-scale square wave; None = not measured."""
    syllables_per_s: float | None = None
    """Syllables a second of speech, longer pauses left out; None = not measured."""
    wasted: int = 0
    """Decodings of this utterance that were begun early and thrown away."""
    wasted_s: float = 0.0
    """What they cost, in seconds of a decoding's time."""
    repairs: tuple[RepairedTerm, ...] = ()
    """Already in `text`; what was recognised is among the alternatives."""


class Listening(Protocol):
    """One utterance being heard."""

    @property
    def streams(self) -> bool:
        """Words come while it is fed, so a result need not be begun early."""

    def feed(self, pcm: bytes) -> None:
        """Sound of the utterance, in order."""

    def partial(self) -> str:
        """Words so far, as far as they are known; they may still change. Costs nothing."""

    async def result(self) -> Heard:
        """What was said so far. May be asked early, thrown away, and asked again after more sound.
        Raises `SpeechFailed`."""


class Recogniser(Protocol):
    def listen(self, hint: Hint) -> Listening: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserWork:
    """What a recogniser has done since it began, for the metrics."""

    waiting: int = 0
    """Decodings under way or queued now."""
    oldest_s: float = 0.0
    """How long the oldest of them has been asked for."""
    done: int = 0
    wasted: int = 0
    """Begun early, and given up or thrown away because speech went on."""
    refused: int = 0
    """Not taken: too many waited."""


@runtime_checkable
class CountsWork(Protocol):
    """A recogniser that can tell what it does."""

    def work(self) -> RecogniserWork: ...


@runtime_checkable
class KeepsUp(Protocol):
    """A recogniser that can fall behind."""

    def keeps_up(self) -> bool:
        """False: new calls had better go to humans, for those under way are heard too late already."""


class Voice(Protocol):
    def say(self, text: str) -> AsyncGenerator[bytes, None]:
        """Sound of a text, piece by piece (a clause each), the first as soon as it is there. Close what is broken off.
        Raises `SpeechFailed`."""

    async def close(self) -> None: ...


class VoiceActivity(Protocol):
    """Is this speech? Stateful, one per call, no clock."""

    def expect(self, pcm: bytes) -> None:
        """A frame that will be fed: told as soon as it is there, so that those of several calls are judged at once.
        Either every frame is expected, or none."""

    def feed(self, pcm: bytes) -> float:
        """One 20 ms frame → probability of speech, 0…1."""


# --- the dialogue ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    heard: Heard
    prompt_heard: str | None = None
    """How much of the bot's words the caller had heard when they cut in, about; None = all of them."""


@dataclass(frozen=True, slots=True)
class Keyed:
    digits: str


@dataclass(frozen=True, slots=True)
class Silent:
    """The caller said nothing for as long as we wait."""

    times: int = 1
    """How often in a row."""


CallerTurn = Said | Keyed | Silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Humans:
    """The humans of one queue at this moment."""

    at_work: int
    """Whose telephone can be reached, busy or not."""
    free: int
    """Whose telephone would ring now."""
    waiting: tuple[int, ...] = ()
    """Callers in the queue, by their priority."""
    talk_s: float | None = None
    """How long one conversation takes, mean of the last ones; None = not known."""


Ending = Literal["bot_hung_up", "caller_hung_up", "handed_over"]
"""How the bot's part of a call ended."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One turn of the bot. `asks`, `about`, `keys`, `ended` are those of docs/contract/scenario.md."""

    text: str
    asks: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    keys: bool = False
    """The answer may be keyed (digits, closed by # or a pause)."""
    ended: bool = False
    """The call ends (or is handed over) after this turn."""
    handoff: str | None = None
    """Reason of the hand-off; the call goes to a human after this turn."""
    ticket_no: str | None = None
    """The ticket of the call, as soon as there is one."""
    priority: int = 0
    """Of the hand-over: higher is served first (P1, VIP)."""
    queue: str | None = None
    """Of the hand-over; None = the hotline's own."""
    waits: bool = False
    """Of the hand-over: the caller chose to wait although all are busy."""
    protected: bool = False
    """A legal notice: no barge-in while it plays."""
    terms: tuple[str, ...] = ()
    """Terms that the next answer may hold, for the recogniser."""


class Conversation(Protocol):
    """The dialogue of all calls. Raises `DialogueDown` when it does not answer in time."""

    async def begin(self, call: CallInfo) -> Reply:
        """The greeting."""

    async def reply(self, call: CallInfo, turn: CallerTurn) -> Reply: ...

    async def end(self, call: CallInfo, how: Ending, reason: str | None = None) -> str | None:
        """The bot's part is over; settles the ticket's status and returns its number (None = nothing was said).
        With `handed_over` it is called before the transfer starts, `reason` being one of the taxonomy's
        `handoff_reasons`; a ticket is made then even where the dialogue died before it made one. Never raises: what
        could not be settled is logged."""
