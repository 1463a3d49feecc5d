"""Cuts what was said into the pieces that numbers are read in: groups of digits and letters, pauses, corrections."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ivr.conversation.values.correction import MARKER
from ivr.conversation.values.digit_sounds import BESIDE, BETWEEN, LETTER_SOUNDS, PROVINCES, STRONG
from ivr.conversation.values.numerals import QUANTITY, RANGE, low_and_high, quantity

Kind = Literal["group", "pause", "mark", "tail", "head", "deny", "same", "quantity", "other"]


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    start: int
    end: int
    value: str = ""
    """Digits and letters of a group; the number of a quantity."""
    counted: bool = False
    """Said as 四个八."""
    doubts: int = 0
    """How many of its characters were guessed from what recognisers write."""


_DIGIT = "[" + "".join(STRONG) + r"\d０-９]"
_ANY = "[" + "".join(STRONG) + "".join(BESIDE) + r"\d０-９]"
_COUNTED = re.compile(
    rf"(?:(?P<n>[一两俩二三仨四五六七八九]|\d)个|(?P<twice>双)|(?P<thrice>[三四五六])连)(?P<d>{_ANY})(?![十百千万点个天块])"
)
_PLATE = re.compile(
    rf"(?P<p>[{PROVINCES}])[\s，,·.]{{0,2}}(?P<l>[A-Za-z]|{'|'.join(LETTER_SOUNDS)})的?(?=[\s，,。·.]{{0,2}}(?:[A-Za-z]|{_ANY}|[两三四]个))"
)
_SPACE = re.compile(
    r"[\s，,、。．.…·—\-_~；;：:！!/]+|横杠|斜杠|短横线?|横线|空格|杠|大写的?|小写的?|字母|[呃嗯啊额哈呀吧哦嘛呢](?![A-Za-z])|那个|这个|我(?:看看|看一下|瞅瞅|想想|找找)(?:啊|哈|哦)?"
)
_LINK = re.compile(
    r"(?:(?:末尾|最后|后头|后面)(?=再|还|加)|完了|然后|接着|跟着|后边|后面|后头|再后面|再后边|再后头|接下来|再来|还有|完事儿?|再|下边|下面)(?:就|还)?(?:是|来)?"
)
_TAIL = re.compile(
    r"(?:最后|末尾|尾巴|(?:后边?|后面|后头)(?=[那的这]?[一两二三四五六\d][位个]))(?:那|的|这)?(?:[一两二三四五六]|\d)?(?:个|位)?(?:数字?|位)?(?:(?:应该)?(?:是|改成|为)|(?<=位))"
)
_HEAD = re.compile(
    r"(?:开头|前面|前边|前头|最前面)(?:那|的)?(?:[一两二三四五六]位?)?(?:个)?(?:(?:英文)?字母)?(?:应该)?(?:是|(?<=字母))"
)
_DENY = re.compile(r"(?<!是)(?:也|并)?不是")
_SAME = re.compile(r"(?:就|应该)?是")
_STOPS = ("，", ",", "。", "、", "；", " ")
_COUNTING = re.compile(
    r"[一二三四五六七八九](?=直|点|下|样|般|定|起|共|旦|天|个|件|箱|次|块|回|年|周|趟|遍|双|条|台|星期|礼拜|小时)"
)
"""After a pause, a numeral that counts something or is half a word (一直): it does not go on with the number."""
_NUMBER = re.compile(r"\d+\.\d+[千万]?|\d{1,3}(?:,\d{3})+(?!\d)")


def tokens(text: str) -> list[Token]:
    """`text` in pieces, gapless and in order; groups are as long as nothing separates them."""
    out: list[Token] = []
    at = 0
    while at < len(text):
        piece = _next(text, at)
        last = out[-1] if out else None
        if piece.kind == "group" and last and last.kind == "group" and last.end == piece.start:
            out[-1] = Token(
                "group",
                last.start,
                piece.end,
                last.value + piece.value,
                last.counted or piece.counted,
                last.doubts + piece.doubts,
            )
        else:
            out.append(piece)
        at = piece.end
    return out


def _next(text: str, at: int) -> Token:
    char = text[at]
    if match := _COUNTED.match(text, at):
        times = 2 if match["twice"] else int(quantity(match["n"] or match["thrice"]) or 0)
        return Token("group", at, match.end(), _digit(match["d"]) * times, counted=True)
    if match := _NUMBER.match(text, at):
        return Token("quantity", at, match.end(), _plain(quantity(match[0].replace(",", ""))))
    if (match := RANGE.match(text, at)) and (ends := low_and_high(match)) is not None:
        return Token("quantity", at, match.end(), _plain(ends[0]), doubts=1)
    if match := _PLATE.match(text, at):
        letter = match["l"].upper()
        return Token(
            "group", at, match.end(), match["p"] + LETTER_SOUNDS.get(letter, letter), doubts=letter in LETTER_SOUNDS
        )
    if (
        (match := QUANTITY.match(text, at))
        and any(unit in match[0] for unit in "十百千万亿廿卅点")
        and (value := quantity(match[0])) is not None
    ):
        beside = text[:at].rstrip()[-1:]
        if beside.isascii() and beside.isalpha() and value < 1000 and not text.startswith(("块", "元"), match.end()):
            return Token("group", at, match.end(), str(value))
        return Token("quantity", at, match.end(), _plain(value))
    if _COUNTING.match(text, at) and text[:at].endswith(_STOPS):
        return Token("other", at, at + 1)
    if char in STRONG or char.isdecimal():
        return Token("group", at, at + 1, _digit(char))
    if (
        char in BESIDE
        and (_is_digit(text, at - 1) or _is_digit(text, at + 1))
        and not (char == "两" and text[at + 1 : at + 2] in tuple("个天块位"))
    ):
        return Token("group", at, at + 1, BESIDE[char], doubts=char not in "两洞拐勾")
    if char in BETWEEN and _is_digit(text, at - 1) and _is_digit(text, at + 1) and _run(text, at) >= 5:
        return Token("group", at, at + 1, BETWEEN[char], doubts=1)
    if char.isascii() and char.isalpha():
        return Token("group", at, at + 1, char.upper())
    for kind, pattern in _WORDS:
        if match := pattern.match(text, at):
            return Token(kind, at, match.end())
    return Token("other", at, at + 1)


_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("tail", _TAIL),
    ("head", _HEAD),
    ("mark", MARKER),
    ("deny", _DENY),
    ("pause", _LINK),
    ("same", _SAME),
    ("pause", _SPACE),
)


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _digit(char: str) -> str:
    return STRONG.get(char) or BESIDE.get(char) or str(int(char))


def _is_digit(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at] in STRONG or text[at].isdecimal() or text[at] in "两洞拐勾")


def _run(text: str, at: int) -> int:
    """How many sure digits stand around `at` without a gap of more than one character."""
    count = 0
    for step in (-1, 1):
        here = at + step
        while _is_digit(text, here):
            count += 1
            here += step
    return count
