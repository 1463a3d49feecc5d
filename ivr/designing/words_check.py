"""What the bot says: marks of questions, placeholders, conditions, sentences that nobody says."""

from __future__ import annotations

import string
from collections.abc import Iterator

from ivr.designing.code import Code
from ivr.designing.content import Content, Response, Variation
from ivr.designing.finding import Finding, error, hint
from ivr.designing.forms_check import fields
from ivr.designing.rules_check import unknown_value
from ivr.simulate.scenario import OPEN_ASKS

MOST_ASKS = 2
"""A breath holds no more questions."""
ASK = "utter_ask_"
ASKED = "requested_slot"
"""Rasa's own slot: which one a form is asking for."""


def check_words(content: Content, code: Code) -> Iterator[Finding]:
    for response in content.responses.values():
        if not response.variations:
            yield error(response.at, f"{response.name} 一句话也没有。")
        for way in response.variations:
            yield from _variation(content, code, response, way)
        yield from _twice(response)
    yield from _unsaid(content, code)


def _variation(content: Content, code: Code, response: Response, way: Variation) -> Iterator[Finding]:
    if not way.text.strip():
        yield error(way.at, f"{response.name} 的这一条没有 text。")
    for name, value, at in way.conditions:
        if name == ASKED:
            if value not in content.slots:
                yield error(at, f"condition 里的 {ASKED} 是正在问的槽，没有叫 {value} 的槽：请改正名字。")
            continue
        slot = content.slots.get(name)
        if slot is None:
            yield error(at, f"condition 里的槽 {name} 没有：请写进 domain 的 slots，或改正名字。")
        elif wrong := unknown_value(slot, value):
            yield error(at, f"condition：{wrong}这一条永远不会说。")
    yield from _placeholders(content, code, response, way)
    asks = way.custom.get("asks")
    if asks is not None:
        yield from _marks(content, response, way, asks)
    elif response.name.startswith(ASK):
        yield error(way.at, f"{response.name} 的这一条没有 custom.asks：要写明这句话在问什么，例如 asks: [product]。")


def _placeholders(content: Content, code: Code, response: Response, way: Variation) -> Iterator[Finding]:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(way.text) if name is not None]
    except ValueError as why:
        yield error(way.at, f"{response.name}：花括号写错了（{why}），填空要写成 {{名字}}。")
        return
    for name in names:
        if name not in fields(content) and not code.knows(name):
            yield error(
                way.at, f"{response.name}：没有动作会填 {{{name}}}，这一条永远不会说。可以用字段名或 name、choices 等。"
            )


def _marks(content: Content, response: Response, way: Variation, asks: object) -> Iterator[Finding]:
    if not isinstance(asks, list) or not asks:
        yield error(way.at, f"{response.name}：asks 要写成列表，例如 asks: [product]。")
        return
    for ask in asks:
        if ask not in fields(content) and ask not in OPEN_ASKS:
            yield error(way.at, f"{response.name}：asks 里的 {ask} 不认识；可用的是字段名和 {'、'.join(OPEN_ASKS)}。")
    if len(asks) > MOST_ASKS:
        yield error(way.at, f"{response.name}：一口气问了 {len(asks)} 样，最多 {MOST_ASKS} 样。")


def _twice(response: Response) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for way in response.variations:
        key = way.text, repr([(name, value) for name, value, _ in way.conditions])
        if key in seen:
            yield hint(way.at, f"{response.name} 里这一条写了两遍。")
        seen.add(key)


def _unsaid(content: Content, code: Code) -> Iterator[Finding]:
    asked = {slot.name for form in content.forms.values() for slot in form.required}
    asked |= {f"{form.name}_{slot.name}" for form in content.forms.values() for slot in form.required}
    said = {step.name for route in content.routes for step in route.all_steps() if step.kind == "action"}
    for response in content.responses.values():
        question = response.name.removeprefix(ASK) if response.name.startswith(ASK) else None
        if question in asked or response.name in said or code.knows(response.name):
            continue
        if question is not None and code.knows(ASK + question):
            continue
        yield hint(response.at, f"{response.name} 没有人说：没有规则、表单或动作用到它。")
