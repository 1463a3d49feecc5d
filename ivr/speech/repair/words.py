"""How usual the words of a text are: what a recogniser got wrong is seldom made of usual words.

A unigram model over wordfreq's list (334,000 Chinese words with their frequency in subtitles, the web, news, books).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

LONGEST = 8
"""Characters of a word that are looked for."""
UNKNOWN = -17.0
"""Log probability of a character that no word is."""
MARK = -4.0
"""Of a letter, a digit or a mark: they are what they are."""


class Words:
    """Log probabilities of words."""

    def __init__(self, frequencies: Mapping[str, float]) -> None:
        self._log = {word: math.log(share) for word, share in frequencies.items() if share and len(word) <= LONGEST}

    def log_probability(self, word: str) -> float | None:
        """None = no word. A single character is always one."""
        found = self._log.get(word)
        if found is None and len(word) == 1:
            return UNKNOWN if "\u4e00" <= word <= "\u9fff" else MARK
        return found

    def starting(self, text: str, start: int) -> list[tuple[int, float]]:
        """Words of the text that begin at `start`: where each ends, and its log probability."""
        found = []
        for end in range(start + 1, min(start + LONGEST, len(text)) + 1):
            probability = self.log_probability(text[start:end])
            if probability is not None:
                found.append((end, probability))
        return found


@lru_cache(maxsize=1)
def usual_words() -> Words:
    """Read once for all hotlines: half a second, about 50 MB."""
    from wordfreq import get_frequency_dict

    return Words(get_frequency_dict("zh", wordlist="large"))
