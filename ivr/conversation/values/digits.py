"""Numbers read out: 幺三八，零零零幺 · 四个八 · 粤B八K二六六 · 零零幺三，哎不对，零零幺四 · 三万两千公里."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ivr.conversation.values.digit_tokens import Token, tokens
from ivr.conversation.values.found import Found, found

_PUBLIC = {
    "12315",
    "12345",
    "12300",
    "12378",
    "12363",
    "12381",
    "12305",
    "12328",
    "12388",
    "12321",
    "110",
    "119",
    "120",
    "122",
    "95598",
}
"""Numbers that callers threaten with: nobody's order number."""
_WORDS = {"4S", "5G", "4G", "3G", "2G", "3C", "S4", "WIFI6", "A4", "P2P", "B2C", "O2O", "4K", "8K"}
_UNIT = re.compile(
    r"[年月日号天块元个次岁点分秒度斤克米层楼栋幢单室户折倍毛角万千百十只条件台部张双箱瓶盒人家位趟回遍种样周小套把根双片封份]|星期|礼拜|公斤|公分|厘米|平方?|%"
)
_LONG_UNIT = re.compile(r"年|块|元|度|天|毛|角|室|单元|栋|幢|层|楼|号楼|个月|多|来块|折|米|公斤|斤|那天|活动|大促|期间")
_DISTANCE = re.compile(r"(?:多|来)?(?:公里|千米|里|km|KM|迈|码)")
_NOT_AFTER_QUANTITY = re.compile(
    r"(?:多|来|几|左右|出头)?[块元毛角个天年月日号次岁点分秒度斤克米层楼栋单室户折倍只条件台部张双箱瓶盒人家位趟回遍种样周小套把根片封份星礼的平]|(?:多|来)?万|块|[Gg]"
)


@dataclass(slots=True)
class _Reading:
    """A number as it grows."""

    groups: list[Token] = field(default_factory=list)
    corrected: bool = False

    @property
    def value(self) -> str:
        return "".join(group.value for group in self.groups)

    @property
    def start(self) -> int:
        return min(group.start for group in self.groups)

    @property
    def end(self) -> int:
        return max(group.end for group in self.groups)

    @property
    def letters(self) -> int:
        """So many groups of letters it begins with."""
        return next((at for at, group in enumerate(self.groups) if not group.value.isalpha()), len(self.groups))

    @property
    def letters_came_last(self) -> bool:
        """It begins with letters that were said after its digits."""
        return 0 < self.letters < len(self.groups) and self.groups[0].start > self.groups[-1].start

    def cut(self, length: int) -> None:
        """Forget the last `length` characters."""
        while length > 0 and self.groups:
            last = self.groups.pop()
            if len(last.value) > length:
                self.groups.append(
                    Token("group", last.start, last.end, last.value[: len(last.value) - length], False, last.doubts)
                )
            length -= len(last.value)

    def correct(self, group: Token) -> None:
        """`group` was said to put right what was said last."""
        self.corrected = True
        size, whole = len(group.value), self.value
        restarts = size >= len(whole) or (
            size >= 2 and whole.startswith(group.value) and len(self.groups[-1].value) != size
        )
        if restarts or (group.value[0].isalpha() and group.value[:1] == whole[:1]):
            self.groups = [group]
            return
        last = self.groups[-1]
        self.cut(len(last.value) if last.counted and group.counted else size)
        self.groups.append(group)

    def deny(self, wrong: str) -> None:
        """三九，四九，不是三九: the first of two readings goes."""
        if len(self.groups) < 2:
            return
        last = self.groups[-1]
        before = self.value[: -len(last.value)]
        if len(last.value) == len(wrong) and last.value != wrong and before.endswith(wrong) and before != wrong:
            self.cut(len(last.value) + len(wrong))
            self.groups.append(last)
            self.corrected = True

    def substitute(self, wrong: str, group: Token) -> None:
        """不是三是四: the last `wrong` becomes `group`."""
        self.corrected = True
        head, _, tail = self.value.rpartition(wrong)
        first, last = self.groups[0], group
        self.groups = [Token("group", first.start, last.end, head + group.value + tail)]


def find_digits(text: str) -> list[Found]:
    """Digit strings and, where nothing else is counted (or kilometres are), quantities. Corrections are already
    applied; strings of one or two digits and quantities without a unit are there only when nothing better is."""
    sure: list[Found] = []
    weak: list[Found] = []
    pieces = tokens(text)
    for one in (*_strings(text, pieces), *_quantities(text, pieces)):
        (sure if one.confidence >= 0.7 else weak).append(one)
    return sorted(sure or weak, key=lambda one: (one.start, one.end))


def _strings(text: str, pieces: list[Token]) -> list[Found]:
    out = [_judge(reading, text) for reading in _readings(pieces)]
    return [one for one in out if one is not None]


