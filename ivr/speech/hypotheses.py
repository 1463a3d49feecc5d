"""From a recogniser's hypotheses to what was heard, and how sure that is. Pure.

Whisper invents: on noise it repeats its prompt or thanks viewers for watching, and a word of the prompt can stand in
for what did not fit. So scores, the agreement of the hypotheses and the words' support without the prompt make the
confidence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ivr.call.ports import Heard


@dataclass(frozen=True, slots=True)
class Hypothesis:
    text: str
    score: float
    """Mean log probability of its tokens."""
    support: float | None = None
    """Mean log probability of the same tokens without the prompt; None = not asked."""


@dataclass(frozen=True, slots=True)
class Decoded:
    hypotheses: tuple[Hypothesis, ...]
    """Best first."""
    no_speech: float
    """Probability that nobody spoke."""


INVENTED = re.compile(
    r"字幕|谢谢(?:大家)?(?:的)?(?:观看|收看|收听|聆听)|感谢(?:您的)?(?:观看|收看|收听)|请不吝|点赞|订阅|转发打赏|明镜|点点栏目"
    r"|Amara|社群提供|优优独播|中文字幕|MING PAO|小编|下期再见|下集再见|本期视频|请关注|词曲|作曲|编曲|YoYo Television",
    re.IGNORECASE,
)
"""What Whisper says to silence and noise: the credits of the videos it was trained on."""

NO_SPEECH = 0.6
"""Probability of no speech from which a doubtful text is dropped."""
DOUBTFUL = -0.8
"""Mean log probability below which a text is doubtful."""
HOPELESS = -1.6
"""Below this nothing was understood."""
UNSUPPORTED = -3.6
"""Mean log probability without the prompt at which a term is as likely made up as said (measured): what was said got
-0.3 to -3.1, terms of three syllables put into other sound -4.4 to -8, of two from -2.8."""
AFTER_INVENTION = 0.4
"""What is left of the confidence when a better hypothesis was invented or the prompt: the rest is worth little more."""
NOTHING = 0.06
"""Confidence below which the words are taken for noise."""
ECHO = 0.8
"""Share of a text that must be a piece of the prompt to be taken for its echo."""
LISTED = 0.6
"""Share of a text that must be separate words of the prompt to be taken for its list."""
SAID = -0.55
"""Mean log probability from which such a list was said, not made up (measured: silence and hum -0.61 to -1.1)."""
_MARKS = re.compile(r"[\s，。！？、；：,.!?;:…“”\"'‘’（）()《》\-—~～]+")


def heard(
    hypotheses: Sequence[Hypothesis],
    *,
    no_speech: float,
    prompt: str,
    terms: Sequence[str],
    simplify: Callable[[str], str] = lambda text: text,
) -> Heard:
    """The best hypothesis that is not an invention, the others beside it, and a confidence of 0…1."""
    kept: list[Hypothesis] = []
    trust = 1.0
    for hypothesis in hypotheses:
        text = tidy(simplify(hypothesis.text))
        if not kept and hypothesis.score < SAID and lists(text, prompt, terms):
            return Heard(text="", confidence=0.0)  # the rest are pieces of the same list
        if invented(text) or echoes(text, prompt):
            trust = trust if kept else AFTER_INVENTION
        elif text and hypothesis.score > HOPELESS:
            kept.append(Hypothesis(text, hypothesis.score, hypothesis.support))
    if not kept or (no_speech > NO_SPEECH and kept[0].score < DOUBTFUL):
        return Heard(text="", confidence=0.0)
    best, sure = kept[0], trust * confidence(kept, no_speech, terms)
    if sure < NOTHING:
        return Heard(text="", confidence=0.0)
    others: list[str] = []
    for other in kept[1:]:
        if bare(other.text) not in {bare(best.text), *map(bare, others)}:
            others.append(other.text)
    return Heard(best.text, round(sure, 3), tuple(others))


def confidence(kept: Sequence[Hypothesis], no_speech: float, terms: Sequence[str]) -> float:
    """0…1: probability of the words, lowered where the hypotheses disagree, where there is hardly speech, and where a
    word of the prompt has no support without it."""
    best = kept[0]
    sure = _logistic(best.score, middle=-0.75, slope=5.0)
    sure *= 0.5 + 0.5 * agreement([h.text for h in kept])
    sure *= 1.0 - 0.5 * max(0.0, no_speech - 0.3)
    if best.support is not None and _holds_term(best.text, terms):
        sure *= _logistic(best.support, middle=UNSUPPORTED, slope=2.5)
    if len({_holds_term(h.text, terms) for h in kept[:3]}) > 1 and _holds_term(best.text, terms):
        sure *= 0.6
    return min(1.0, max(0.0, sure))


def agreement(texts: Sequence[str]) -> float:
    """0…1: how alike the other hypotheses are to the first, marks left out."""
    first = bare(texts[0])
    if len(texts) < 2 or not first:
        return 1.0
    return sum(SequenceMatcher(None, first, bare(text)).ratio() for text in texts[1:]) / (len(texts) - 1)


def doubtful(hypothesis: Hypothesis, terms: Sequence[str]) -> bool:
    """Should the words be weighed without the prompt? Those of short texts that are little but a term of it."""
    text = bare(hypothesis.text)
    return any(term in text and len(term) >= 0.3 * len(text) for term in map(bare, terms) if term)


def echoes(text: str, prompt: str) -> bool:
    """Is the text the prompt come back? Four characters or less may be said by anybody."""
    said, given = bare(text), bare(prompt)
    if len(said) <= 4:
        return False
    longest = SequenceMatcher(None, said, given, autojunk=False).find_longest_match()
    return longest.size >= max(6, ECHO * len(said))


def lists(text: str, prompt: str, terms: Sequence[str]) -> bool:
    """Is the text two words or more of the prompt, one of them a term, between marks, and little else? Regular silence
    is heard so (烤箱、烤箱)."""
    pieces = [piece for piece in _MARKS.split(text) if piece]
    given = bare(prompt)
    known = [piece for piece in pieces if len(piece) >= 2 and piece in given]
    whole = sum(map(len, pieces))
    return len(known) >= 2 and sum(map(len, known)) >= LISTED * whole and any(piece in terms for piece in known)


def invented(text: str) -> bool:
    return bool(INVENTED.search(text)) or repeated(text)


def repeated(text: str) -> bool:
    """A loop: one short piece makes up the text (哈哈哈哈哈哈, 好的好的好的好的好的)."""
    said = bare(text)
    return len(said) >= 8 and re.fullmatch(r"(.{1,4}?)\1{4,}.{0,3}", said) is not None and not said.isdigit()


def bare(text: str) -> str:
    return _MARKS.sub("", text)


def tidy(text: str) -> str:
    """Full-width marks, no spaces between Chinese characters, no mark at the start."""
    text = text.strip().translate(str.maketrans("?!;", "？！；", "\ufffd"))
    text = re.sub(r",(?!\d{3}(?!\d))", "，", text)
    text = re.sub(r"(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])", "", text)
    return re.sub(r"^[，。！？、；：…\s]+", "", text)


def _holds_term(text: str, terms: Sequence[str]) -> bool:
    return any(term in text for term in terms if term)


def _logistic(value: float, middle: float, slope: float) -> float:
    return 1 / (1 + math.exp(-slope * (value - middle)))
