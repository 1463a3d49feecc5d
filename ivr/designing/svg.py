"""A graph as an SVG file, without a browser: boxes in layers from top to bottom, arrows with their conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ivr.designing.flow import Graph

LINE, CHARACTER, PAD = 18, 13, 10
"""Pixels: height of a line, width of a Chinese character, space inside a box."""
GAP_X, GAP_Y, MARGIN = 36, 84, 24
WIDEST = 1500
"""A layer that is wider goes on in the next row."""


@dataclass(frozen=True, slots=True)
class Box:
    x: int
    y: int
    width: int
    height: int
    lines: tuple[str, ...]


def svg(graphs: Sequence[Graph]) -> str:
    """All graphs, one below the other."""
    parts: list[str] = []
    top, width = MARGIN, 0
    for graph in graphs:
        parts.append(_text(MARGIN, top + LINE, graph.title, 18, "#111"))
        boxes = placed(graph, top + 2 * LINE)
        parts += [_arrow(boxes[start], boxes[end], label) for start, end, label in graph.edges]
        parts += [_box(box) for box in boxes.values()]
        top = max(box.y + box.height for box in boxes.values()) + GAP_Y
        width = max(width, *(box.x + box.width for box in boxes.values()))
    size = f'width="{width + MARGIN}" height="{top}" viewBox="0 0 {width + MARGIN} {top}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">\n{_ARROW_HEAD}\n' + (
        "\n".join(parts) + "\n</svg>\n"
    )


_ARROW_HEAD = (
    '<defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="3" orient="auto">'
    '<path d="M0,0 L7,3 L0,6 z" fill="#888"/></marker></defs><rect width="100%" height="100%" fill="#fff"/>'
)


def layers(graph: Graph) -> list[list[str]]:
    """Each node below all that lead to it; a way back does not count."""
    depth: dict[str, int] = {}

    def deep(name: str, above: frozenset[str]) -> int:
        if name not in depth:
            before = [start for start, end, _ in graph.edges if end == name and start not in above and start != name]
            depth[name] = 1 + max((deep(each, above | {name}) for each in before), default=-1)
        return depth[name]

    for name in graph.nodes:
        deep(name, frozenset({name}))
    return [[n for n in graph.nodes if depth[n] == level] for level in range(max(depth.values(), default=-1) + 1)]


def placed(graph: Graph, top: int) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    for layer in layers(graph):
        x, highest = MARGIN, 0
        for name in layer:
            lines = tuple(graph.nodes[name].split("\n"))
            width = 2 * PAD + max(_width(line) for line in lines)
            height = 2 * PAD + LINE * len(lines)
            if x > MARGIN and x + width > WIDEST:
                x, top, highest = MARGIN, top + highest + GAP_Y // 2, 0
            boxes[name] = Box(x, top, width, height, lines)
            x, highest = x + width + GAP_X, max(highest, height)
        top += highest + GAP_Y
    return boxes


def _width(line: str) -> int:
    return sum(CHARACTER if ord(character) > 0x2000 else 8 for character in line)


def _box(box: Box) -> str:
    frame = (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6" fill="#eef4fb" stroke="#456"/>'
    )
    lines = [
        _text(box.x + PAD, box.y + PAD + 14 + LINE * number, line, 13, "#111") for number, line in enumerate(box.lines)
    ]
    return "\n".join([frame, *lines])


def _arrow(start: Box, end: Box, label: str) -> str:
    x1, y1 = start.x + start.width // 2, start.y + start.height
    x2, y2 = end.x + end.width // 2, end.y
    curve = f"M{x1},{y1} C{x1},{y1 + 40} {x2},{y2 - 40} {x2},{y2}"
    path = f'<path d="{curve}" fill="none" stroke="#888" marker-end="url(#head)"/>'
    return path + (_text((x1 + 3 * x2) // 4, (y1 + 3 * y2) // 4 - 6, label, 11, "#a40") if label else "")


def _text(x: int, y: int, text: str, size: int, colour: str) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
