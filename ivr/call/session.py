"""The asyncio shell of one call: what is heard goes to `TurnTaking`, what it decides is carried out.

One loop reads everything that happens (frames, keys, recognised words, the dialogue's answers) from one queue, so
that the state of the call changes in one place. Slow work runs in tasks that the call's TaskGroup owns.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivr.audio import FRAME_MS
from ivr.call import flow
from ivr.call.ear import PREROLL_S, Ear
from ivr.call.flow import Event, State
from ivr.call.mouth import Mouth
from ivr.call.ports import (
    CallerTurn,
    Conversation,
    Digit,
    Ending,
    Frame,
    Heard,
    Hint,
    HungUp,
    Keyed,
    Line,
    LineEvent,
    Played,
    Recogniser,
    Reply,
    Said,
    Silent,
    Transfer,
    Voice,
    VoiceActivity,
)
from ivr.call.turn import (
    Decision,
    DecodeEarly,
    KeysEntered,
    PausePrompt,
    ResumePrompt,
    SilenceElapsed,
    SpeechResumed,
    StopPrompt,
    TurnTaking,
    UtteranceEnded,
    UtteranceStarted,
)
from ivr.errors import PeerDown, SpeechFailed, TelephonyDown

log = logging.getLogger(__name__)

NOISE_S = 0.3
"""Speech shorter than this that holds no words was noise, not an answer that was misunderstood."""
ANSWER_WITHIN_S = 1.2
"""The call is answered by then, whether or not the greeting is there."""
STUCK_S = 10.0
"""Longest silence while the bot works, in seconds of the caller's sound; then a human takes over."""
VERDICT_S = 0.5
"""A line that refuses a command says within this why."""

Report = Callable[[str, Mapping[str, Any]], None]
"""Told what happens: kind and details, as the event stream carries them (docs/architecture.md)."""


@dataclass(frozen=True, slots=True)
class Recognised:
    utterance: int
    heard: Heard
    ended: UtteranceEnded


@dataclass(frozen=True, slots=True)
class Answered:
    turn: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class Broken:
    """A part that the call cannot go on without has failed."""

    error: PeerDown | SpeechFailed
    turn: int | None = None
    """The dialogue's turn that got no answer; None = a voice that failed."""


Happening = LineEvent | Recognised | Answered | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Senses:
    """What a session hears, thinks and speaks with."""

    activity: VoiceActivity
    recogniser: Recogniser
    voice: Voice
    conversation: Conversation
    turns: TurnTaking
    queue: str
    """Queue of the hotline's humans."""
    apology: str
    """Said before a failed call goes to a human."""


