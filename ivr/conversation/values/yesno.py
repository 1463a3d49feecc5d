"""Yes or no, as people say it: 嗯 对 可不是 要得 中 / 不不不 哪儿啊 没有的事 / 不是不行 / 不是坏了，是装反了.

A sentence is read clause by clause; a clause says yes or no by how it begins. Firm answers stand, soft ones (嗯, 好,
行) give way to a refusal that follows (嗯，不用了), and what is corrected (对，哦不对) gives way to the correction.
What is neither, a question or a plain statement, is None.
"""

from __future__ import annotations

import re

from ivr.conversation.values.yesno_words import DOUBLE, LEAD, REPLIES, Reply

_PATTERNS = tuple((reply.pattern, reply) for reply in REPLIES)
_YES = Reply(True, firm=True, words=())
_PAUSE = re.compile(r"[，,。！!；;、…\s~—]+|(?<=[?？])")
_CORRECTS = re.compile(r"^(?:[哎诶欸哦噢啊呃唉]|等等|等一下|慢着|等会儿?)+(?:不|对|是|没)|^(?:我)?(?:说|讲|搞|弄)错了")
_REFUSES = re.compile(
    r"^(?:不用|不要|不需要|不必|不消|别(?!的)|甭|没有?(?:别的|其他|啥|什么)?了|算了|不了|不转|不行|不是|不对|没有$)"
)
_NOTHING_MORE = re.compile(r"^没(?:有)?(?:别的)?了|^没别的")


def yes_no(text: str) -> bool | None:
    """True, False, or None where neither is said."""
    answer: bool | None = None
    firm = False
    for clause in _PAUSE.split(text.strip()):
        said = _clause(clause)
        if said is not None and (answer is None or (said.answer != answer and _overrides(clause, said, firm=firm))):
            answer, firm = said.answer, said.firm
    return answer


def _overrides(clause: str, said: Reply, *, firm: bool) -> bool:
    """Does this clause take back an answer given before?"""
    if _CORRECTS.match(clause):
        return True
    if said.answer:
        return False
    return (not firm and _REFUSES.match(LEAD.sub("", clause)) is not None) or _NOTHING_MORE.match(clause) is not None


def _clause(clause: str) -> Reply | None:
    if not clause:
        return None
    core = LEAD.sub("", clause)
    if DOUBLE.match(core):
        return _YES
    for words in (core, clause):
        for pattern, reply in _PATTERNS:
            if pattern.match(words):
                return None if reply.answer is None else reply
    return None
