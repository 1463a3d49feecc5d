"""Are these words a whole answer? Implements `ivr.call.endpointing.Judge` with `data/turn_taking.yml`.

Called while the caller pauses, so it is quick and pure; the dialogue understands the whole utterance afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from ivr.call.endpointing import Answer
from ivr.call.ports import Heard, RepairedTerm
from ivr.conversation.values.digits import find_digits
from ivr.conversation.values.terms import find_terms
from ivr.conversation.values.yesno import yes_no
from ivr.errors import SettingsError
from ivr.packs import Pack, read_yaml
from ivr.tickets.taxonomy import Field

_MARKS = "，,。.！!？?；;、…：:~— \t\n"
MOST_BESIDE = 6
"""Characters beside a name (是那个…吧) with which it still is just the choice that was asked for."""
YES_OR_NO_KEYS = frozenset({"1", "2"})
READ_BACK = 0.6
"""Confidence of a number that was chosen for its length: the dialogue reads it back."""
LONGEST_YES = 6
"""Characters of a plain yes or no; more tells something besides, and may go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnWords:
    """`data/turn_taking.yml`. Patterns are regular expressions."""

    unfinished: tuple[str, ...] = ()
    """How a sentence ends that is not over."""
    finished: tuple[str, ...] = ()
    """How a sentence ends that is over, in languages that tell (Korean does: 요, 다)."""
    beginning: tuple[str, ...] = ()
    """A whole sentence that only begins."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Field id → the number when it may be over. One that could go on and still fit is waited for a little longer."""
    yes_or_no: tuple[str, ...] = ()
    """Asked for these, a yes or a no is a whole answer."""
    backchannels: tuple[str, ...] = ()
    """Said while the bot speaks: go on."""
    fillers: tuple[str, ...] = ()
    """Said when the answer takes its time."""

    def is_backchannel(self, text: str) -> bool:
        return text.translate(_NO_MARKS) in self.backchannels


_PAUSE = re.compile(f"[{_MARKS}]")
_NO_MARKS = {ord(mark): None for mark in _MARKS}


def load_turn_words(data: Path) -> TurnWords:
    """None of them where the file is missing: a version published earlier has none. Raises `SettingsError` naming the
    file."""
    file = data / "turn_taking.yml"
    if not file.exists():
        return TurnWords()
    try:
        words = msgspec.convert(read_yaml(file), TurnWords, strict=True)
        for pattern in (*words.unfinished, *words.finished, *words.beginning, *words.numbers.values()):
            re.compile(pattern)
    except (msgspec.ValidationError, re.error) as error:
        raise SettingsError(f"{file} 有误：{error}。请对照文件里的说明改正。") from error
    return words


class Wholeness:
    """For the calls of one hotline."""

    def __init__(self, words: TurnWords, fields: Mapping[str, Field], pack: Pack | None = None) -> None:
        self._unfinished = re.compile(f"(?:{'|'.join(words.unfinished)})$") if words.unfinished else None
        self._finished = re.compile(f"(?:{'|'.join(words.finished)})$") if words.finished else None
        self._beginning = re.compile("|".join(words.beginning)) if words.beginning else None
        self._numbers = {name: re.compile(pattern) for name, pattern in words.numbers.items()}
        self._yes_or_no = frozenset(words.yes_or_no)
        self._fields = fields
        self._pack = pack

    def __call__(self, text: str, asks: tuple[str, ...]) -> Answer:
        said = text.strip(_MARKS)
        if not said:
            return Answer.OPEN
        yes_or_no = bool(self._yes_or_no.intersection(asks))
        if yes_or_no and said in YES_OR_NO_KEYS:
            return Answer.WHOLE
        answers = yes_or_no and len(said) <= LONGEST_YES and yes_no(said) is not None
        if answers and not _PAUSE.search(said):  # 嗯 and 不是那个 are whole then, whatever they end like
            return Answer.WHOLE
        if self._breaks_off(said):
            return Answer.UNFINISHED
        if answers:
            return Answer.WHOLE
        if numbers := self._asked_numbers(asks):
            return self._as_number(said, numbers)
        over = self._is_choice(said, asks) or (self._finished and self._finished.search(said))
        return Answer.WHOLE if over else Answer.OPEN

    def fitting(self, heard: Heard, asks: tuple[str, ...]) -> Heard:
        """Asked for a number, and the first hypothesis has digits too few or too many: the best one that is whole
        instead (八百二六 → 八八二六). What was heard stays as another hypothesis; all else is unchanged."""
        a_number = self._asked_numbers(asks) and find_digits(heard.text)
        if not a_number or self(heard.text, asks) is not Answer.UNFINISHED:
            return heard
        chosen = next((text for text in heard.alternatives if self(text, asks) is Answer.WHOLE), None)
        if chosen is None:
            return heard
        others = (heard.text, *(text for text in heard.alternatives if text != chosen))
        sure = min(heard.confidence, READ_BACK)
        repairs = (*heard.repairs, RepairedTerm(heard.text, chosen, sure))
        return replace(heard, text=chosen, alternatives=others, confidence=sure, repairs=repairs)

    def _breaks_off(self, said: str) -> bool:
        if self._unfinished and self._unfinished.search(said):
            return True
        bare = said.translate(_NO_MARKS)
        return bool(self._beginning and self._beginning.fullmatch(bare))

    def _asked_numbers(self, asks: Sequence[str]) -> tuple[str, ...]:
        return tuple(ask for ask in asks if ask in self._fields and self._fields[ask].kind == "digits")

    def _as_number(self, said: str, asks: Sequence[str]) -> Answer:
        found = find_digits(said)
        if not found:
            return Answer.OPEN
        value = found[-1].value
        patterns = [self._numbers[ask] for ask in asks if ask in self._numbers]
        fitting = [pattern for pattern in patterns if pattern.fullmatch(value)]
        if not fitting:
            return Answer.UNFINISHED if patterns else Answer.NUMBER
        longer = any(pattern.fullmatch(value + "0") for pattern in fitting)
        return Answer.NUMBER if longer else Answer.WHOLE

    def _is_choice(self, said: str, asks: tuple[str, ...]) -> bool:
        """Just a name from the hotline's list, for all that was asked."""
        if not self._pack or len(asks) != 1 or asks[0] not in self._fields or self._fields[asks[0]].kind != "term":
            return False
        found = find_terms(said, self._pack.terms(asks[0]))
        return bool(found) and len(said) - sum(one.end - one.start for one in found) <= MOST_BESIDE
