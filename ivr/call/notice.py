"""The legal notice in a greeting: before it was heard nothing of the caller may be recorded. Pure."""

from __future__ import annotations

import re

SENTENCE_WITH_NOTICE = re.compile(r"^.*?录音[^。！？；]*[。！？；]?", re.DOTALL)


def up_to_notice(greeting: str) -> str:
    """As much of it as the caller must have heard: to the end of the sentence that speaks of 录音, else all."""
    found = SENTENCE_WITH_NOTICE.match(greeting)
    return found[0] if found else greeting
