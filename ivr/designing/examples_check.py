"""Training sentences: enough, not contradictory, and not copied from the scenarios that measure them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ivr.conversation.wire import BEGIN
from ivr.designing.content import Content, Example
from ivr.designing.finding import Finding, error, hint
from ivr.designing.located import line_of, read, rows, table, texts

SENT = frozenset({BEGIN.lstrip("/"), "keys", "no_input"})
"""Intents that the line itself sends; nothing is to be learnt for them."""
FEW = 8
"""Fewer examples than this teach little."""
TELLING = 8
"""Characters from which a sentence is somebody's own: "对，就是这个" is everybody's."""
_ANNOTATION = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
_MARKS = re.compile(r"[\s，。？！、；：…,.?!;:~～\-—“”\"'（）()《》]+")


def check_examples(content: Content, scenarios: Iterable[Path]) -> Iterator[Finding]:
    by_intent: dict[str, list[Example]] = defaultdict(list)
    for example in content.examples:
        by_intent[example.intent].append(example)
    for intent in content.intents.values():
        count = len(by_intent.get(intent.name, ()))
        if intent.name in SENT or intent.name.startswith("nlu_"):
            continue
        if not count:
            yield error(
                intent.at, f"意图 {intent.name} 没有例句：请在 dialogue/data/nlu 里写几十句，照人打电话时的说法。"
            )
        elif count < FEW:
            yield hint(intent.at, f"意图 {intent.name} 只有 {count} 句例句：太少，学不到什么。")
    for name, examples in by_intent.items():
        if name.split("/")[0] not in content.intents:
            yield error(examples[0].at, f"例句的意图 {name} 没有写进 domain 的 intents：请加上，或改正名字。")
    yield from _twice(content)
    yield from _copied(content, _sentences(scenarios))


def plain(text: str) -> str:
    """The words alone: no marks, no spaces, no annotation."""
    return _MARKS.sub("", _ANNOTATION.sub(r"\1", text))


def _twice(content: Content) -> Iterator[Finding]:
    seen: dict[str, Example] = {}
    for example in content.examples:
        words = plain(example.text)
        first = seen.setdefault(words, example)
        if first is example:
            continue
        where = first.at.shown(content.root)
        if first.intent != example.intent:
            yield error(
                example.at,
                f"“{example.text}”写在两个意图下：{example.intent} 和 {first.intent}（{where}）。"
                "同一句只能有一个意思，请留一个。",
            )
        else:
            yield hint(example.at, f"“{example.text}”写了两遍（{where}）。")


def _sentences(files: Iterable[Path]) -> Mapping[str, tuple[str, Path, int]]:
    """What the scenarios' callers say: words → scenario, file, line."""
    found: dict[str, tuple[str, Path, int]] = {}
    for file in files:
        for each in rows(read(file)[0].get("scenarios")):
            says = table(table(each).get("says"))
            for key in ("opening", "answers", "otherwise", "instead"):
                for text in texts({"": says.get(key)}):
                    found.setdefault(plain(text), (str(table(each).get("id")), file, line_of(text)))
    return found


def _copied(content: Content, sentences: Mapping[str, tuple[str, Path, int]]) -> Iterator[Finding]:
    for example in content.examples:
        words = plain(example.text)
        if len(words) >= TELLING and words in sentences:
            scenario, file, line = sentences[words]
            name = file.name
            yield error(
                example.at,
                f"“{example.text}”是场景 {scenario}（{name}:{line}）里的话：拿考题来教，考试就不准了。请换一种说法。",
            )
