"""YAML whose texts, mappings and lists know the line they stand on, and that refuses a key written twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ivr.designing.finding import At, Finding, error


class Text(str):
    """A scalar. `line`: of its first character; of a block (`|`), of its first line of content."""

    __slots__ = ("line",)
    line: int


class Table(dict[str, Any]):
    line: int


class Rows(list[Any]):
    line: int


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # ten times as fast where it is
    """Numbers, dates and booleans stay as YAML has them; everything else is located."""

    twice: list[tuple[str, int]]


def _text(loader: _Loader, node: yaml.ScalarNode) -> Text:
    text = Text(loader.construct_scalar(node))
    text.line = node.start_mark.line + 1 + (node.style in ("|", ">"))
    return text


def _table(loader: _Loader, node: yaml.MappingNode) -> Table:
    seen: set[str] = set()
    for key, _ in node.value:
        name = str(key.value)
        if name in seen and name != "<<":
            loader.twice.append((name, key.start_mark.line + 1))
        seen.add(name)
    loader.flatten_mapping(node)
    table = Table()
    for key, value in node.value:
        name = loader.construct_object(key, deep=True)
        table[name] = loader.construct_object(value, deep=True)
    table.line = node.start_mark.line + 1
    return table


def _rows(loader: _Loader, node: yaml.SequenceNode) -> Rows:
    rows = Rows(loader.construct_object(each, deep=True) for each in node.value)
    rows.line = node.start_mark.line + 1
    return rows


_Loader.add_constructor("tag:yaml.org,2002:str", _text)
_Loader.add_constructor("tag:yaml.org,2002:map", _table)
_Loader.add_constructor("tag:yaml.org,2002:seq", _rows)


def read(file: Path) -> tuple[Table, list[Finding]]:
    """The file's mapping (empty when there is none; a list is under the key ""), and what is wrong with it as YAML."""
    try:
        loader = _Loader(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as why:
        return _empty(), [error(At(file), f"读不了：{why}。请检查文件和编码（要 UTF-8）。")]
    loader.twice = []
    try:
        content = loader.get_single_data()
    except yaml.MarkedYAMLError as why:
        line = why.problem_mark.line + 1 if why.problem_mark else 0
        return _empty(), [error(At(file, line), f"不是正确的 YAML：{why.problem or why}。常见原因：缩进、引号、冒号。")]
    except (yaml.YAMLError, ValueError, TypeError) as why:
        return _empty(), [error(At(file), f"不是正确的 YAML：{why}。")]
    finally:
        loader.dispose()
    twice = [
        error(At(file, line), f"同一层里“{name}”写了两次，只有后一个算数，请合并。") for name, line in loader.twice
    ]
    if content is None:
        return _empty(), twice
    if isinstance(content, Rows):
        whole = _empty()
        whole[""] = content
        return whole, twice
    if not isinstance(content, Table):
        return _empty(), [*twice, error(At(file, 1), "应当是“键: 值”或列表的形式。")]
    return content, twice


def line_of(value: object, otherwise: int = 0) -> int:
    """Where a value stands: a number has no line of its own."""
    return int(getattr(value, "line", otherwise))


def texts(value: object) -> Iterator[Text]:
    """All texts below a value, keys left out."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def table(value: object) -> Table:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Table) else _empty()


def rows(value: object) -> Rows:
    """The value if it is a list, else an empty one."""
    if isinstance(value, Rows):
        return value
    empty = Rows()
    empty.line = 0
    return empty


def _empty() -> Table:
    empty = Table()
    empty.line = 0
    return empty
