"""Wire format of vosk-server's websocket (alphacep/vosk-server, websocket/asr_server.py), without asyncio.

we      {"config": {"sample_rate": 8000, "words": true, …}}       not answered
we      PCM16 as binary messages                                  each answered by one of the two:
server  {"partial": "…"}                                          words of the open segment
server  {"text": "…", "result": [{"word", "conf", …}, …]}         a closed segment; or "alternatives"
we      {"eof" : 1}                                               answered by the last segment; then it closes
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ivr.audio import RATE
from ivr.speech import vosk_results
from ivr.speech.streaming import Segment

EOF = '{"eof" : 1}'
"""To the letter: the server compares the text and takes any other for sound."""


def config(phrases: Sequence[str] = (), alternatives: int = 0) -> str:
    """The first message. `phrases`: all that may be said; empty = anything."""
    told: dict[str, object] = {"sample_rate": RATE, "words": True, "max_alternatives": alternatives}
    if phrases:
        told["phrase_list"] = list(phrases)
    return json.dumps({"config": told}, ensure_ascii=False)


class Answers:
    """What the server has told on one connection."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.partial = ""
        self.awaited = 0
        """Messages that are not answered yet."""
        self._ended = False
        self._last = False
        """A segment came after our end: with a server that does not answer each message, the last one."""

    @property
    def complete(self) -> bool:
        return self._ended and not self.awaited

    @property
    def complete_when_closed(self) -> bool:
        return self.complete or self._last

    def sent(self) -> None:
        self.awaited += 1

    def ended(self) -> None:
        """`EOF` is sent."""
        self._ended = True
        self.awaited += 1

    def take(self, text: str) -> None:
        """Raises `WireError`."""
        words = vosk_results.partial(text)
        if words is None:
            self.segments.append(vosk_results.segment(text))
            self._last = self._ended
        self.partial = words or ""
        self.awaited = max(0, self.awaited - 1)
