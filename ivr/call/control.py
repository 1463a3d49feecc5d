"""Call control: what is done about each thing that happens in a call. What is heard goes to `TurnTaking`, what it
decides is carried out.

Its methods are called one after the other (`ivr.call.session`), never two at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ivr.audio import frame_dbov
from ivr.call import flow
from ivr.call.ear import PREROLL_S, Spawn
from ivr.call.endings import Endings
from ivr.call.flow import Event, State
from ivr.call.hearing import Guessed, Hearing, Recognised
from ivr.call.mouth import Cut, Mouth
from ivr.call.notice import Notice
from ivr.call.ports import CallerTurn, Hint, Keyed, Line, Reply, Said, Silent
from ivr.call.reporter import Report, Reporter
from ivr.call.senses import Senses
from ivr.call.standstill import STUCK_S, Standstill
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
from ivr.errors import PeerDown, SpeechFailed

log = logging.getLogger(__name__)

NOISE_S = 0.3
"""Speech shorter than this that holds no words was noise, not an answer that was misunderstood."""


class CallControl:
    """Of one call. `spawn` starts slow work; what comes of it is told by `tell`, and must be brought back here in its
    turn. Methods raise `TelephonyDown` when the line refuses a command."""

    def __init__(
        self,
        line: Line,
        senses: Senses,
        report: Report,
        spawn: Spawn,
        tell: Callable[[Guessed | Recognised | Answered | Broken], None],
    ) -> None:
        self.state = State.ARRIVED
        self._line = line
        self._call = line.info
        self._senses = senses
        self._turns = senses.turns
        self._fillers = senses.fillers
        self._report = Reporter(report)
        self._hearing = Hearing(senses.recogniser, spawn, tell)
        self._mouth = Mouth(
            line,
            senses.voice,
            spawn,
            failed=lambda error: tell(Broken(error)),
            sounding=lambda: self._report("speaking", {"took_ms": self._report.phase_ms()}),
        )
        self._thinking = Thinking(self._call, senses.conversation, spawn, tell)
        self.endings = Endings(line, senses.conversation, senses.queue, report)
        self._notice = Notice(recorded=self._call.recorded)
        self._reply = Reply(text="")
        self._standstill = Standstill()
        self._cut: Cut | None = None
        """Where the caller's utterance stopped a prompt."""

    def begin(self) -> asyncio.Task[None]:
        """Have the greeting made."""
        self._report("started", {"hotline": self._call.hotline})
        self._report.phase_ms()
        return self._thinking.begin()

    def _go(self, event: Event) -> None:
        self.state = flow.after(self.state, event)
        self._standstill.over()

    # --- what happens on the line

    async def digit(self, digit: str) -> None:
        if self.state not in (State.ARRIVED, State.PARTING):
            await self._decide(self._turns.digit(digit))

    async def played(self, mark: str) -> None:
        if self._mouth.finished(mark):
            await self._prompt_over()

    async def frame(self, pcm: bytes) -> None:
        self._hearing.frame(pcm)
        if self._mouth.overdue():
            await self._prompt_over()
        if self._notice.pending:
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
        if self._standstill.frame(working=working):
            await self._to_human("bot_failure", SpeechFailed(f"{STUCK_S:.0f} 秒没有识别出话，或没有合成出声音。"))

    # --- hearing

    async def guessed(self, guessed: Guessed) -> None:
        if self._hearing.is_news(guessed) and self.state is State.HEARING:
            await self._decide(self._turns.words(guessed.text))

    async def _decide(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            if isinstance(decision, UtteranceEnded | KeysEntered | SilenceElapsed):
                self._report.phase_ms()
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

    async def recognised(self, recognised: Recognised) -> None:
        if not self._hearing.is_news(recognised) or self.state is not State.THINKING:
            return
        heard = recognised.heard
        if self._cut and self._takes_no_turn(heard.text, self._cut):
            self._report("backchannel", {"text": heard.text})
            await self._nothing_heard()
        elif heard.text or recognised.ended.voiced_s >= NOISE_S:
            self._report.heard(heard, recognised.ended.quiet_s)
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

    # --- thinking

    def _think(self, turn: CallerTurn) -> None:
        self._cut = self._thinking.held = None
        self._hearing.drop()
        if self.state is not State.THINKING:
            self._go(Event.TURN)
        self._fillers.asked()
        self._thinking.ask(turn)

    async def answered(self, answered: Answered) -> None:
        if answered.turn != self._thinking.turn:
            return
        reply = answered.reply
        self._thinking.awaited = False
        if reply.ended or (self.state in (State.ARRIVED, State.THINKING) and not self._hearing.awaited):
            self._fillers.answered()
            await self._say(reply)
            return
        self._thinking.held = reply  # the caller speaks on: unless that was noise, the next turn answers both
        if reply.ticket_no:
            await self._line.note_ticket(reply.ticket_no)

    async def broken(self, broken: Broken) -> None:
        if broken.turn not in (None, self._thinking.turn):
            return
        error = broken.error
        if self.state is not State.PARTING:
            await self._to_human("bot_failure", error)
        elif isinstance(error, SpeechFailed):  # the last words could not be spoken; what follows them still happens
            await self._part()

    # --- speaking

    async def _say(self, reply: Reply) -> None:
        self._go(Event.FAREWELL if reply.ended else Event.REPLY)
        if reply.ended and reply.handoff:
            reply = await self.endings.settled(reply)
        if reply.ticket_no:
            await self._line.note_ticket(reply.ticket_no)
        self._notice.greeting(reply.text, farewell=reply.ended)
        self._reply, self._thinking.held, self._cut = reply, None, None
        self._report.reply(reply)
        await self._speak()

    async def _speak(self, from_piece: int = 0) -> None:
        """The reply, after a filler that still plays."""
        reply = self._reply
        protected = reply.protected or reply.ended or self._notice.pending
        await self._decide(
            self._turns.prompt_started(reply.asks, keys=reply.keys, protected=protected, after_s=self._mouth.left_s)
        )
        self._mouth.say(reply.text, from_piece=from_piece)

    async def _speak_on(self, cut: Cut) -> None:
        """What stopped the prompt was not for us: go on with the clause that was cut."""
        self._go(Event.REPLY)
        self._cut = None
        self._report.phase_ms()
        self._report("went_on", {"heard": cut.heard})
        await self._speak(cut.piece)

    async def _prompt_over(self) -> None:
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
        if self._notice.heard(text):
            self._report("notice_heard", {})
            self._turns.unprotect()
            await self._line.record()

    # --- ending

    async def _part(self) -> None:
        self._go(Event.DONE)
        await self.endings.part(self._reply)

    async def _to_human(self, reason: str, error: PeerDown | SpeechFailed) -> None:
        """One apology, then the queue, with the ticket holding what was said."""
        log.error("call %s goes to a human: %s", self._call.call_id, error)
        self._report("failed", {"part": "speech" if isinstance(error, SpeechFailed) else "dialogue", "why": str(error)})
        self._hearing.drop()
        self._thinking.give_up()
        await self._mouth.stop()
        await self._say(Reply(self._senses.apology, ended=True, handoff=reason))

    async def caller_left(self) -> None:
        """The caller hung up: what was said in the last breath is still recognised and kept."""
        leaving = self.state is State.PARTING and not self._reply.handoff
        self._go(Event.HUNG_UP)
        if self._hearing.open:
            heard = await self._hearing.words()
            if heard.text:
                self._report.heard(heard)
                self._thinking.ask(Said(heard))
        await self._thinking.finish()
        await self.endings.hung_up(by_caller=not leaving)

    async def line_lost(self) -> None:
        """The call went on without us, to a human."""
        self._go(Event.HUNG_UP)
        await self.endings.lost()
