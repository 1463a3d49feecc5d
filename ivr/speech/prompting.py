"""What the recogniser is told to expect: hotline, last question and lexicon → Whisper's prompt.

The prompt is the strongest lever on the error (it halves it), but it costs decoding time by length, and its words can
be made up; so it is short, and what the last question asks for comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from pypinyin import Style, pinyin

from ivr.call.ports import Hint
from ivr.packs import Pack

LONGEST = 80
"""Characters of a prompt: about 100 tokens of Whisper's vocabulary."""

ANSWERS: dict[str, str] = {
    "confirm": "是的，对，没错，不是，不对。",
    "prior_ticket": "是的，就是那个，不是，是另外一个，第一个。",
    "handoff_offer": "好的，转吧，不用了，我要投诉。",
    "anything_else": "没有了，就这些，谢谢，还有一个问题。",
    "description": "你好，我想反映一个问题。",
    "since": "昨天，前天，上周三，三天前，上个月十五号，今天早上。",
    "occurred_at": "昨天下午，前天，上周三，三天前，上个月十五号。",
    "appointment": "明天上午，后天下午，周六，下周一晚上，十点半。",
    "billing_period": "这个月，上个月，十月份的账单。",
    "amount": "五十块钱，一百二十八元，三百九十九块五。",
    "address": "朝阳区建国路八十八号，三号楼二单元五零一。",
    "contact_name": "我姓王，叫李建国。",
    "contact_number": "幺三八零零一二三四五六，就是这个号码。",
    "order_no": "订单号是DD20260315001。",
    "tracking_no": "运单号是SF1234567890。",
    "card_last4": "尾号是六零八八。",
    "plate_no": "车牌号是粤B12345。",
    "model": "型号是KFR35GW。",
    "error_code": "显示E4，F1。",
    "mileage": "开了三万公里。",
    "account_no": "号码是幺三八零零一二三四五六。",
    "desired_resolution": "我要求退货，换新的，维修，赔偿，道歉。",
    "complained_about": "安装师傅，客服，维修工，门店的店员。",
}
"""How answers to a question begin or look. Examples of form: their words are weighed like all of the prompt's."""

OPENING = ("problem", "product")
"""Fields whose terms an open question brings up."""
AMONG_ALL = ("description", "problem")


def prompt(hint: Hint, pack: Pack | None) -> str:
    """The prompt for the next utterance, about `LONGEST` characters: the hotline, what the question expects, terms."""
    head = f"{pack.name}客服热线。" if pack else "客服热线。"
    forms = "".join(ANSWERS.get(ask, "") for ask in hint.asks) or ANSWERS["description"]
    room = LONGEST - len(head) - len(forms)
    chosen: list[str] = []
    for term in _ranked(hint, pack):
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


def _ranked(hint: Hint, pack: Pack | None) -> Iterable[str]:
    """Terms, most relevant to the question first: the call's own, then those of what was asked, then the rest;
    canonical terms of all fields before the other names of any."""
    seen: set[str] = set()
    lexicon = pack.lexicon if pack else {}
    asked = [ask for ask in hint.asks if ask in lexicon]
    if not asked and (not hint.asks or any(ask in AMONG_ALL for ask in hint.asks)):
        asked = [field for field in OPENING if field in lexicon]
    rest = [field for field in lexicon if field not in asked]
    names = [list(lexicon[name]) for name in asked], [list(lexicon[name]) for name in rest]
    others = [_other_names(lexicon[name]) for name in asked], [_other_names(lexicon[name]) for name in rest]
    for term in (*hint.terms, *_woven(names[0]), *_woven(others[0]), *_woven(names[1]), *_woven(others[1])):
        if term and term not in seen:
            seen.add(term)
            yield term


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
