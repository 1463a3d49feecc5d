"""Amounts in yuan: 五十块零八毛 → 50.80, 五十八块六 → 58.60, 两千三 → 2300.00, 百十块 → 110.00 (roughly)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from ivr.conversation.values.correction import valid
from ivr.conversation.values.digits import find_digits
from ivr.conversation.values.found import Found, found
from ivr.conversation.values.numerals import DIGITS, QUANTITY, quantity

_D = r"[零〇一二两三四五六七八九\d]"
_N = rf"(?:{QUANTITY.pattern.replace('?P<number>', '?:').replace('?P<decimals>', '?:')})"
_ROUGH = r"(?:多|来|几|把|好几)"
_RANGED = r"[一二两三四五六七八九](?=[二三四五六七八九][十百千万块])"
_YUAN = re.compile(
    rf"(?:[¥￥]\s*)?(?P<about>小|快|将近|大概|大约|差不多|至少|起码)?(?P<low>{_RANGED})?(?P<n>{_N})(?P<rough>{_ROUGH}|多万)?(?:个)?(?P<big>万)?(?:块|元|圆|圓|塊|人民币)(?P<qian>钱|人民币)?(?P<half>半)?"
    rf"(?:(?P<jiao>{_D})(?:毛|角)(?:(?P<fen>{_D})分?)?|(?P<zero>零)(?P<only_jiao>{_D})(?:毛|角)|零(?P<only_fen>{_D})分?(?![\d十百千万])|(?P<tail>{_D}{{1,2}})(?![\d十百千万个天月号块元点]))?"
)
_SIGNED = re.compile(rf"[¥￥]\s*(?P<n>{_N})")
_SMALL = re.compile(rf"(?P<jiao>{_D})(?:毛|角)(?:钱)?(?:(?P<fen>{_D})分?)?|(?P<only>{_D})分钱")
_SLANG = re.compile(
    rf"(?<!{_D})(?<![十百千万])(?P<n>百八十|百十来?|千八百|百把|千把|万把|块把|十来)(?!{_D})(?:块|元)?(?:钱)?"
)
_SLANG_VALUES = {
    "百八十": 100,
    "百十": 110,
    "百十来": 110,
    "千八百": 1000,
    "百把": 100,
    "千把": 1000,
    "万把": 10000,
    "块把": 1,
    "十来": 10,
}
_BARE = re.compile(rf"(?P<low>{_RANGED})?(?P<n>{_N})(?P<rough>多|来|出头|左右|上下)?")
_ANOTHER_UNIT = re.compile(
    r"(?:多|来|几)?(?:个|天|号|点|月|年|日|分|秒|次|岁|公里|千米|里|米|斤|公斤|克|度|层|楼|栋|单元|室|户|折|倍|只|条|件|台|部|张|双|箱|瓶|盒|人|家|位|趟|回|遍|笔|种|样|周|星期|礼拜|小时|套|把|"
    r"根|片|封|份|式|院|期|成|兆|[Gg]|[Mm]|%|美元|美金|港币|港元|欧元|日元|英镑|韩元|些|下|直|般|样|起|会|定|共|旦|切|律|方|边|面|点)|S|寸"
)
_FOREIGN = re.compile(r"(?:多|来)?(?:块|元)?(?:美元|美金|美刀|港币|港元|欧元|日元|英镑|韩元|澳元|刀)")
_NOT_A_PENNY = re.compile(r"(?:钱)?(?:都|也|不|没|别|甭)")
_UNITS = re.compile(r"[十百千万亿]")
_LATIN = re.compile(r"[A-Za-z]")


def find_money(text: str) -> list[Found]:
    """Amounts in order, denied and corrected ones left out. Numbers without a unit count only where no amount has one,
    or after a correction (五十八块六，不对，六十八)."""
    sure = _with_unit(text)
    bare = [one for one in _bare(text) if not any(one.start < other.end and other.start < one.end for other in sure)]
    if not sure:
        return valid(text, bare)
    standing = valid(text, sorted((*sure, *bare), key=lambda one: one.start))
    kept = valid(text, sure)
    if standing and standing[-1] in bare and kept and kept[-1] not in standing:
        return [one for one in standing if one in kept or one is standing[-1]]
    return _exact(text, kept, standing)


_SURELY = 0.7
"""Below it an amount was only roughly said."""
_MORE_EXACTLY = re.compile(r"[，,。、…\s]+(?:就是|好像是?|具体是?|准确说?是?|正好|那个|嗯|呃|哦|是|[，,、…\s])*")
_FARTHEST = Decimal("1.5")
"""Times the rough amount: what is more than this is another one."""


def _exact(text: str, kept: list[Found], standing: Sequence[Found]) -> list[Found]:
    """The exact figure right after a rough amount takes its place: 两百来块，两百零五吧."""
    if len(standing) < 2 or not kept or standing[-2] is not kept[-1]:
        return kept
    rough, exact = standing[-2:]
    close = Decimal(rough.value) <= Decimal(exact.value) <= Decimal(rough.value) * _FARTHEST
    follows = _MORE_EXACTLY.fullmatch(text, rough.end, exact.start) and not text.startswith("的", exact.end)
    told = rough.confidence < _SURELY <= exact.confidence and _UNITS.search(exact.said)
    return [*kept[:-1], exact] if close and follows and told else kept


_ALL_MONEY = Decimal(10) ** 15
"""Yuan: what is said to be more is no amount (and more than a decimal of two places holds)."""


def _decimal(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _with_unit(text: str) -> list[Found]:
    out: list[Found] = []
    at = 0
    while at < len(text):
        for pattern in (_SLANG, _YUAN, _SIGNED, _SMALL):
            match = pattern.match(text, at)
            amount = _amount(match, pattern, text) if match else None
            if match and amount is not None and amount[0] < _ALL_MONEY:
                out.append(found(_decimal(amount[0]), text, *match.span(), amount[1]))
                break
        else:
            at += 1
            continue
        at = match.end()
    return out


def _amount(match: re.Match[str], pattern: re.Pattern[str], text: str) -> tuple[Decimal, float] | None:
    after = text[match.end() :]
    if pattern is _SLANG:
        followed = match[0][-1] in "块元钱" or not after or not _ANOTHER_UNIT.match(after)
        return (Decimal(_SLANG_VALUES[match["n"]]), 0.55) if followed else None
    if pattern is _SIGNED:
        value = quantity(match["n"])
        return None if value is None else (value, 0.95)
    if pattern is _SMALL:
        if _NOT_A_PENNY.match(after):
            return None
        if match["only"]:
            return _digit(match["only"]) / 100, 0.9
        return _digit(match["jiao"]) / 10 + _digit(match["fen"] or "0") / 100, 0.9
    return _yuan(match, text)


def _yuan(match: re.Match[str], text: str) -> tuple[Decimal, float] | None:
    value = quantity(match["n"])
    after = text[match.end() :]
    if value is None or _FOREIGN.match(text, match.end()) or (value <= 1 and _NOT_A_PENNY.match(after)):
        return None
    if match["big"]:
        value *= 10000
    confidence = 0.95
    if match["low"]:
        value = _middle(match["low"], value)
        confidence = 0.5
    if match["rough"] or match["about"]:
        confidence = min(confidence, 0.65)
    if match["half"]:
        value += Decimal("0.5")
    elif match["jiao"]:
        value += _digit(match["jiao"]) / 10 + _digit(match["fen"] or "0") / 100
    elif match["only_jiao"]:
        value += _digit(match["only_jiao"]) / 10
    elif match["only_fen"]:
        value += _digit(match["only_fen"]) / 100
    elif match["tail"]:
        value += Decimal("0." + "".join(str(_digit(char)) for char in match["tail"]))
    return value, confidence


def _middle(low: str, high: Decimal) -> Decimal:
    """三四百: half way between 三百 and 四百."""
    step = high / Decimal(str(high.normalize().as_tuple().digits[0]))
    return (DIGITS[low] * step + high) / 2


def _digit(char: str) -> Decimal:
    return Decimal(DIGITS.get(char, 0) if char in DIGITS else int(char))


def _bare(text: str) -> list[Found]:
    strings = [one for one in find_digits(text) if not _UNITS.search(one.said)]
    long_strings = [one for one in strings if len(one.value) > 6 or not one.value.isdecimal()]
    out: list[Found] = []
    at = 0
    while at < len(text):
        match = _BARE.match(text, at)
        if match is None:
            at += 1
            continue
        at = match.end()
        value = _bare_value(match, text)
        if (
            value is None
            or value >= _ALL_MONEY
            or any(match.start() < other.end and other.start < match.end() for other in long_strings)
        ):
            continue
        out.append(
            found(_decimal(value), text, match.start(), match.end(), 0.5 if match["rough"] or match["low"] else 0.7)
        )
    return out


def _bare_value(match: re.Match[str], text: str) -> Decimal | None:
    words, after = match["n"], text[match.end() :]
    before = text[match.start() - 1 : match.start()]
    if (
        _ANOTHER_UNIT.match(after)
        or before in tuple("第周期拜月")
        or _LATIN.fullmatch(before or " ")
        or _LATIN.match(after)
    ):
        return None
    value = quantity(words)
    if value is None or (value < 10 and "." not in words and words[0] not in "0123456789" and len(text) > 4):
        return None
    if re.match(_D, after) and not any(unit in words for unit in "十百千万"):
        return None
    if "点" in words and not any(unit in words for unit in "十百千万") and value < 25:
        return None
    return _middle(match["low"], value) if match["low"] else value
