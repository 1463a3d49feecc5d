"""How usual the words of a text are: what a recogniser got wrong is seldom made of usual words.

A unigram model over wordfreq's list (334,000 Chinese words with their frequency in subtitles, the web, news, books) and
the words of data/words.yml, which that list lacks: dialects, authorities, the talk of trades.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from ivr.errors import SettingsError
from ivr.packs import read_yaml

LONGEST = 8
"""Characters of a word that are looked for."""
UNKNOWN = -17.0
"""Log probability of a character that no word is."""
MARK = -4.0
"""Of a letter, a digit or a mark: they are what they are."""
LISTED = -11.5
"""At least that of a word that designers listed: as usual as 阿拉 in wordfreq's list."""
LISTED_CHARACTER = -8.0
"""At least that of a character that they listed as a word of its own."""


class Words:
    """Log probabilities of words."""

    def __init__(self, frequencies: Mapping[str, float], listed: Iterable[str] = ()) -> None:
        self._log = {word: math.log(share) for word, share in frequencies.items() if share and len(word) <= LONGEST}
        for word in listed:
            least = LISTED if len(word) > 1 else LISTED_CHARACTER
            self._log[word] = max(least, self._log.get(word, least))

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
def usual_words(data: Path) -> Words:
    """Read once for all hotlines: half a second, about 50 MB. Raises `SettingsError` naming the file."""
    from wordfreq import get_frequency_dict

    return Words(get_frequency_dict("zh", wordlist="large"), listed_words(data))


def listed_words(data: Path) -> tuple[str, ...]:
    """Of all kinds in data/words.yml. Raises `SettingsError`."""
    file = data / "words.yml"
    try:
        kinds = msgspec.convert(read_yaml(file), dict[str, tuple[str, ...]])
    except msgspec.ValidationError as error:
        raise SettingsError(f"{file} 有误：{error}。应当是“分类: [词, 词]”。") from error
    return tuple(dict.fromkeys(word for words in kinds.values() for word in words))
