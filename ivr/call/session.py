"""The asyncio shell of one call: what is heard goes to `TurnTaking`, what it decides is carried out.

One loop reads everything that happens (frames, keys, recognised words, the dialogue's answers) from one queue, so
that the state of the call changes in one place. Slow work runs in tasks that the call's TaskGroup owns.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.audio import FRAME_MS, seconds
from ivr.call import flow
from ivr.call.flow import Event, State
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
    Listening,
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

PREROLL_FRAMES = 40
"""Sound kept from before an utterance was noticed (0.8 s), so that its first syllable is recognised too."""
MARGIN_S = 0.2
"""Sound taken before the first frame that voice activity called speech."""
NOISE_S = 0.3
"""Speech shorter than this that holds no words was noise, not an answer that was misunderstood."""

Report = Callable[[str, Mapping[str, Any]], None]
"""Told what happens: kind and details, as the event stream carries them."""


@dataclass(frozen=True, slots=True)
class Recognised:
    utterance: int
    heard: Heard
    voiced_s: float


@dataclass(frozen=True, slots=True)
class Answered:
    turn: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class Broken:
    """A part that the call cannot go on without has failed."""

    error: PeerDown | SpeechFailed


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
    patience_s: float = 3.0
    """A prompt of which nothing is heard back this long after its own length counts as played."""


@dataclass
class CallSession:
    line: Line
    senses: Senses
    report: Report = field(default=lambda kind, details: None)

    def __post_init__(self) -> None:
        self.state = State.ARRIVED
        self._happenings: asyncio.Queue[Happening] = asyncio.Queue()
        self._recent: deque[bytes] = deque(maxlen=PREROLL_FRAMES)
        self._listening: Listening | None = None
        self._early: asyncio.Task[Heard] | None = None
        self._utterance = 0
        self._turn = 0
        self._reply = Reply(text="")
        self._working: set[asyncio.Task[None]] = set()
        self._recognising: asyncio.Task[None] | None = None
        self._speaking: asyncio.Task[None] | None = None
        self._prompt = 0
        self._prompt_frames = 0
        self._sent_s: float | None = None
        self._asked_dialogue = False
        self._answering: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """The whole call; returns when it has ended for us. What breaks ends in a hand-over, never in silence."""
        try:
            await self._run()
        except* TelephonyDown as group:
            log.warning("call %s: the line is gone: %s", self.line.info.call_id, group.exceptions[0])
            await self._settle("caller_hung_up")
            self.report("ended", {"how": "caller_hung_up"})
        except* Exception:  # the boundary of one call: a bug must not leave its caller in silence
            log.exception("call %s broke; it goes to a human", self.line.info.call_id)
            await self._rescue()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            pump = self._tasks.create_task(self._pump(), name=f"line {self.line.info.call_id}")
            try:
                await self._converse()
            finally:
                for task in (pump, self._speaking, self._early, *self._working):
                    if task:
                        task.cancel()

    async def _rescue(self) -> None:
        reason = "bot_failure"
        ticket_no = await self.senses.conversation.end(self.line.info, "handed_over", reason)
        with contextlib.suppress(TelephonyDown):
            await self.line.hand_over(Transfer(self.senses.queue, reason, ticket_no))
        self.report("ended", {"how": "handed_over"})

    # --- the loop

    async def _pump(self) -> None:
        async for event in self.line.events():
            self._happenings.put_nowait(event)
        self._happenings.put_nowait(HungUp())

    async def _converse(self) -> None:
        self.report("started", {"hotline": self.line.info.hotline})
        await self._begin()
        while self.state is not State.ENDED:
            match await self._happenings.get():
                case Frame(pcm):
                    await self._frame(pcm)
                case Digit(digit):
                    if self.state is not State.PARTING:
                        await self._decide(self.senses.turns.digit(digit))
                case Played(name):
                    await self._played(name)
                case HungUp():
                    await self._caller_left()
                case Recognised() as recognised:
                    await self._recognised(recognised)
                case Answered(turn, reply):
                    if turn == self._turn and (self.state is State.THINKING or reply.ended):
                        await self._say(reply)
                case Broken(error):
                    await self._to_human("bot_failure", error)

    async def _begin(self) -> None:
        try:
            greeting = await self.senses.conversation.begin(self.line.info)
        except PeerDown as error:
            await self.line.answer()
            await self._to_human("bot_failure", error)
            return
        await self.line.answer()
        await self._say(greeting)

    def _go(self, event: Event) -> None:
        self.state = flow.after(self.state, event)

    # --- hearing

    async def _frame(self, pcm: bytes) -> None:
        if self._listening:
            self._listening.feed(pcm)
        self._recent.append(pcm)
        await self._notice_lost_mark()
        if self.state in (State.ARRIVED, State.PARTING):
            return
        await self._decide(self.senses.turns.frame(self.senses.activity.feed(pcm)))

    async def _notice_lost_mark(self) -> None:
        self._prompt_frames += 1
        if self._sent_s is not None and self._prompt_frames * FRAME_MS / 1000 > self._sent_s + self.senses.patience_s:
            await self._played(str(self._prompt))

    async def _decide(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            match decision:
                case UtteranceStarted(preroll_s):
                    self._start_utterance(preroll_s)
                case DecodeEarly():
                    self._decode_early()
                case SpeechResumed():
                    self._drop_early()
                case UtteranceEnded(voiced_s):
                    self._end_utterance(voiced_s)
                case PausePrompt():
                    await self.line.pause()
                case ResumePrompt():
                    await self.line.resume()
                case StopPrompt():
                    await self._stop_prompt()
                    self.report("barge_in", {})
                case KeysEntered(digits):
                    self._drop_utterance()
                    self.report("keys", {"digits": digits})
                    self._think(Keyed(digits))
                case SilenceElapsed(times):
                    self.report("silence", {"times": times})
                    self._think(Silent(times))

    def _start_utterance(self, preroll_s: float) -> None:
        self._go(Event.SPEECH)
        if self._recognising and not self._asked_dialogue:
            self._recognising.cancel()  # the caller goes on: one turn, not two
            self._recognising = None
            self._drop_early()
        else:
            hint = Hint(self.line.info.hotline, self._reply.asks, self._reply.terms)
            self._listening = self.senses.recogniser.listen(hint)
            wanted = round((preroll_s + MARGIN_S) * 1000 / FRAME_MS)
            for pcm in list(self._recent)[-wanted:]:
                self._listening.feed(pcm)
        self._utterance += 1

    def _decode_early(self) -> None:
        if self._listening:
            self._early = self._tasks.create_task(self._result(self._listening), name="early decode")

    async def _result(self, listening: Listening) -> Heard:
        try:
            return await listening.result()
        except SpeechFailed as error:
            log.warning("call %s: %s", self.line.info.call_id, error)
            return Heard(text="", confidence=0.0)

    def _drop_early(self) -> None:
        if self._early:
            self._early.cancel()
            self._early = None

    def _drop_utterance(self) -> None:
        self._drop_early()
        self._listening = None

    def _end_utterance(self, voiced_s: float) -> None:
        self._go(Event.TURN)
        self._asked_dialogue = False
        self._recognising = self._work(self._recognise(self._utterance, voiced_s), "recognise")

    async def _recognise(self, utterance: int, voiced_s: float) -> None:
        heard = Heard(text="", confidence=0.0)
        if self._early:
            heard = await self._early
        elif self._listening:
            heard = await self._result(self._listening)
        self._happenings.put_nowait(Recognised(utterance, heard, voiced_s))

    async def _recognised(self, recognised: Recognised) -> None:
        if recognised.utterance != self._utterance or self.state is not State.THINKING:
            return
        self._drop_utterance()
        self._recognising = None
        heard = recognised.heard
        if not heard.text and recognised.voiced_s < NOISE_S:
            self._go(Event.NOTHING)
            self.senses.turns.nothing_said()
            return
        self.report(
            "heard",
            {"text": heard.text, "confidence": round(heard.confidence, 3), "alternatives": list(heard.alternatives)},
        )
        self._think(Said(heard))

    # --- thinking

    def _think(self, turn: CallerTurn) -> None:
        if self.state is not State.THINKING:
            self._go(Event.TURN)
        self._asked_dialogue = True
        self._turn += 1
        self._answering = self._work(self._answer(self._turn, turn), "dialogue")

    async def _answer(self, number: int, turn: CallerTurn) -> None:
        try:
            reply = await self.senses.conversation.reply(self.line.info, turn)
        except PeerDown as error:
            self._happenings.put_nowait(Broken(error))
        else:
            self._happenings.put_nowait(Answered(number, reply))

    def _work(self, coroutine: Any, name: str) -> asyncio.Task[None]:
        task: asyncio.Task[None] = self._tasks.create_task(coroutine, name=f"{name} {self.line.info.call_id}")
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    # --- speaking

    async def _say(self, reply: Reply) -> None:
        self._go(Event.FAREWELL if reply.ended else Event.REPLY)
        self._reply = reply
        if reply.ticket_no:
            await self.line.note_ticket(reply.ticket_no)
        if reply.ended and reply.handoff:
            # The ticket is whole before the caller is told, so no failure from here on loses anything.
            await self._settle("handed_over", reply.handoff)
        self.report(
            "reply",
            {"text": reply.text, "asks": list(reply.asks), "about": dict(reply.about), "keys": reply.keys,
             "ended": reply.ended, "ticket_no": reply.ticket_no},
        )  # fmt: skip
        self.senses.turns.prompt_started(reply.asks, keys=reply.keys, protected=reply.protected or reply.ended)
        self._start_speaking(reply.text)

    def _start_speaking(self, text: str) -> None:
        self._prompt += 1
        self._prompt_frames, self._sent_s = 0, None
        self._speaking = self._tasks.create_task(self._speak(text, self._prompt), name="speak")

    async def _speak(self, text: str, prompt: int) -> None:
        length_s = 0.0
        try:
            async for pcm in self.senses.voice.say(text):
                await self.line.play(pcm)
                length_s += seconds(pcm)
            await self.line.mark(str(prompt))
            self._sent_s = length_s
        except TelephonyDown as error:
            log.info("call %s: the line is gone while we spoke: %s", self.line.info.call_id, error)
        except SpeechFailed as error:
            log.warning("call %s: %s", self.line.info.call_id, error)
            if self.state is State.PARTING:
                self._happenings.put_nowait(Played(str(prompt)))
            else:
                self._happenings.put_nowait(Broken(error))

    async def _stop_prompt(self) -> None:
        self._prompt += 1
        self._sent_s = None
        if self._speaking:
            self._speaking.cancel()
        await self.line.flush()

    async def _played(self, name: str) -> None:
        if name != str(self._prompt) or self.state not in (State.SPEAKING, State.PARTING):
            return
        self._go(Event.PLAYED)
        self._sent_s = None
        self.report("played", {})
        if self.state is State.PARTING:
            await self._part()
        else:
            self.senses.turns.prompt_played()

    # --- ending

    async def _part(self) -> None:
        self._go(Event.DONE)
        reply = self._reply
        if reply.handoff:
            self.report("handoff", {"reason": reply.handoff, "ticket_no": reply.ticket_no})
            await self.line.hand_over(Transfer(self.senses.queue, reply.handoff, reply.ticket_no, reply.priority))
            how: Ending = "handed_over"
        else:
            await self.line.hang_up()
            how = "bot_hung_up"
            await self._settle(how)
        self.report("ended", {"how": how})

    async def _to_human(self, reason: str, error: PeerDown | SpeechFailed) -> None:
        """One apology, then the queue, with the ticket holding what was said."""
        log.error("call %s goes to a human: %s", self.line.info.call_id, error)
        if self.state is State.PARTING:
            return
        self._drop_utterance()
        await self._stop_prompt()
        ticket_no = await self.senses.conversation.end(self.line.info, "handed_over", reason)
        if ticket_no:
            await self.line.note_ticket(ticket_no)
        self._go(Event.FAREWELL)
        self._reply = Reply(text=self.senses.apology, ended=True, handoff=reason, ticket_no=ticket_no)
        self.report("reply", {"text": self.senses.apology, "asks": [], "about": {}, "keys": False, "ended": True})
        self._start_speaking(self.senses.apology)

    async def _caller_left(self) -> None:
        """The caller hung up: what was said in the last breath is still recognised and kept."""
        parting = self.state is State.PARTING
        unheard = self._listening
        self._go(Event.HUNG_UP)
        if unheard:
            heard = await self._result(unheard)
            if heard.text:
                self.report("heard", {"text": heard.text, "confidence": heard.confidence, "alternatives": []})
                with contextlib.suppress(PeerDown):
                    await self.senses.conversation.reply(self.line.info, Said(heard))
        if self._answering:
            await asyncio.wait([self._answering])  # what was said is on its way to the ticket
        await self._settle("bot_hung_up" if parting and not self._reply.handoff else "caller_hung_up")
        self.report("ended", {"how": "caller_hung_up"})

    async def _settle(self, how: Ending, reason: str | None = None) -> None:
        await self.senses.conversation.end(self.line.info, how, reason)
