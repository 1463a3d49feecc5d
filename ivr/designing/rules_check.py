"""Rules and stories: do they name what there is?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ivr.designing.code import Code
from ivr.designing.content import Content, Route, Slot, Step
from ivr.designing.finding import Finding, error, hint

RASA_ACTIONS = frozenset(
    {
        "action_listen", "action_restart", "action_session_start", "action_default_fallback",
        "action_deactivate_loop", "action_back", "action_extract_slots", "action_unlikely_intent",
        "action_revert_fallback_events", "action_two_stage_fallback",
    }
)  # fmt: skip
"""Rasa has them by itself."""
RASA_INTENTS = frozenset({"nlu_fallback", "restart", "back", "session_start", "out_of_scope"})


def check_rules(content: Content, code: Code) -> Iterator[Finding]:
    yield from _names(content)
    for route in content.routes:
        for step in route.all_steps():
            if check := _STEPS.get(step.kind):
                yield from check(content, code, step)
    for action in content.actions.values():
        if not action.name.startswith(("utter_", "action_ask_", "validate_")) and not code.knows(action.name):
            yield error(
                action.at, f"动作 {action.name} 没有人实现：dialogue/actions 的程序里没有它。请改正名字，或删掉这一行。"
            )


def _names(content: Content) -> Iterator[Finding]:
    seen: dict[str, Route] = {}
    for route in content.routes:
        what = "规则" if route.kind == "rule" else "故事"
        if not route.name:
            yield error(route.at, f"这条{what}没有名字。")
        elif route.name in seen:
            first = seen[route.name].at.shown(content.root)
            yield error(route.at, f"{what}“{route.name}”和 {first} 的重名：请换一个名字，报告里才分得清。")
        seen.setdefault(route.name, route)
        if not route.steps:
            yield error(route.at, f"{what}“{route.name}”没有步骤（steps）。")


def _action(content: Content, code: Code, step: Step) -> Iterator[Finding]:
    name = str(step.name)
    if name in RASA_ACTIONS or name in content.forms or name in content.actions or name in content.responses:
        return
    kind = "responses 里没有这句话" if name.startswith("utter_") else "domain 的 actions 里没有它，也不是表单"
    yield error(step.at, f"规则用了 {name}，但{kind}：请补上，或改正名字。")


def _intent(content: Content, code: Code, step: Step) -> Iterator[Finding]:
    if step.name not in content.intents and step.name not in RASA_INTENTS:
        yield error(step.at, f"没有叫 {step.name} 的意图：请写进 domain 的 intents，或改正名字。")


def _loop(content: Content, code: Code, step: Step) -> Iterator[Finding]:
    if step.name is not None and step.name not in content.forms:
        yield error(step.at, f"没有叫 {step.name} 的表单：请写进 domain 的 forms，或改正名字。")


def _slot(content: Content, code: Code, step: Step) -> Iterator[Finding]:
    slot = content.slots.get(str(step.name))
    if slot is None:
        yield error(step.at, f"没有叫 {step.name} 的槽：请写进 domain 的 slots，或改正名字。")
        return
    if wrong := unknown_value(slot, step.value):
        yield error(step.at, wrong)


def unknown_value(slot: Slot, value: object) -> str | None:
    """What is wrong with comparing the slot to the value."""
    if slot.values is not None and value is not None and not isinstance(value, bool) and str(value) not in slot.values:
        return f"槽 {slot.name} 没有 {value} 这个值；有的是：{'、'.join(slot.values)}。"
    if slot.kind == "bool" and value is not None and not isinstance(value, bool):
        return f"槽 {slot.name} 是布尔槽，值只能是 true、false 或 null，不是 {value}。"
    return None


def _odd(content: Content, code: Code, step: Step) -> Iterator[Finding]:
    yield error(
        step.at, f"不认识的步骤（{step.name}）：可以用 intent、action、active_loop、slot_was_set、checkpoint、or。"
    )


def _nothing(content: Content, code: Code, step: Step) -> Iterator[Finding]:
    if step.kind == "user":
        yield hint(step.at, "user: 步骤（原话）只用于测试；规则和故事里请用 intent 和 slot_was_set。")


_STEPS: Mapping[str, Callable[[Content, Code, Step], Iterator[Finding]]] = {
    "action": _action, "intent": _intent, "loop": _loop, "slot": _slot, "odd": _odd, "user": _nothing,
}  # fmt: skip
