"""The asyncio shell of one call: what is heard goes to `TurnTaking`, what it decides is carried out.

One loop reads everything that happens (frames, keys, recognised words, the dialogue's answers) from one queue, so
that the state of the call changes in one place. Slow work runs in tasks that the call's TaskGroup owns.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from ivr.audio import FRAME_MS, frame_dbov
from ivr.call import flow
from ivr.call.ear import PREROLL_S
from ivr.call.endings import Endings, Report
from ivr.call.flow import Event, State
from ivr.call.hearing import Guessed, Hearing, Recognised
from ivr.call.mouth import Cut, Mouth
from ivr.call.notice import up_to_notice
from ivr.call.ports import (
    CallerTurn,
    Digit,
    Frame,
    Heard,
    Hint,
    HungUp,
    Keyed,
    Line,
    LineEvent,
    Played,
    Reply,
    Said,
    Silent,
)
from ivr.call.senses import Senses
from ivr.call.thinking import Answered, Broken, Thinking
from ivr.call.turn import (
    Decision,
    DecodeEarly,
    KeysEntered,
    PausePrompt,
    ResumePrompt,
    SilenceElapsed,
    SpeechResumed,
    StopPrompt,
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
Happening = LineEvent | Guessed | Recognised | Answered | Broken


class CallSession:
    """`run` is one call, from the greeting to the end."""

    def __init__(self, line: Line, senses: Senses, report: Report = lambda kind, details: None) -> None:
        self.state = State.ARRIVED
        self._line = line
        self._call = line.info
        self._senses = senses
        self._turns = senses.turns
        self._fillers = senses.fillers
        self._report = report
        self._happenings: asyncio.Queue[Happening] = asyncio.Queue()
        self._owned: set[asyncio.Task[Any]] = set()
        self._hearing = Hearing(senses.recogniser, self._spawn, self._happenings.put_nowait)
        self._mouth = Mouth(
            line,
            senses.voice,
            self._spawn,
            failed=lambda error: self._happenings.put_nowait(Broken(error)),
            sounding=lambda: self._report("speaking", {"took_ms": self._phase_ms()}),
        )
        self._thinking = Thinking(self._call, senses.conversation, self._spawn, self._happenings.put_nowait)
        self._endings = Endings(line, senses.conversation, senses.queue, report)
        self._reply = Reply(text="")
        self._notice: str | None = None
        """Beginning of the greeting that must be heard before the call is recorded; '' = nothing is awaited."""
        self._cut: Cut | None = None
        """Where the caller's utterance stopped a prompt."""
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
            await self._endings.broke()

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
            if isinstance(event, Frame):
                self._senses.activity.expect(event.pcm)
            self._happenings.put_nowait(event)
        self._happenings.put_nowait(HungUp(gone=False))

    async def _converse(self) -> None:
        self._report("started", {"hotline": self._call.hotline})
        self._phase_ms()
        try:
            await asyncio.wait([self._thinking.begin()], timeout=ANSWER_WITHIN_S)
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
            case Guessed() as guessed:
                if self._hearing.is_news(guessed) and self.state is State.HEARING:
                    await self._decide(self._turns.words(guessed.text))
            case Recognised() as recognised:
                await self._recognised(recognised)
            case Answered(turn, reply):
                if turn == self._thinking.turn:
                    await self._answered(reply)
            case Broken(error, turn):
                if turn in (None, self._thinking.turn):
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
        self._hearing.frame(pcm)
        if self._mouth.overdue():
            await self._played()
        if self._notice:
            await self._was_heard(self._mouth.heard)
        await self._notice_standstill()
        probability = self._senses.activity.feed(pcm)
        if self.state not in (State.ARRIVED, State.PARTING, State.ENDED):
            level = frame_dbov(pcm)
            playing = self._mouth.playing_dbov
            await self._decide(self._turns.frame(probability, level_dbov=level, playing_dbov=playing))
        if self.state is State.THINKING and (filler := self._fillers.frame()):
            self._report("filler", {"text": filler})
            self._mouth.fill(filler)

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
                    await self._start_utterance(preroll_s)
                case DecodeEarly():
                    self._hearing.guess()
                case SpeechResumed():
                    self._hearing.go_on()
                case UtteranceEnded() as ended:
                    self._go(Event.TURN)
                    self._fillers.turn_ended(self._reply.asks)
                    self._hearing.ended(ended)
                case PausePrompt():
                    await self._mouth.hold()
                    self._report("paused", {})
                case ResumePrompt():
                    await self._mouth.go_on()
                    self._report("resumed", {})
                case StopPrompt():
                    self._cut = await self._mouth.stop()
                    await self._was_heard(self._cut.heard)
                    self._report("barge_in", {"heard_s": self._cut.heard_s, "heard": self._cut.heard})
                case KeysEntered(digits):
                    self._report("keys", {"digits": digits})
                    self._fillers.turn_ended(self._reply.asks)
                    self._think(Keyed(digits))
                case SilenceElapsed(times):
                    self._report("silence", {"times": times})
                    self._think(Silent(times))

    async def _start_utterance(self, preroll_s: float) -> None:
        if self.state is State.SPEAKING:
            preroll_s = PREROLL_S  # while a prompt is protected nobody counts how long the caller has been speaking
        if self.state is State.THINKING and self._mouth.left_s:
            await self._mouth.stop()  # a filler: nobody talks over the caller
        self._go(Event.SPEECH)
        self._fillers.over()
        self._hearing.start(Hint(self._call.hotline, self._reply.asks, self._reply.terms), preroll_s)

    async def _recognised(self, recognised: Recognised) -> None:
        if not self._hearing.is_news(recognised) or self.state is not State.THINKING:
            return
        heard = recognised.heard
        if self._cut and self._takes_no_turn(heard.text, self._cut):
            self._report("backchannel", {"text": heard.text})
            await self._nothing_heard()
        elif heard.text or recognised.ended.voiced_s >= NOISE_S:
            self._report_heard(heard, recognised.ended.quiet_s)
            self._think(Said(heard, prompt_heard=self._cut.heard if self._cut else None))
        else:
            await self._nothing_heard()

    def _takes_no_turn(self, text: str, cut: Cut) -> bool:
        """A mere 嗯 while the question was still to come."""
        return self._senses.is_backchannel(text) and not (self._reply.asks and cut.last)

    async def _nothing_heard(self) -> None:
        """It was noise: things go on as if it had not been."""
        self._fillers.over()
        self._hearing.drop()
        if held := self._thinking.held:
            await self._say(held)
        elif self._cut:
            await self._speak_on(self._cut)
        elif not self._thinking.awaited:
            self._go(Event.NOTHING)
            self._turns.nothing_said()

    def _report_heard(self, heard: Heard, quiet_s: float = 0.0) -> None:
        details = {"text": heard.text, "confidence": round(heard.confidence, 3), "took_ms": self._phase_ms()}
        voice = {"loudness_dbov": heard.loudness_dbov, "syllables_per_s": heard.syllables_per_s}
        more = {"end_of_turn_ms": round(1000 * quiet_s), "alternatives": list(heard.alternatives)}
        work = {"wasted": heard.wasted, "wasted_s": round(heard.wasted_s, 3)}
        repairs = [{"from": one.heard, "to": one.meant, "confidence": one.confidence} for one in heard.repairs]
        self._report("heard", details | voice | more | work | {"repairs": repairs})

    def _phase_ms(self) -> int:
        """Milliseconds since the last phase of the turn began: end of turn → words → the dialogue's answer → sound."""
        before, self._phase_began = self._phase_began, asyncio.get_running_loop().time()
        return round(1000 * (self._phase_began - before))

    # --- thinking

    def _think(self, turn: CallerTurn) -> None:
        self._cut = self._thinking.held = None
        self._hearing.drop()
        if self.state is not State.THINKING:
            self._go(Event.TURN)
        self._fillers.asked()
        self._thinking.ask(turn)

    async def _answered(self, reply: Reply) -> None:
        self._thinking.awaited = False
        if reply.ended or (self.state in (State.ARRIVED, State.THINKING) and not self._hearing.awaited):
            self._fillers.answered()
            await self._say(reply)
            return
        self._thinking.held = reply  # the caller speaks on: unless that was noise, the next turn answers both
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
            reply = await self._endings.settled(reply)
        if reply.ticket_no:
            await self._line.note_ticket(reply.ticket_no)
        if self._notice is None:
            self._notice = up_to_notice(reply.text) if self._call.recorded and not reply.ended else ""
        self._reply, self._thinking.held, self._cut = reply, None, None
        details = {"text": reply.text, "asks": list(reply.asks), "about": dict(reply.about), "keys": reply.keys}
        more = {"ended": reply.ended, "ticket_no": reply.ticket_no, "took_ms": self._phase_ms()}
        self._report("reply", details | more)
        await self._speak()

    async def _speak(self, from_piece: int = 0) -> None:
        """The reply, after a filler that still plays."""
        reply = self._reply
        protected = reply.protected or reply.ended or bool(self._notice)
        await self._decide(
            self._turns.prompt_started(reply.asks, keys=reply.keys, protected=protected, after_s=self._mouth.left_s)
        )
        self._mouth.say(reply.text, from_piece=from_piece)

    async def _speak_on(self, cut: Cut) -> None:
        """What stopped the prompt was not for us: go on with the clause that was cut."""
        self._go(Event.REPLY)
        self._cut = None
        self._phase_ms()
        self._report("went_on", {"heard": cut.heard})
        await self._speak(cut.piece)

    async def _played(self) -> None:
        if self.state not in (State.SPEAKING, State.PARTING):
            return
        self._go(Event.PLAYED)
        self._report("played", {})
        await self._was_heard(self._reply.text)
        if self.state is State.PARTING:
            await self._part()
        else:
            await self._decide(self._turns.prompt_played())

    async def _was_heard(self, text: str) -> None:
        """The recording begins as soon as the caller has heard that there is one; no speech interrupts that."""
        if self._notice and text.startswith(self._notice):
            self._notice = ""
            self._report("notice_heard", {})
            self._turns.unprotect()
            await self._line.record()

    # --- ending

    async def _part(self) -> None:
        self._go(Event.DONE)
        await self._endings.part(self._reply)

    async def _to_human(self, reason: str, error: PeerDown | SpeechFailed) -> None:
        """One apology, then the queue, with the ticket holding what was said."""
        log.error("call %s goes to a human: %s", self._call.call_id, error)
        self._report("failed", {"part": "speech" if isinstance(error, SpeechFailed) else "dialogue", "why": str(error)})
        self._hearing.drop()
        self._thinking.give_up()
        await self._mouth.stop()
        await self._say(Reply(self._senses.apology, ended=True, handoff=reason))

    async def _caller_left(self) -> None:
        """The caller hung up: what was said in the last breath is still recognised and kept."""
        leaving = self.state is State.PARTING and not self._reply.handoff
        self._go(Event.HUNG_UP)
        if self._hearing.open:
            heard = await self._hearing.words()
            if heard.text:
                self._report_heard(heard)
                self._thinking.ask(Said(heard))
        await self._thinking.finish()
        await self._endings.hung_up(by_caller=not leaving)

    async def _line_lost(self) -> None:
        """The call went on without us, to a human."""
        self._go(Event.HUNG_UP)
        await self._endings.lost()
