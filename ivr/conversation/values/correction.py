"""People correct themselves: 不是三是四 · 三天，哎不对，四天 · 说错了 · 应该是四天."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ivr.conversation.values.found import Found

_INTERJECTION = r"(?:哎呀?|诶|欸|哦|噢|啊|呃|嗯|唉|咦|喔|那个|等等|等会儿?|等一下)"
MARKER = re.compile(
    rf"(?:{_INTERJECTION}[，,、。！!…\s]*)*"
    r"(?:不对|不是(?=不是|[，,。、！!…\s]|$)|(?:我)?(?:刚才|刚刚|刚)?(?:说|讲|搞|弄|记|念|报|看)(?:错|岔|反)了?|错了|口误|更正(?:一下)?|纠正(?:一下)?"
    r"|(?:哦|啊|噢|呃|哎)?[，,]?不(?=[，,。、！!…\s])|不不+|应该是|我?(?:再|重新?)(?:说|念|报)(?:一遍|一次|一下)?|改成|改为|重来)"
    r"(?:[，,、。！!…\s]|了|啊|呀|哈|的|我)*"
)
"""What announces a correction, with the pause after it."""

_DENIAL = re.compile(
    r"(?<!是)(?P<mark>不是|并非|不叫|不能是|不会是|也不是|才不是)(?:说|讲|指|什么|那个|这个|在|那|这)?$"
)
_RHETORICAL = re.compile(r"^[^，,。！!？?]{0,4}(?:吗|么|嘛[？?])")
_HESITANT = re.compile(rf"{_INTERJECTION}[，,]?$")


def denied(text: str, start: int, end: int) -> bool:
    """Is what stands at [start, end) said not to be it? (不是空调; but not 是不是空调, 不是空调吗)"""
    match = _DENIAL.search(text, 0, start)
    return match is not None and _RHETORICAL.match(text[end:]) is None


def _hesitant(text: str, start: int) -> bool:
    """哎不是五天, without a pause: a correction rather than a denial."""
    match = _DENIAL.search(text, 0, start)
    return match is not None and _HESITANT.search(text, 0, match.start()) is not None


def valid(text: str, values: Sequence[Found]) -> list[Found]:
    """The values that stand, in order: those denied are left out, those followed by a correction too."""
    standing: list[Found] = []
    for index, one in enumerate(values):
        if denied(text, one.start, one.end):
            last = index == len(values) - 1
            before = standing[-1] if standing else None
            if not (last and before and before.value != one.value and _hesitant(text, one.start)):
                continue
        if standing and MARKER.search(text, standing[-1].end, one.start):
            standing.pop()
        standing.append(one)
    return standing