def _readings(pieces: list[Token]) -> list[_Reading]:
    done: list[_Reading] = []
    current = _Reading()
    state, wrong, after_mark = "", "", False
    for token in pieces:
        match token.kind:
            case "group":
                if state == "deny":
                    wrong, state = token.value, ""
                    current.deny(wrong)
                    continue
                if state == "tail" and not after_mark and not _closes(current, token):
                    state = "same"
                if (
                    state in ("mark", "tail", "head")
                    and not current.groups
                    and done
                    and (state == "mark" or len(token.value) < len(done[-1].value))
                ):
                    current = done.pop()
                if _starts_anew(current, token, state):
                    done.append(current)
                    current = _Reading()
                _take(current, token, state, wrong)
                state = wrong = ""
            case "mark" | "tail" | "head" | "deny":
                after_mark = token.kind == "mark" or (after_mark and state != "")
                state = token.kind
            case "same":
                state = state or "same"
            case "other" | "quantity":
                if current.groups:
                    done.append(current)
                    current = _Reading()
                state = state if state == "mark" else ""
            case _:
                pass
    return [reading for reading in (*done, current) if reading.groups]


def _closes(current: _Reading, token: Token) -> bool:
    """最后两位是四九 says again how the number ends; 最后四位是… may just go on where it is not whole yet."""
    return len(token.value) <= 2 or len(current.value) >= 11


def _starts_anew(current: _Reading, token: Token, state: str) -> bool:
    """The same letters again: the number is said once more, or another one."""
    if not current.groups or state:
        return False
    letters = re.match(r"\D+", current.value)
    return (
        letters is not None
        and len(token.value) > 4
        and token.value.startswith(letters[0])
        and len(current.value) > len(letters[0])
    )


def _take(current: _Reading, token: Token, state: str, wrong: str) -> None:
    whole = current.value
    if not current.groups:
        current.groups.append(token)
    elif len(token.value) >= 7 and token.value.startswith(whole):
        current.groups = [token]
    elif wrong and len(wrong) < len(token.value) == len(current.groups[-1].value) and wrong in current.groups[-1].value:
        current.groups[-1] = token  # 二三三，不是三，二三四: the whole group again
        current.corrected = True
    elif wrong and wrong in whole and len(wrong) < len(whole):
        current.substitute(wrong, token)
    elif wrong and whole.endswith(token.value):
        pass
    elif wrong or state == "mark":
        current.correct(token)
    elif state == "tail" and len(token.value) <= 4 < len(whole):
        if not whole.endswith(token.value):
            current.cut(len(token.value))
            current.groups.append(token)
            current.corrected = True
    elif state == "head" and token.value.isalpha() and not whole[0].isalpha():
        current.groups.insert(0, token)
    elif token.value.isalpha() and current.letters_came_last:
        current.groups.insert(current.letters, token)
    elif state == "head" and len(token.value) < len(whole):
        rest = Token("group", current.start, current.end, whole[len(token.value) :])
        current.groups = [token, rest]
    elif (state == "same" and whole.endswith(token.value) and len(whole) > len(token.value)) or (
        whole == token.value and (len(whole) >= 4 or current.groups[-1].counted)
    ):
        pass
    else:
        current.groups.append(token)


def _judge(reading: _Reading, text: str) -> Found | None:
    value = reading.value
    start, end = reading.start, reading.end
    after = text[end:]
    alone = len(re.sub(r"[\s，,。！!？?啊呀吧呢嘛是就对嗯呃的]|代码|故障码|号码", "", text)) <= end - start
    count = sum(char.isdecimal() for char in value)
    letters = len(value) - count
    if not count or ((value in _PUBLIC or value in _WORDS) and not alone):
        return None
    doubts = sum(group.doubts for group in reading.groups)
    if not letters:
        if count <= 2 and _UNIT.match(after):
            return None
        if count <= 6 and _LONG_UNIT.match(after) and not _DISTANCE.match(after):
            return None
        if count == 1 and not alone:
            return None
    confidence = 0.95 if count + letters >= 4 or (letters and count) else 0.75 if count == 3 else 0.6
    confidence -= 0.05 * min(doubts, 4) + 0.08 * reading.corrected
    return found(value, text, start, end, confidence)


def _quantities(text: str, pieces: list[Token]) -> list[Found]:
    out = []
    for token in pieces:
        if (
            token.kind != "quantity"
            or "." in token.value
            or text[max(token.start - 2, 0) : token.start].endswith(("分之", "第"))
        ):
            continue
        after = text[token.end :]
        distance = _DISTANCE.match(after)
        if distance:
            out.append(
                found(
                    token.value,
                    text,
                    token.start,
                    token.end,
                    0.75 if token.doubts or distance[0][0] in "多来" else 0.92,
                )
            )
        elif not _NOT_AFTER_QUANTITY.match(after) and len(token.value) >= 3:
            out.append(found(token.value, text, token.start, token.end, 0.55))
    return out
