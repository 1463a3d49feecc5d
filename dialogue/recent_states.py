"""The last states of a conversation, for policies: rules look back only so far as the longest of them.

Rasa makes the states of the whole conversation anew for every prediction, and for every policy; a call of ten turns has
fifty, and a rule looks at three.
"""

from __future__ import annotations

import json
from typing import Any

from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker

_KEPT = "_recent_states"
"""Attribute of a tracker: number of its events, and the states that they lead to."""


def recent_states(tracker: DialogueStateTracker, domain: Domain, count: int) -> list[State]:
    """The last `count` of what `tracker.past_states(domain)` gives; the caller may change them."""
    known = getattr(tracker, _KEPT, None)
    if known is None or known[0] != len(tracker.events) or known[1] != count:
        known = len(tracker.events), count, _made(tracker, domain, count)
        setattr(tracker, _KEPT, known)
    return [{kind: dict(part) for kind, part in state.items()} for state in known[2]]


def _made(tracker: DialogueStateTracker, domain: Domain, count: int) -> list[State]:
    events = tracker.applied_events()
    unseen = sum(isinstance(event, ActionExecuted) for event in events) + 1 - count
    replayed = tracker.init_copy()
    states: list[State] = []
    for event in events:
        if isinstance(event, ActionExecuted):
            if unseen <= 0:
                states.append(domain.get_active_state(replayed))
            unseen -= 1
        replayed.update(event)
    return [*states, domain.get_active_state(replayed)]


def longest(*lookups: dict[str, Any]) -> int:
    """States of the longest rule. `lookups`: rules as Rasa keeps them, their states in JSON."""
    return max((len(json.loads(rule)) for lookup in lookups for rule in lookup), default=0)
