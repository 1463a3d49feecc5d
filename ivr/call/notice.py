"""The legal notice in a greeting: before it was heard nothing of the caller may be recorded. Pure."""

from __future__ import annotations

import re

SENTENCE_WITH_NOTICE = re.compile(r"^.*?录音[^。！？；]*[。！？；]?", re.DOTALL)


def up_to_notice(greeting: str) -> str:
    """As much of it as the caller must have heard: to the end of the sentence that speaks of 录音, else all."""
    found = SENTENCE_WITH_NOTICE.match(greeting)
    return found[0] if found else greeting


class Notice:
    """Of one call: has the caller heard that it is recorded?"""

    def __init__(self, *, recorded: bool) -> None:
        self._recorded = recorded
        self._awaited: str | None = None
        """Beginning of the greeting that must be heard; '' = nothing is awaited."""

    @property
    def pending(self) -> bool:
        """It must be heard and has not been."""
        return bool(self._awaited)

    def greeting(self, text: str, *, farewell: bool) -> None:
        """The bot's words, of which only the first ones count. A greeting that is a farewell needs no recording."""
        if self._awaited is None:
            self._awaited = up_to_notice(text) if self._recorded and not farewell else ""

    def heard(self, text: str) -> bool:
        """`text`: the greeting as far as the caller has heard it. True once."""
        if not self._awaited or not text.startswith(self._awaited):
            return False
        self._awaited = ""
        return True
