"""Categories, forms, slots: is everything there that a category needs, and is everything reached that is there?"""

from __future__ import annotations

from collections.abc import Iterator

from ivr.designing.code import Code
from ivr.designing.content import Content, Form, Named
from ivr.designing.finding import At, Finding, error, hint
from ivr.designing.located import Table, line_of, rows, table


def check_forms(content: Content, code: Code) -> Iterator[Finding]:
    yield from _categories(content)
    for form in content.forms.values():
        yield from _form(content, form)
    yield from _unreachable(content, code)


def categories(content: Content) -> Iterator[tuple[str, str, Table, At]]:
    """Hotline, category, what the taxonomy says of it, place."""
    file = content.taxonomy_file
    for hotline, what in table(table(content.data.get(file)).get("hotlines")).items():
        for category, needs in table(table(what).get("categories")).items():
            yield hotline, category, table(needs), At(file, line_of(category))


def fields(content: Content) -> Table:
    return table(table(content.data.get(content.taxonomy_file)).get("fields"))


def _categories(content: Content) -> Iterator[Finding]:
    topics = content.slots.get("topic")
    for hotline, category, needs, at in categories(content):
        topic, form_name = f"{hotline}_{category}", f"{hotline}_{category}_form"
        if topics and topics.values is not None and topic not in topics.values:
            yield error(topics.at, f"槽 topic 的 values 里没有 {topic}：taxonomy.yml 有这个类别，请加上。")
        form = content.forms.get(form_name)
        if form is None:
            yield error(at, f"类别 {topic} 没有表单：请在 dialogue/domain/{hotline}.yml 的 forms 里写 {form_name}。")
        else:
            yield from _required(form, needs, topic)
            yield from _started(content, form, topic)
        if category not in content.intents:
            yield error(at, f"类别 {topic} 没有意图：请把 {category} 写进 dialogue/domain/{hotline}.yml 的 intents。")


def _required(form: Form, needs: Table, topic: str) -> Iterator[Finding]:
    asked = {slot.name for slot in form.required}
    for field in rows(needs.get("required")):
        if field not in asked:
            yield error(
                form.at,
                f"{form.name} 不问 {field}，而类别 {topic} 没有它就不完整（taxonomy.yml 的 required）："
                "请写进 required_slots。",
            )


def _started(content: Content, form: Form, topic: str) -> Iterator[Finding]:
    routes = [route for route in content.routes if any(s.kind == "loop" and s.name == form.name for s in route.steps)]
    if not any(any(step.kind == "slot" and step.value == topic for step in r.all_steps()) for r in routes):
        yield error(
            form.at,
            f"没有规则在 topic 是 {topic} 时开始 {form.name}：请在 dialogue/data/rules 里写一条（照别的类别写）。",
        )
    ended = [r for r in content.routes if any(s.kind == "loop" and s.name is None for s in r.steps)]
    if not any(any(step.kind == "action" and step.name == form.name for step in r.steps) for r in ended):
        yield error(form.at, f"没有规则说 {form.name} 问完之后做什么：请写一条“问完了”的规则，否则电话没有结尾。")


def _form(content: Content, form: Form) -> Iterator[Finding]:
    seen: set[str] = set()
    validator = f"validate_{form.name}"
    if validator not in content.actions:
        yield error(form.at, f"actions 里没有 {validator}：没有它，表单不会给规则让路。请加在同一个文件的 actions 里。")
    for slot in form.required:
        if slot.name in seen:
            yield error(slot.at, f"{form.name} 把 {slot.name} 写了两次。")
        seen.add(slot.name)
        yield from _asked(content, form, slot)


def _asked(content: Content, form: Form, slot: Named) -> Iterator[Finding]:
    if slot.name not in content.slots:
        yield error(
            slot.at, f"{form.name} 要问 {slot.name}，但没有这个槽：请写进 dialogue/domain 的 slots，或改正名字。"
        )
    if not {f"utter_ask_{slot.name}", f"utter_ask_{form.name}_{slot.name}"} & content.responses.keys():
        yield error(slot.at, f"{form.name} 要问 {slot.name}，但没有问句：请在 responses 里写 utter_ask_{slot.name}。")
    if not {f"action_ask_{slot.name}", f"action_ask_{form.name}_{slot.name}"} & content.actions.keys():
        yield error(
            slot.at, f"actions 里没有 action_ask_{slot.name}：没有它，问句里的 {{…}} 填不上，也不会换着说。请加上。"
        )


def _unreachable(content: Content, code: Code) -> Iterator[Finding]:
    asked = {slot.name for form in content.forms.values() for slot in form.required}
    set_in_rules = {s.name for route in content.routes for s in route.steps if s.kind == "slot"}
    known = fields(content)
    for slot in content.slots.values():
        if slot.custom and not (slot.name in known or slot.name in asked | set_in_rules or code.knows(slot.name)):
            yield hint(slot.at, f"槽 {slot.name} 没有人问，也没有动作或规则去设它：一直是空的。")
        elif slot.name in known and slot.name not in asked and not _of_a_category(content, slot.name):
            yield hint(slot.at, f"槽 {slot.name} 哪张表单都不问，也不是哪个类别的字段。")
    started = {s.name for route in content.routes for s in route.steps if s.kind == "loop"}
    for form in content.forms.values():
        if form.name not in started:
            yield hint(form.at, f"表单 {form.name} 没有规则或故事去开始它：永远不会问。")


def _of_a_category(content: Content, field: str) -> bool:
    always = {"contact_name", "contact_number"}
    return field in always or any(
        field in rows(needs.get("required")) or field in rows(needs.get("optional"))
        for _, _, needs, _ in categories(content)
    )
