"""Phrases that may be said (`ivr.speech.prompting.expected`) as hotwords of a transducer. Pure.

A hotword raises the score of its tokens while the search follows them; it forbids nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from ivr.speech.sherpa_files import SherpaFiles

MOST = 200
"""Of one utterance, most relevant first: more make every word a little likelier, that is none."""
SHORTEST = 2
"""Characters. Single ones are raised everywhere: 对, 一 would turn up in other words."""
_PLAIN = re.compile(r"[\u3400-\u9fffA-Za-z0-9]+")
"""sherpa-onnx gives / : # @ and spaces a meaning of their own."""
Symbols = frozenset[str]
_LATIN = re.compile(r"[A-Za-z0-9]")


def hotwords(phrases: Iterable[str], files: SherpaFiles) -> str:
    """Those that the model can spell, in the form that a stream takes. One that it cannot spell wholly would leave its
    rest as a hotword."""
    if files.kind != "transducer" or not files.unit:
        return ""
    cased = [phrase.upper() if files.capitals else phrase.lower() for phrase in phrases]
    fit = [phrase for phrase in dict.fromkeys(cased) if len(phrase) >= SHORTEST and spells(phrase, files)]
    return "/".join(fit[:MOST])


def spells(phrase: str, files: SherpaFiles) -> bool:
    return bool(_PLAIN.fullmatch(phrase)) and _SPELLS[files.unit](phrase, files.symbols)


def _by_characters(phrase: str, symbols: Symbols) -> bool:
    return all(char in symbols and not _LATIN.match(char) for char in phrase)


def _by_pieces(phrase: str, symbols: Symbols) -> bool:
    """Pieces are joined from single characters: each that is no symbol would become the unknown one, and be raised."""
    return _begins(phrase[0], symbols) and all(char in symbols for char in phrase[1:])


def _by_both(phrase: str, symbols: Symbols) -> bool:
    """Latin words are pieces, the rest characters."""
    return all(char in symbols and (not _LATIN.match(char) or _begins(char, symbols)) for char in phrase)


def _begins(char: str, symbols: Symbols) -> bool:
    """Can a word begin so?"""
    return f"▁{char}" in symbols or {"▁", char} <= symbols


_SPELLS: Mapping[str, Callable[[str, Symbols], bool]] = {
    "cjkchar": _by_characters, "bpe": _by_pieces, "cjkchar+bpe": _by_both,
}  # fmt: skip
