"""How urgent a complaint is: the taxonomy's rules P1–P4, the first that holds.

A danger counts by its meaning where it stands: not as part of a name (抽油烟机), not denied (没冒烟), not settled
(已经修好了), not somebody else's, not merely supposed (会不会漏电).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.tickets.judgement.words import Danger, UrgencyRules, plain
from ivr.tickets.ticket import Emotion, Urgency

REPEAT_DAYS = 30
"""A linked earlier ticket at most this old makes P2 (docs/contract/ticket.md)."""

Ruling = tuple[Urgency, str]


def urgency(
    text: str,
    rules: UrgencyRules,
    *,
    hotline: str | None = None,
    category: str | None = None,
    prior_age_days: int | None = None,
    emotion: Emotion | None = None,
    vip: bool = False,
) -> Ruling:
    """The label, and why in a few Chinese words. `text` is one utterance or several, each on its own line.
    `prior_age_days`: age of the linked earlier ticket; None = not linked."""
    found = alarm(text, rules, hotline=hotline)
    if found:
        return "P1", found.why
    if category is not None and category in rules.p1_categories:
        return "P1", rules.p1_categories[category]
    if prior_age_days is not None and prior_age_days <= REPEAT_DAYS:
        return "P2", f"{prior_age_days} 天前报过同一问题"
    if emotion and emotion.label == "angry":
        return "P2", "来电人愤怒"
    if vip and unusable(text, rules, category=category):
        return "P2", "VIP 的产品或服务用不了"
    if category in rules.p4_categories or (category is None and asks_only(text, rules)):
        return "P4", "咨询"
    return "P3", "一般投诉"


def danger(text: str, rules: UrgencyRules, *, hotline: str | None = None) -> str | None:
    """Why it is P1: 冒烟, 盗刷, 监管部门; None when it is not."""
    found = alarm(text, rules, hotline=hotline)
    return found.why if found else None


def alarm(text: str, rules: UrgencyRules, *, hotline: str | None = None) -> Danger | None:
    """The danger that the caller tells; None when there is none."""
    for line in text.splitlines():
        sentence = plain(line)
        names = [match.span() for match in rules.names.finditer(sentence)]
        for rule in rules.dangers:
            if rule.hotlines and hotline is not None and hotline not in rule.hotlines:
                continue
            for match in _every(rule.pattern, sentence):
                if not _within(match, names) and _meant(rule, sentence, match, rules):
                    return rule
    return None


def unusable(text: str, rules: UrgencyRules, *, category: str | None = None) -> bool:
    """The main function is absent: not a matter of looks, noise, bill or manners."""
    if category in rules.unusable_not_in and not rules.unusable_always.search(plain(text)):
        return False
    for line in text.splitlines():
        sentence = plain(line)
        if rules.unusable_but.search(sentence):
            continue
        if any(not rules.unusable_denied.search(sentence[: m.start()]) for m in rules.unusable.finditer(sentence)):
            return True
    return False


def asks_only(text: str, rules: UrgencyRules) -> bool:
    """Sounds like a question without a complaint."""
    sentence = plain(text)
    return bool(rules.asks_only.search(sentence)) and not rules.complaint.search(sentence)


def _every(pattern: re.Pattern[str], sentence: str) -> Iterator[re.Match[str]]:
    """Matches from every start, overlapping ones too: a name may hide the first reading but not the second."""
    start = 0
    while match := pattern.search(sentence, start):
        yield match
        start = match.start() + 1


def _within(match: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    """At least half of the match lies in a name."""
    covered = max((min(end, match.end()) - max(begin, match.start()) for begin, end in spans), default=0)
    return covered * 2 >= len(match.group()) > 0


def _meant(rule: Danger, sentence: str, match: re.Match[str], rules: UrgencyRules) -> bool:
    before, after = sentence[: match.start()], sentence[match.end() :]
    if rules.denied_before.search(before) and not rules.affirmed_after.search(after):
        return False
    if rules.denied_after.search(after) or rules.denied_inside.search(match.group()):
        return False
    if rule.kind == "threat":
        return not (rule.why == "报警" and rules.police_done.search(sentence)) and not _long_ago(before, after, rules)
    if rules.supposed_before.search(before) or _long_ago(before, after, rules) or rules.settled_after.search(after):
        return False
    other = rules.others_before.search(before)
    return not (other and not rules.own_again.search(before[other.start() :]))


def _long_ago(before: str, after: str, rules: UrgencyRules) -> bool:
    past = rules.settled_before.search(before)
    return bool(past and (rules.settled_after.search(after) or rules.settled_once.search(after)))
