"""What Rasa's work took, for `ivr bench dialogue`: a line of JSON each, in the file that `IVR_TIMINGS` names.

Times are from begin to end on the clock, so they hold what other conversations did meanwhile.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any


def measure_if_asked() -> None:
    """Raises `AttributeError` when Rasa no longer has what is measured."""
    file = os.environ.get("IVR_TIMINGS")
    if not file:
        return
    from rasa.core.actions.action import RemoteAction
    from rasa.core.processor import MessageProcessor

    output = Path(file).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115  (open as long as the server)

    def note(phase: str, sender: str, name: str, begun: float) -> None:
        line = {"sender": sender, "phase": phase, "name": name, "ms": (time.perf_counter() - begun) * 1000}
        output.write(json.dumps(line) + "\n")

    def timed(phase: str, sender_of: Callable[..., str], name_of: Callable[..., str]) -> Callable[[Any], Any]:
        def decorate(inner: Any) -> Any:
            @wraps(inner)
            async def measured(*given: Any, **named: Any) -> Any:
                begun = time.perf_counter()
                try:
                    return await inner(*given, **named)
                finally:
                    note(phase, sender_of(*given), name_of(*given), begun)

            return measured

        return decorate

    turn = timed("turn", lambda processor, message: message.sender_id, lambda *_: "")
    nlu = timed("nlu", lambda processor, message, *_: message.sender_id, lambda *_: "")
    action = timed("action", lambda self, channel, nlg, tracker, *_: tracker.sender_id, lambda self, *_: self.name())
    MessageProcessor.handle_message = turn(MessageProcessor.handle_message)
    MessageProcessor.parse_message = nlu(MessageProcessor.parse_message)
    RemoteAction.run = action(RemoteAction.run)
    predict = MessageProcessor._predict_next_with_tracker

    def predicted(self: Any, tracker: Any) -> Any:
        begun = time.perf_counter()
        try:
            return predict(self, tracker)
        finally:
            note("policy", tracker.sender_id, "", begun)

    MessageProcessor._predict_next_with_tracker = predicted
