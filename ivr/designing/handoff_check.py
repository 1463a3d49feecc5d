"""`data/packs/<hotline>/handoff.yml`: a route that names what there is not never leads anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.designing.content import Content
from ivr.designing.finding import At, Finding, error, hint
from ivr.designing.located import Table, line_of, rows, table

TIERS = ("normal", "vip")
URGENCIES = ("P1", "P2", "P3", "P4")


def check_handoff(content: Content, hotline: str) -> Iterator[Finding]:
    file = content.pack_file(hotline, "handoff.yml")
    raw = table(content.data.get(file))
    known = _known(content, hotline)
    routes = [table(each) for each in rows(raw.get("routes"))]
    for route in routes:
        for name, values in known.items():
            wanted = route.get(name)
            for value in rows(wanted) if isinstance(wanted, list) else (wanted,):
                if value is not None and value not in values:
                    at = At(file, line_of(value, route.line))
                    yield error(at, f"routes 的 {name} 没有 {value}；可用：{'、'.join(values)}。")
    for queue in table(raw.get("queues")):
        if queue not in {route.get("queue") for route in routes}:
            yield hint(At(file, line_of(queue)), f"队列 {queue} 没有 routes 用到：没有电话会进去。")


def _known(content: Content, hotline: str) -> dict[str, tuple[str, ...]]:
    """Condition of a route → its values."""
    taxonomy: Table = table(content.data.get(content.taxonomy_file))
    categories = table(table(table(taxonomy.get("hotlines")).get(hotline)).get("categories"))
    return {
        "category": tuple(categories),
        "reason": tuple(map(str, rows(taxonomy.get("handoff_reasons")))),
        "tier": TIERS,
        "urgency": URGENCIES,
    }
