"""The line process: takes the calls that Asterisk brings, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.call.filler import Fillers, Pace
from ivr.call.ports import CallInfo, Conversation, Heard, Hint, Line, Recogniser, Voice, VoiceActivity
from ivr.call.senses import Senses
from ivr.call.session import CallSession
from ivr.call.turn import TurnTaking
from ivr.conversation.servers import at_work
from ivr.conversation.wholeness import TurnWords, Wholeness
from ivr.events import EventStream
from ivr.network_ports import answers
from ivr.packs import Pack
from ivr.settings import Settings
from ivr.speech.revised import RevisedRecogniser
from ivr.tickets.taxonomy import Taxonomy

log = logging.getLogger(__name__)

HEALTH_EVERY_S = 2.0
REMEMBERED_CALLS = 10_000
"""Calls whose hand-over may still end; the oldest is forgotten."""


class DialogueHealth:
    """Do Rasa and the action server answer? Asked every two seconds, so that a new call need not find out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.good = False

    async def watch(self) -> None:
        while True:
            working = at_work(self._settings)
            rasa, actions = (f"http://{working.host}:{port}" for port in (working.ports.rasa, working.ports.actions))
            good = all(await asyncio.gather(answers(f"{rasa}/status"), answers(f"{actions}/health")))
            if good != self.good:
                log.log(logging.INFO if good else logging.ERROR, "dialogue is %s", "up" if good else "down")
            self.good = good
            await asyncio.sleep(HEALTH_EVERY_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """What all calls of the process share."""

    activity: Callable[[], VoiceActivity]
    recogniser: Recogniser
    voice_of: Callable[[CallInfo], Awaitable[Voice]]
    """What speaks in a call: each hotline may have its own."""
    conversation: Conversation


class CallDesk:
    """Gives each call what it needs and remembers it until its hand-over has ended. `on_recorded` hears of each
    recorded call when the bot's part is over, and must not block."""

    def __init__(
        self,
        settings: Settings,
        packs: Mapping[str, Pack],
        taxonomy: Taxonomy,
        prompts: Mapping[str, str],
        words: Callable[[], TurnWords],
        engines: Engines,
        events: EventStream,
        *,
        on_recorded: Callable[[CallInfo], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._packs = packs
        self._prompts = prompts
        self._words = words
        self._pace = Pace()
        self._engines = engines
        self._events = events
        self._on_recorded = on_recorded
        self._fields = taxonomy.fields
        self._calls: OrderedDict[str, CallInfo] = OrderedDict()
        self._going_on = 0

    @property
    def busy(self) -> bool:
        """Somebody is on the line."""
        return self._going_on > 0

    def call(self, call_id: str) -> CallInfo | None:
        """A call of this process that may still be with a human."""
        return self._calls.get(call_id)

    async def take(self, line: Line) -> None:
        """One call, from its arrival to its end for us."""
        call, pack = line.info, self._packs[line.info.hotline]
        self._calls[call.call_id] = call
        if len(self._calls) > REMEMBERED_CALLS:
            self._calls.popitem(last=False)
        turns, words = self._settings.turns, self._words()
        wholeness = Wholeness(words, self._fields, pack)

        async def fitting(heard: Heard, hint: Hint) -> Heard:
            return wholeness.fitting(heard, hint.asks)

        senses = Senses(
            activity=self._engines.activity(),
            recogniser=RevisedRecogniser(self._engines.recogniser, fitting),
            voice=await self._engines.voice_of(call),
            conversation=self._engines.conversation,
            turns=TurnTaking(turns, wholeness),
            queue=pack.own_queue,
            apology=self._prompts["apology"],
            is_backchannel=words.is_backchannel,
            fillers=Fillers(turns, words.fillers, self._pace, first=len(self._calls)),
        )
        began = asyncio.get_running_loop().time()
        self._going_on += 1

        def report(kind: str, details: Mapping[str, Any]) -> None:
            at = round(asyncio.get_running_loop().time() - began, 3)
            log.info("call %s %.2f %s %s", call.call_id, at, kind, dict(details))
            self._events.publish(
                {"call_id": call.call_id, "simulation": call.simulation, "at": at, "kind": kind, **details}
            )

        try:
            await CallSession(line, senses, report).run()
        finally:  # a call that a stopping line gives to a human was recorded, too
            self._going_on -= 1
            if call.recorded:
                self._on_recorded(call)
