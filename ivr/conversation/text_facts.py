"""Facts that are words rather than values: what is wrong, who is complained about, where, what is wished for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ivr.conversation.clauses import clauses, problem
from ivr.conversation.ear import Ear, Heard
from ivr.conversation.values.find import Found, find, find_all
from ivr.conversation.values.text import plain
from ivr.conversation.values.yesno import yes_no
from ivr.tickets.taxonomy import Field


def words(text: str, field: Field, ear: Ear) -> Heard | None:
    """The answer as it is: only when asked for."""
    kept = plain(text)
    if field.id not in ear.asked or not kept or empty(text, ear) or says_nothing(text, ear):
        return None
    return Heard(kept, text, 0.8)


def empty(text: str, ear: Ear) -> bool:
    """An answer that is none: does not know, wants something else."""
    return bool(ear.evidence.moves_in(text) & {"dont_know", "repeat", "human", "robot", "wait", "goodbye", "done"})


_FILLER = re.compile(
    r"(?:我|俺)?(?:一直|还)?在(?:听|的|呢|这儿?|听着呢?)?|听着呢?|(?:谢谢|多谢|感谢)(?:你|您|啊|了|哈)*|(?:你|您)好|喂+|(?:嗯|哦|啊|呃|额|哎|唉|诶)+|"
    r"(?:我|俺)?(?:不想|懒得|不愿意?)(?:再|跟你|跟您|和你)*(?:说|讲|聊|回答)(?:了|啦)?"
)
_SHORT = 3
"""A yes or no of so many characters is nothing more than that; "是那个按摩椅" is more."""
_TWICE = re.compile(r"(.{1,2})\1+")


def says_nothing(text: str, ear: Ear) -> bool:
    """Yes, no, "在听", "谢谢", or only a day: no answer to what, who or where."""
    return all(map(_says_nothing, clauses(text))) or _left_without(find_all("date", text, today=ear.today), text) == ""


def _says_nothing(part: str) -> bool:
    words = plain(part)
    if _FILLER.fullmatch(words):
        return True
    return (len(words) <= _SHORT or bool(_TWICE.fullmatch(words))) and yes_no(words) is not None


def only_vague(text: str, ear: Ear) -> bool:
    """Only that something is wrong: 坏了."""
    return not _LINK_WORDS.sub("", ear.evidence.vague.sub("", plain(text)))


def trouble(text: str, field: Field, ear: Ear) -> Heard | None:
    terms = ear.pack.terms("problem", ear.category)
    names = {name for canonical, others in terms.items() for name in (canonical, *others)}
    asked = field.id in ear.asked
    if asked and (empty(text, ear) or _only_other_facts(text, ear)):
        return None
    if ear.asked and not {"problem", "description"} & set(ear.asked) and _only_sums(text, ear):
        return None  # "扣了八十块" to "扣了多少钱": that question's answer, not one more trouble
    answers = asked and not says_nothing(text, ear)  # "不转" is a no by its form, and a trouble
    kept = problem(text, ear.evidence, category=ear.category, names=names, asked=answers, insist=field.id in ear.insist)
    term = find("term", text, today=ear.today, terms=terms)
    return Heard(kept, text, 0.9 if asked else 0.85, term.value if term else None) if kept else None


_LINK_WORDS = re.compile(
    r"[的了吧啊呀呢嘛哦，,。！？、 ]|开始|就是|那个|这个|从|大概|左右|的事|差不多|应该|可能|是|起|时候"
)


def _only_other_facts(text: str, ear: Ear) -> bool:
    """Nothing is left of the answer when the dates, products, sums and wishes in it are taken away."""
    rest = _left_without(_values_in(text, ear, "product", "desired_resolution"), text)
    return rest is not None and not _WISHING.sub("", rest)


def _values_in(text: str, ear: Ear, *terms: str) -> list[Found]:
    named = [ear.pack.terms(name, ear.category) for name in terms]
    values = [*find_all("date", text, today=ear.today), *find_all("money", text, today=ear.today)]
    return values + [one for each in named for one in find_all("term", text, today=ear.today, terms=each)]


_WISHING = re.compile(r"[我你您想要把给帮就请先钱款]|[你我]们|必须|赶紧|马上|希望|麻烦|一共|总共")
"""Words that only carry a wish or a sum: 把钱…给我, 想…, 一共…"""


def _only_sums(text: str, ear: Ear) -> bool:
    """A sum, and that it was taken or paid."""
    rest = _left_without(find_all("money", text, today=ear.today), text)
    return rest is not None and not _WISHING.sub("", _TAKEN.sub("", rest))


_TAKEN = re.compile(r"[多扣收刷划付花交走掉了过]+")


def _left_without(taken: Sequence[Found], text: str) -> str | None:
    """What is said beside these values; None when there are none."""
    rest = "".join(char for at, char in enumerate(text) if not any(one.start <= at < one.end for one in taken))
    return _LINK_WORDS.sub("", rest) if taken else None


def desired(text: str, field: Field, ear: Ear) -> Heard | None:
    terms = ear.pack.terms(field.id, ear.category)
    found = find_all("term", text, today=ear.today, terms=terms)
    if found:
        part = next((one for one in clauses(text) if found[-1].said in one), found[-1].said)
        return Heard(plain(part)[:40] or found[-1].value, text, 0.9, found[-1].value)
    return words(text, field, ear)


_CALLED = re.compile(r"^(?:我|要|想|投诉|举报|你们|他们|的|那个|这个|那|一个|就|是)+")


def complained_about(text: str, field: Field, ear: Ear) -> Heard | None:
    best, surname = "", ""
    for part in clauses(text):
        for match in ear.evidence.complained_about.finditer(part):
            called = _CALLED.sub("", match.group().strip())
            if not ear.evidence.somebody.search(called):
                continue
            surname = called if called.startswith("姓") else surname
            if _tells_more(called, best, ear):
                best = called
    if surname and "姓" not in best:
        best = f"{best}，{surname}"  # 你们的安装工，昨天来的，姓屠
    if best and (field.id in ear.asked or not ear.evidence.anybody.fullmatch(best)):
        return Heard(best, text, 0.85)
    return words(text, field, ear)


def _tells_more(called: str, best: str, ear: Ear) -> bool:
    """姓庞的 rather than 客户经理; else the longer."""
    bare, bare_best = bool(ear.evidence.anybody.fullmatch(called)), bool(ear.evidence.anybody.fullmatch(best))
    return len(called) > len(best) if bare == bare_best or not best else not bare


_NAME = re.compile(r"(?:我(?:姓|叫|是)|免贵姓|名字(?:叫|是))(?P<name>[\u4e00-\u9fa5]{1,3}?)(?=[，,。！、 啊呀哈]|$)")


def name(text: str, field: Field, ear: Ear) -> Heard | None:
    said = _NAME.search(text)
    if said and ("我是" not in said.group() or field.id in ear.asked):
        return Heard(said["name"], text, 0.9)
    return words(text, field, ear)


_BEFORE_PLACE = re.compile(r"^(?:[^省市区县镇村路街]{0,8}?(?:地址是?|这儿是|在)|(?:我们?家?|家)?住(?![宅院建]))")
"""What leads up to an address; a name may hold 住 or 在 itself (幸福住宅小区, 在水一方)."""


def address(text: str, field: Field, ear: Ear) -> Heard | None:
    found = ear.evidence.place.search(re.sub(r"[，,、 ]", "", text))
    if found:
        return Heard(_BEFORE_PLACE.sub("", found.group()), text, 0.85)
    return words(text, field, ear)
