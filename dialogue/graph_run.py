"""Running a model's graph (NLU, policies) node by node, in the place of `DaskGraphRunner.run`.

Dask plans every run anew; which nodes a target needs does not change while a model is loaded.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from rasa.engine.exceptions import GraphRunError

Plan = list[tuple[str, Any, tuple[str, ...]]]
"""Name, node, the nodes whose answers it gets: each after those it needs."""
_plans: WeakKeyDictionary[Any, dict[tuple[str, ...], Plan]] = WeakKeyDictionary()


def run(self: Any, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
    """As Rasa's. Raises `GraphRunError` and what the nodes raise."""
    wanted = tuple(targets or self._graph_schema.target_names)
    plans = _plans.setdefault(self, {})
    if wanted not in plans:
        plans[wanted] = plan(self, wanted)
    answers: dict[str, Any] = {}
    for name, given in (inputs or {}).items():
        if isinstance(given, str) and given in self._instantiated_nodes:
            raise GraphRunError(f"Input value '{given}' clashes with a node name.")
        answers[name] = name, given
    try:
        for name, node, needs in plans[wanted]:
            # A node takes the name itself for what nobody answered, and complains if it cannot do without.
            answers[name] = node(*(answers.get(need, need) for need in needs))
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error
    return dict(answers[name] for name in wanted)


def plan(runner: Any, wanted: tuple[str, ...]) -> Plan:
    nodes = runner._graph_schema.minimal_graph_schema(list(wanted)).nodes
    found: Plan = []
    placed: set[str] = set()

    def place(name: str) -> None:
        if name in placed or name not in nodes:
            return
        placed.add(name)
        needs = tuple(nodes[name].needs.values())
        for need in needs:
            place(need)
        found.append((name, runner._instantiated_nodes[name], needs))

    for name in wanted:
        place(name)
    return found
