"""Rasa's memory of conversations: their events as they are, of the newest conversations only.

Rasa's own store in memory writes each conversation as JSON and reads it again every turn, which grows with the call,
and forgets none for as long as the server lives.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker


class RecentTrackers(TrackerStore):
    """`conversations`: so many are kept; more than a line can have at once by far."""

    def __init__(
        self, domain: Domain | None, event_broker: EventBroker | None = None, conversations: int = 500, **more: Any
    ) -> None:
        super().__init__(domain, event_broker, **more)
        self._most = conversations
        self._events: OrderedDict[str, list[Event]] = OrderedDict()

    async def save(self, tracker: DialogueStateTracker) -> None:
        await self.stream_events(tracker)
        self._events[tracker.sender_id] = list(tracker.events)
        self._events.move_to_end(tracker.sender_id)
        while len(self._events) > self._most:
            self._events.popitem(last=False)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """A tracker of its own: what a failed turn did to it is forgotten with it."""
        events = self._events.get(sender_id)
        if events is None:
            return None
        return DialogueStateTracker.from_events(
            sender_id, events, self.domain.slots, max_event_history=self.max_event_history
        )

    async def keys(self) -> Iterable[str]:
        return list(self._events)
