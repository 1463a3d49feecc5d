"""The dialogue as pictures, drawn from rules, stories and forms: one for what holds in every call, one a hotline.

Mermaid text; `svg.py` draws the same graph without a browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ivr.designing.content import Content, Route, Step
from ivr.designing.forms_check import categories, fields
from ivr.designing.located import table

LONGEST = 22
"""Characters of a sentence in a box."""
EVERY_TURN = "每一句之后"
BACK = "回到表单，接着问"
COMMON = "各热线共用"


@dataclass(slots=True)
class Graph:
    title: str
    nodes: dict[str, str] = field(default_factory=dict)
    """Name → what is written in the box, lines apart by a newline."""
    edges: list[tuple[str, str, str]] = field(default_factory=list)
    """From, to, condition."""

    def edge(self, start: str, end: str, label: str) -> None:
        if (start, end, label) not in self.edges:
            self.edges.append((start, end, label))


def graphs(content: Content) -> list[Graph]:
    """The common one first, then the hotlines' in the order of the taxonomy."""
    hotlines = list(table(table(content.data.get(content.taxonomy_file)).get("hotlines")))
    by_place: dict[str, list[Route]] = {COMMON: [], **{hotline: [] for hotline in hotlines}}
    for route in content.routes:
        by_place[_place(route, hotlines)].append(route)
    return [_graph(content, place, routes) for place, routes in by_place.items() if routes]


def _place(route: Route, hotlines: list[str]) -> str:
    """The hotline whose forms or topics a route names."""
    for step in route.all_steps():
        said = str(step.value if step.kind == "slot" and step.name == "topic" else step.name)
        found = next((hotline for hotline in hotlines if said.startswith(f"{hotline}_")), None)
        if found:
            return found
    return next((hotline for hotline in hotlines if route.at.file.stem == hotline), COMMON)


def _graph(content: Content, place: str, routes: list[Route]) -> Graph:
    graph = Graph(_title(content, place))
    for route in routes:
        _draw(content, graph, route)
    return graph


def _title(content: Content, place: str) -> str:
    name = table(content.data.get(content.pack_file(place, "hotline.yml"))).get("name")
    return f"{name}（{place}）" if name else place


def _draw(content: Content, graph: Graph, route: Route) -> None:
    """A chain: what the rule waits for, then what it does."""
    steps = [step for step in route.steps if step.kind in {"intent", "action", "or"}]
    slots = [step for step in route.conditions if step.kind == "slot"]
    before: str | None = None
    for number, step in enumerate(steps):
        if step.kind == "action" and step.name == "action_listen":
            name = EVERY_TURN if number == 0 else f"{EVERY_TURN}（{route.name}）"
            graph.nodes[name] = EVERY_TURN
        else:
            name = _node(content, graph, step)
        if before is not None:
            graph.edge(before, name, _condition([*slots, *_slots_between(route, step)]))
            slots = []
        before = name
    if before and route.waits and any(step.name == "action_listen" for step in steps):
        graph.nodes[BACK] = BACK
        graph.edge(before, BACK, "")


def _slots_between(route: Route, step: Step) -> Iterator[Step]:
    """Slots named right before that step."""
    at = route.steps.index(step)
    while at and route.steps[at - 1].kind == "slot":
        at -= 1
        yield route.steps[at]


def _condition(slots: list[Step]) -> str:
    return "，".join(f"{step.name} {'没有' if step.value is None else step.value}" for step in slots)


def _node(content: Content, graph: Graph, step: Step) -> str:
    name = str(step.name)
    graph.nodes.setdefault(name, "\n".join(_words(content, step)))
    return name


def _words(content: Content, step: Step) -> Iterator[str]:
    name = str(step.name)
    if step.kind == "intent":
        yield f"意图 {name}"
        return
    form = content.forms.get(name)
    if form:
        yield _form_name(content, name)
        yield from (f"{number}. {_field(content, slot.name)}" for number, slot in enumerate(form.required, 1))
        return
    yield name
    response = content.responses.get(name) or content.responses.get(name.replace("action_", "utter_", 1))
    if response and response.variations:
        text = response.variations[0].text
        yield f"“{text[:LONGEST]}{'……' if len(text) > LONGEST else ''}”"


def _form_name(content: Content, form: str) -> str:
    for hotline, category, needs, _ in categories(content):
        if form == f"{hotline}_{category}_form":
            return f"{needs.get('zh')}（{category}）"
    return form


_OTHERS = {"topic": "哪一类事", "prior_ticket": "是以前那件事吗", "confirm": "核对", "anything_else": "还有别的事吗"}


def _field(content: Content, slot: str) -> str:
    return str(table(fields(content).get(slot)).get("zh") or _OTHERS.get(slot, slot))


# --- mermaid -----------------------------------------------------------------------


def mermaid(graph: Graph) -> str:
    ids = {name: f"n{number}" for number, name in enumerate(graph.nodes)}
    lines = ["flowchart TD"]
    for name, text in graph.nodes.items():
        words = text.replace('"', "'").replace("\n", "<br/>")
        lines.append(f'    {ids[name]}(["{words}"])' if name in {EVERY_TURN, BACK} else f'    {ids[name]}["{words}"]')
    for start, end, label in graph.edges:
        arrow = f'-->|"{label}"|' if label else "-->"
        lines.append(f"    {ids[start]} {arrow} {ids[end]}")
    return "\n".join(lines) + "\n"


HEAD = """# 对话的图

由 `ivr dialogue flow --write` 从 `dialogue/` 和 `data/` 画出，不要手改；改了规则、故事或表单之后再运行一次。

方框里是表单（按提问的先后列出，已经知道的不问）、动作或一句话；箭头上是条件。
来电人每说一句，先走“各热线共用”里的规则，再回到正在问的表单。
"""


def document(content: Content) -> str:
    """docs/dialogue.md"""
    parts = [f"## {graph.title}\n\n```mermaid\n{mermaid(graph)}```\n" for graph in graphs(content)]
    return "\n".join([HEAD, *parts])