class CallSession:
    """`run` is one call, from the greeting to the end."""

    def __init__(self, line: Line, senses: Senses, report: Report = lambda kind, details: None) -> None:
        self.state = State.ARRIVED
        self._line = line
        self._call = line.info
        self._senses = senses
        self._turns = senses.turns
        self._dialogue = senses.conversation
        self._report = report
        self._happenings: asyncio.Queue[Happening] = asyncio.Queue()
        self._owned: set[asyncio.Task[Any]] = set()
        self._ear = Ear(senses.recogniser, self._spawn)
        self._mouth = Mouth(
            line,
            senses.voice,
            self._spawn,
            failed=lambda error: self._happenings.put_nowait(Broken(error)),
            sounding=lambda: self._report("speaking", {"took_ms": self._phase_ms()}),
        )
        self._reply = Reply(text="")
        self._utterance = 0
        self._turn = 0
        self._recognising: asyncio.Task[None] | None = None
        """Set while the words of an utterance are awaited: the caller may still go on with it."""
        self._answering: asyncio.Task[None] | None = None
        self._awaited = False
        """The dialogue owes an answer."""
        self._held: Reply | None = None
        """An answer that came while the caller spoke on."""
        self._interrupted = False
        """The caller's utterance stopped a prompt."""
        self._idle_frames = 0
        self._phase_began = 0.0

    async def run(self) -> None:
        """The whole call; returns when it has ended for us. What breaks ends in a hand-over, never in silence."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                _ = self._spawn(self._pump(), "line")
                try:
                    await self._converse()
                finally:
                    for task in self._owned:
                        task.cancel()
        except* Exception:  # the boundary of one call: a bug must not leave its caller in silence
            log.exception("call %s broke; it goes to a human", self._call.call_id)
            ticket_no = await self._dialogue.end(self._call, "handed_over", "bot_failure")
            with contextlib.suppress(TelephonyDown):
                await self._line.hand_over(Transfer(self._senses.queue, "bot_failure", ticket_no))
            self._report("ended", {"how": "handed_over"})

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = self._tasks.create_task(work, name=f"{name} {self._call.call_id}")
        self._owned.add(task)
        task.add_done_callback(self._owned.discard)
        return task

    def _go(self, event: Event) -> None:
        self.state = flow.after(self.state, event)
        self._idle_frames = 0

    # --- the loop

    async def _pump(self) -> None:
        async for event in self._line.events():
            self._happenings.put_nowait(event)
        self._happenings.put_nowait(HungUp(gone=False))

    async def _converse(self) -> None:
        self._report("started", {"hotline": self._call.hotline})
        self._phase_ms()
        try:
            greeting = self._spawn(self._ask(0, self._dialogue.begin(self._call)), "greeting")
            await asyncio.wait([greeting], timeout=ANSWER_WITHIN_S)
            await self._line.answer()
            while self.state is not State.ENDED:
                await self._take(await self._happenings.get())
        except TelephonyDown as error:
            await self._line_failed(error)

    async def _take(self, happening: Happening) -> None:
        match happening:
            case Frame(pcm):
                await self._frame(pcm)
            case Digit(digit):
                if self.state not in (State.ARRIVED, State.PARTING):
                    await self._decide(self._turns.digit(digit))
            case Played(name):
                if self._mouth.finished(name):
                    await self._played()
            case HungUp(gone):
                await self._caller_left() if gone else await self._line_lost()
            case Recognised() as recognised:
                await self._recognised(recognised)
            case Answered(turn, reply):
                if turn == self._turn:
                    await self._answered(reply)
            case Broken(error, turn):
                if turn in (None, self._turn):
                    await self._broken(error)

    async def _line_failed(self, error: TelephonyDown) -> None:
        """A command was refused: because the caller hung up just now, or because the line is lost."""
        log.warning("call %s: %s", self._call.call_id, error)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(VERDICT_S):
                while self.state is not State.ENDED:
                    happening = await self._happenings.get()
                    if isinstance(happening, HungUp):
                        await self._take(happening)
        if self.state is not State.ENDED:
            await self._line_lost()

    # --- hearing

    async def _frame(self, pcm: bytes) -> None:
        self._ear.frame(pcm)
        if self._mouth.overdue():
            await self._played()
        await self._notice_standstill()
        if self.state not in (State.ARRIVED, State.PARTING, State.ENDED):
            await self._decide(self._turns.frame(self._senses.activity.feed(pcm)))

    async def _notice_standstill(self) -> None:
        working = self.state is State.THINKING or (self.state is State.SPEAKING and self._mouth.silent)
        self._idle_frames = self._idle_frames + 1 if working else 0
        if self._idle_frames * FRAME_MS / 1000 >= STUCK_S:
            await self._to_human("bot_failure", SpeechFailed(f"{STUCK_S:.0f} 秒没有识别出话，或没有合成出声音。"))

    async def _decide(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            if isinstance(decision, UtteranceEnded | KeysEntered | SilenceElapsed):
                self._phase_ms()
            match decision:
                case UtteranceStarted(preroll_s):
                    self._start_utterance(preroll_s)
                case DecodeEarly():
                    self._ear.decode_early()
                case SpeechResumed():
                    self._ear.go_on()
                case UtteranceEnded() as ended:
                    self._go(Event.TURN)
                    self._recognising = self._spawn(self._recognise(self._utterance, ended), "recognise")
                case PausePrompt():
                    await self._line.pause()
                    self._report("paused", {})
                case ResumePrompt():
                    await self._line.resume()
                    self._report("resumed", {})
                case StopPrompt():
                    self._interrupted = True
                    await self._mouth.stop()
                    self._report("barge_in", {})
                case KeysEntered(digits):
                    self._report("keys", {"digits": digits})
                    self._think(Keyed(digits))
                case SilenceElapsed(times):
                    self._report("silence", {"times": times})
                    self._think(Silent(times))

    def _start_utterance(self, preroll_s: float) -> None:
        if self.state is State.SPEAKING:
            preroll_s = PREROLL_S  # while a prompt is protected nobody counts how long the caller has been speaking
        self._go(Event.SPEECH)
        self._utterance += 1
        if self._recognising:  # the caller goes on before anything was made of it: one turn, not two
            self._recognising.cancel()
            self._recognising = None
            self._ear.go_on()
        else:
            self._ear.start(Hint(self._call.hotline, self._reply.asks, self._reply.terms), preroll_s)

    async def _recognise(self, utterance: int, ended: UtteranceEnded) -> None:
        heard = await self._ear.words()
        self._happenings.put_nowait(Recognised(utterance, heard, ended))

    async def _recognised(self, recognised: Recognised) -> None:
        if recognised.utterance != self._utterance or self.state is not State.THINKING:
            return
        heard = recognised.heard
        if heard.text or recognised.ended.voiced_s >= NOISE_S:
            self._report_heard(heard, recognised.ended.quiet_s)
            self._think(Said(heard))
        else:
            await self._nothing_heard()

    async def _nothing_heard(self) -> None:
        """It was noise: things go on as if it had not been."""
        self._recognising = None
        self._ear.drop()
        if self._held or self._interrupted:
            await self._say(self._held or self._reply)
        elif not self._awaited:
            self._go(Event.NOTHING)
            self._turns.nothing_said()

    def _report_heard(self, heard: Heard, quiet_s: float = 0.0) -> None:
        details = {"text": heard.text, "confidence": round(heard.confidence, 3), "took_ms": self._phase_ms()}
        voice = {"loudness_dbov": heard.loudness_dbov, "syllables_per_s": heard.syllables_per_s}
        more = {"end_of_turn_ms": round(1000 * quiet_s), "alternatives": list(heard.alternatives)}
        self._report("heard", details | voice | more)

    def _phase_ms(self) -> int:
        """Milliseconds since the last phase of the turn began: end of turn → words → the dialogue's answer → sound."""
        before, self._phase_began = self._phase_began, asyncio.get_running_loop().time()
        return round(1000 * (self._phase_began - before))

    # --- thinking

    def _think(self, turn: CallerTurn) -> None:
        self._recognising = None
        self._held, self._interrupted = None, False
        self._ear.drop()
        if self.state is not State.THINKING:
            self._go(Event.TURN)
        self._ask_dialogue(turn)

    def _ask_dialogue(self, turn: CallerTurn) -> None:
        self._turn += 1
        self._awaited = True
        self._answering = self._spawn(self._ask(self._turn, self._dialogue.reply(self._call, turn)), "dialogue")

    async def _ask(self, number: int, answer: Coroutine[Any, Any, Reply]) -> None:
        try:
            self._happenings.put_nowait(Answered(number, await answer))
        except PeerDown as error:
            self._happenings.put_nowait(Broken(error, number))

    async def _answered(self, reply: Reply) -> None:
        self._awaited = False
        if reply.ended or (self.state in (State.ARRIVED, State.THINKING) and not self._recognising):
            await self._say(reply)
            return
        self._held = reply  # the caller speaks on: unless that was noise, the next turn answers both
        if reply.ticket_no:
            await self._line.note_ticket(reply.ticket_no)

    async def _broken(self, error: PeerDown | SpeechFailed) -> None:
        if self.state is not State.PARTING:
            await self._to_human("bot_failure", error)
        elif isinstance(error, SpeechFailed):  # the last words could not be spoken; what follows them still happens
            await self._part()

    # --- speaking

    async def _say(self, reply: Reply) -> None:
        self._go(Event.FAREWELL if reply.ended else Event.REPLY)
        if reply.ended and reply.handoff:
            # The ticket is whole before the caller is told, so no failure from here on loses anything.
            ticket_no = await self._dialogue.end(self._call, "handed_over", reply.handoff)
            reply = replace(reply, ticket_no=ticket_no or reply.ticket_no)
        if reply.ticket_no:
            await self._line.note_ticket(reply.ticket_no)
        self._reply, self._held, self._interrupted = reply, None, False
        details = {"text": reply.text, "asks": list(reply.asks), "about": dict(reply.about), "keys": reply.keys}
        more = {"ended": reply.ended, "ticket_no": reply.ticket_no, "took_ms": self._phase_ms()}
        self._report("reply", details | more)
        self._turns.prompt_started(reply.asks, keys=reply.keys, protected=reply.protected or reply.ended)
        self._mouth.say(reply.text)

    async def _played(self) -> None:
        if self.state not in (State.SPEAKING, State.PARTING):
            return
        self._go(Event.PLAYED)
        self._report("played", {})
        if self.state is State.PARTING:
            await self._part()
        else:
            await self._decide(self._turns.prompt_played())

    # --- ending

    async def _part(self) -> None:
        self._go(Event.DONE)
        reply = self._reply
        if not reply.handoff:
            await self._line.hang_up()
            await self._end("bot_hung_up")
            return
        self._report("handoff", {"reason": reply.handoff, "ticket_no": reply.ticket_no})
        await self._line.hand_over(Transfer(self._senses.queue, reply.handoff, reply.ticket_no, reply.priority))
        self._report("ended", {"how": "handed_over"})

    async def _to_human(self, reason: str, error: PeerDown | SpeechFailed) -> None:
        """One apology, then the queue, with the ticket holding what was said."""
        log.error("call %s goes to a human: %s", self._call.call_id, error)
        self._report("failed", {"part": "speech" if isinstance(error, SpeechFailed) else "dialogue", "why": str(error)})
        self._ear.drop()
        if self._answering:
            self._answering.cancel()  # nobody waits for it any more
            self._answering = None
        await self._mouth.stop()
        await self._say(Reply(self._senses.apology, ended=True, handoff=reason))

    async def _caller_left(self) -> None:
        """The caller hung up: what was said in the last breath is still recognised and kept."""
        leaving = self.state is State.PARTING and not self._reply.handoff
        self._go(Event.HUNG_UP)
        if self._ear.open:
            heard = await self._ear.words()
            if heard.text:
                self._report_heard(heard)
                self._ask_dialogue(Said(heard))
        if self._answering:
            await asyncio.wait([self._answering])  # what was said is on its way to the ticket
        await self._end("bot_hung_up" if leaving else "caller_hung_up")

    async def _line_lost(self) -> None:
        """The call went on without us, to a human."""
        self._go(Event.HUNG_UP)
        await self._dialogue.end(self._call, "handed_over", "bot_failure")
        self._report("ended", {"how": "handed_over"})

    async def _end(self, how: Ending) -> None:
        await self._dialogue.end(self._call, how)
        self._report("ended", {"how": how})
