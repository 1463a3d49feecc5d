"""What the recogniser is told to expect: hotline, last question and lexicon → Whisper's prompt.

The prompt is the strongest lever on the error (it halves it), but it costs decoding time by length, and its words can
be made up; so it holds what the last question asks for and nothing else, but for a yes or no: terms of other fields
make the answer to a question about time, money or a number later and worse (measured, docs/benchmarks.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from pypinyin import Style, pinyin

from ivr.call.ports import Hint
from ivr.packs import NO_TERM, Pack

LONGEST = 80
"""Characters of a prompt: about 100 tokens of Whisper's vocabulary."""
SHORTER = 45
"""The same where the answer is a yes or a no."""

DIGITS = "零一二三四五六七八九，幺。"
"""Every digit once: with only some of them, those are heard for the others; with none, digits become like-sounding
words (八八二六 → 爸爸二流)."""

ANSWERS: dict[str, str] = {
    "confirm": "对，是的，没错。不是，不对。",
    "prior_ticket": "对，就是那个。不是，是另外一个。",
    "handoff_offer": "好的，可以。不用，不用转了。",
    "anything_else": "没有了，谢谢。还有一件事。",
    "description": "你好，我想反映一个问题。",
    "since": "今天，昨天，前天，上周，上个月，星期，几天前。",
    "occurred_at": "今天，昨天，前天，上周，上个月，星期，几天前。",
    "appointment": "今天，明天，后天，周末，星期，上午，下午，晚上，几点。",
    "billing_period": "这个月，上个月，几月份的账单。",
    "amount": "多少块钱，几百元，几块几毛。",
    "address": "小区，路，街，号楼，单元，室。",
    "contact_name": "我姓，我叫，先生，女士。",
    "contact_number": "电话号码是。就是这个号码。" + DIGITS,
    "order_no": "订单号是。" + DIGITS,
    "tracking_no": "运单号是。" + DIGITS,
    "card_last4": "卡号尾号是。" + DIGITS,
    "plate_no": "车牌号是。",
    "model": "型号是。",
    "error_code": "显示，故障代码是。",
    "mileage": "公里，几万公里。",
    "account_no": "号码是。" + DIGITS,
    "desired_resolution": "我要求退货，退款，换一台，维修，赔偿，道歉。",
    "complained_about": "师傅，客服，安装工，维修工，店员，门店。",
}
"""How answers to a question begin and what they are made of. Words, both sides of each choice, and no examples: a
prompt with 后天下午 hears 下午 where 上午 was said, one with 零零一 puts zeros into numbers (measured)."""

CLOSED = frozenset({"confirm", "prior_ticket", "handoff_offer", "anything_else"})
"""Questions answered by yes, no or a choice: a shorter prompt decodes sooner."""
OPENING = ("problem", "product")
"""Fields whose terms an open question brings up."""
AMONG_ALL = ("description", "problem")


def prompt(hint: Hint, pack: Pack | None) -> str:
    """The prompt for the next utterance, about `LONGEST` characters: the hotline, what is asked for, its terms."""
    head = f"{pack.name}客服热线。" if pack else "客服热线。"
    forms = "".join(ANSWERS.get(ask, "") for ask in hint.asks) or ANSWERS["description"]
    closed = bool(hint.asks) and all(ask in CLOSED for ask in hint.asks)
    room = (SHORTER if closed else LONGEST) - len(head) - len(forms)
    chosen: list[str] = []
    # A prompt of nothing but yes, no and the call's own terms comes back for whatever is short (measured).
    for term in _ranked(hint, pack) if closed else _asked_for(hint, pack):
        if term in forms or any(term in kept for kept in chosen):
            continue
        if len(term) + 1 > room:
            break
        chosen.append(term)
        room -= len(term) + 1
    return head + forms + ("、".join(chosen) + "。" if chosen else "")


def terms(hint: Hint, pack: Pack | None) -> tuple[str, ...]:
    """All words that the prompt may have put into the recogniser's mouth."""
    return tuple(_ranked(hint, pack))


def expected(hint: Hint, pack: Pack | None) -> tuple[str, ...]:
    """Answers to the last question and terms, most relevant first, for recognisers that take them one by one."""
    answers = [phrase for ask in hint.asks for phrase in re.split(r"[，。、]", ANSWERS.get(ask, ""))]
    return tuple(dict.fromkeys(phrase for phrase in (*answers, *terms(hint, pack)) if phrase))


def _asked_for(hint: Hint, pack: Pack | None) -> Iterable[str]:
    """Terms, most relevant first: the call's own, then canonical terms of what was asked, then their other names."""
    lexicon = _lexicon(pack)
    return _told(hint.terms, lexicon, _fields_asked(hint, lexicon))


def _ranked(hint: Hint, pack: Pack | None) -> Iterable[str]:
    """The same, then those of all other fields."""
    lexicon = _lexicon(pack)
    asked = _fields_asked(hint, lexicon)
    rest = [field for field in lexicon if field not in asked]
    return dict.fromkeys((*_told(hint.terms, lexicon, asked), *_told((), lexicon, rest)))


def _lexicon(pack: Pack | None) -> dict[str, dict[str, Sequence[str]]]:
    return {name: _terms(rows) for name, rows in pack.lexicon.items()} if pack else {}


def _fields_asked(hint: Hint, lexicon: Mapping[str, object]) -> list[str]:
    asked = [ask for ask in hint.asks if ask in lexicon]
    if not asked and (not hint.asks or any(ask in AMONG_ALL for ask in hint.asks)):
        asked = [field for field in OPENING if field in lexicon]
    return asked


def _told(
    own: Iterable[str], lexicon: Mapping[str, Mapping[str, Sequence[str]]], fields: Sequence[str]
) -> Iterable[str]:
    names = _woven([list(lexicon[name]) for name in fields])
    others = _woven([_other_names(lexicon[name]) for name in fields])
    return (term for term in dict.fromkeys((*own, *names, *others)) if _spoken(term))


def _terms(rows: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    return {term: others for term, others in rows.items() if term != NO_TERM}


def _spoken(term: str) -> bool:
    """Something a caller says: not the id of a category, which a lexicon may have words for, too."""
    return bool(re.search(r"[\u4e00-\u9fffA-Z0-9]", term))


def _other_names(field: Mapping[str, Sequence[str]]) -> list[str]:
    """What callers call things, without what only recognisers hear (布置冷 for 不制冷): those would be taught here."""
    return [other for term, row in field.items() for other in row if not _sounds_like(other, term)]


def _sounds_like(word: str, term: str) -> bool:
    """Could `word` be the same syllables as `term`, tones left out?"""
    if len(word) != len(term):
        return False
    pairs = zip(_syllables(word), _syllables(term), strict=True)
    return all(one & other for one, other in pairs)


@cache
def _syllables(word: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(pinyin(char, style=Style.NORMAL, heteronym=True)[0]) for char in word)


def _woven(columns: Sequence[Sequence[str]]) -> Iterable[str]:
    """One of each column in turn, so that no field fills the prompt alone."""
    for row in range(max(map(len, columns), default=0)):
        for column in columns:
            if row < len(column):
                yield column[row]
