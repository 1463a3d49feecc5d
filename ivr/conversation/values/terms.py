"""Terms of a lexicon: what callers call a thing → what it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ivr.conversation.values.correction import valid
from ivr.conversation.values.found import Found, found
from ivr.packs import NO_TERM

_SPOKEN = str.maketrans("零〇一幺二三四五六七八九", "001123456789")


def find_terms(text: str, terms: Mapping[str, Sequence[str]]) -> list[Found]:
    """Canonical terms named in `text`, in order, the longest name where several fit; not the denied, not `NO_TERM`.
    Spaces, hyphens, case and the way digits are said do not matter (远山L六 is 远山L6)."""
    folded, offsets = _fold(text)
    names = _names(tuple((canonical, tuple(aliases)) for canonical, aliases in terms.items()))
    taken: list[Found] = []
    covered = [False] * len(folded)
    for name, canonical, exact in names:
        at = folded.find(name) if name else -1
        while at >= 0:
            if not any(covered[at : at + len(name)]) and not _in_a_number(name, folded, at):
                covered[at : at + len(name)] = [True] * len(name)
                taken.append(
                    found(canonical, text, offsets[at], offsets[at + len(name) - 1] + 1, 0.98 if exact else 0.92)
                )
            at = folded.find(name, at + 1)
    things = [one for one in taken if one.value != NO_TERM]
    return valid(text, sorted(things, key=lambda one: one.start))


@lru_cache(maxsize=1000)  # a lexicon holds hundreds of names, and a sentence is searched for several of them
def _names(lexicon: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[str, str, bool], ...]:
    """Folded name, canonical term, whether they are the same: the longest first, the canonical before other names."""
    names = dict.fromkeys(
        (_fold(name)[0], canonical, _fold(name)[0] == _fold(canonical)[0])
        for canonical, aliases in lexicon
        for name in (canonical, *aliases)
        if name
    )
    return tuple(sorted(names, key=lambda name: (-len(name[0]), not name[2])))


def _in_a_number(name: str, folded: str, at: int) -> bool:
    """E3 of the plate 沪A，E3721 is no car: a name of letters and digits alone ends where they end."""
    around = folded[at - 1 : at] + folded[at + len(name) : at + len(name) + 1]
    return name.isascii() and name.isalnum() and any(char.isascii() and char.isalnum() for char in around)


def _fold(text: str) -> tuple[str, list[int]]:
    """`text` without what does not matter, and where each of its characters stood."""
    kept = [(char, at) for at, char in enumerate(text) if char not in " \t-_·"]
    return "".join(c for c, _ in kept).upper().translate(_SPOKEN), [at for _, at in kept]
