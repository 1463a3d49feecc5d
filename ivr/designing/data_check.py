"""`data/`: what the product's own readers refuse, patterns that do not compile, words listed twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from ivr.conversation.evidence import load_evidence
from ivr.conversation.wholeness import load_turn_words
from ivr.designing.content import Content
from ivr.designing.finding import At, Finding, error, hint
from ivr.designing.forms_check import fields
from ivr.designing.handoff_check import check_handoff
from ivr.designing.located import Table, line_of, rows, table, texts
from ivr.errors import IvrError
from ivr.packs import NO_TERM, load_packs, load_prompts
from ivr.speech.repair.sounds import load_sounds
from ivr.speech.repair.words import listed_words
from ivr.tickets.taxonomy import load_taxonomy

PATTERN_FILES = ("evidence.yml", "urgency.yml", "emotion.yml", "linking.yml")
"""Their texts are regular expressions."""


def check_data(content: Content) -> Iterator[Finding]:
    patterns = list(_patterns(content))
    yield from patterns
    if not patterns:
        yield from _readers(content)
    for hotline in table(table(content.data.get(content.taxonomy_file)).get("hotlines")):
        yield from _pack(content, str(hotline))


def _patterns(content: Content) -> Iterator[Finding]:
    for file, raw in content.data.items():
        if file.name not in PATTERN_FILES:
            continue
        for text in texts(raw):
            try:
                re.compile(text.replace("{regulator}", "x"))
            except re.error as why:
                place = f"第 {why.pos + 1} 个字" if why.pos is not None else ""
                yield error(At(file, line_of(text)), f"正则表达式写错了（{place}：{why.msg}）：{text[:60]}")


def _readers(content: Content) -> Iterator[Finding]:
    data = content.root / "data"
    readers: dict[Path, Callable[[], object]] = {
        content.taxonomy_file: lambda: load_taxonomy(data),
        data / "packs": lambda: load_packs(data),
        data / "prompts.yml": lambda: load_prompts(data),
        data / "turn_taking.yml": lambda: load_turn_words(data),
        data / "evidence.yml": lambda: [load_evidence(data, hotline) for hotline in load_packs(data)],
    }
    repair: dict[Path, Callable[[], object]] = {
        data / "words.yml": lambda: listed_words(data),
        data / "sounds.yml": lambda: load_sounds(data),
    }
    readers |= {file: reader for file, reader in repair.items() if file.exists()}
    for file, reader in readers.items():
        try:
            reader()
        except (IvrError, re.error) as why:
            yield error(At(file), str(why))


def _pack(content: Content, hotline: str) -> Iterator[Finding]:
    taxonomy = content.taxonomy_file
    if content.pack_file(hotline, "hotline.yml") not in content.data:
        yield error(At(taxonomy, 0), f"热线 {hotline} 没有 data/packs/{hotline}/hotline.yml：请照别的热线写一个。")
        return
    yield from check_handoff(content, hotline)
    lexicon = content.pack_file(hotline, "lexicon.yml")
    known = {*fields(content), "choices", "category"}
    for field, terms in content.data.get(lexicon, {}).items():
        if str(field).split("@")[0] not in known:
            yield hint(At(lexicon, line_of(field)), f"词表 {field} 没有对应的字段：没有人会用它。")
        if field == "category":
            yield from _of_categories(content, hotline, table(terms), lexicon)
        if field != "choices":
            yield from _terms(table(terms), lexicon, str(field))


def _of_categories(content: Content, hotline: str, terms: Table, file: Path) -> Iterator[Finding]:
    hotlines = table(table(content.data.get(content.taxonomy_file)).get("hotlines"))
    known = table(table(hotlines.get(hotline)).get("categories"))
    for category in terms:
        if category not in known:
            yield error(At(file, line_of(category)), f"词表 category：热线 {hotline} 没有类别 {category}，请改正名字。")


def _terms(terms: Table, file: Path, field: str) -> Iterator[Finding]:
    """One word that stands for two things is taken for whichever comes first."""
    seen: dict[str, tuple[str, int]] = {}
    for term, others in terms.items():
        for word in (term, *rows(others)):
            line = line_of(word, line_of(others))
            first, at = seen.setdefault(str(word), (str(term), line))
            if first != term and NO_TERM in {first, term}:
                yield hint(At(file, line), f"词表 {field}：“{word}”在 {first} 下，又在 {term} 下：它到底算不算？")
            elif first != term:
                yield error(
                    At(file, line), f"词表 {field}：“{word}”既是 {first}（第 {at} 行）又是 {term}，只能是一个。"
                )
            elif at != line or (word is not term and str(word) == str(term)):
                yield hint(At(file, line), f"词表 {field}：“{word}”在 {term} 下写了两遍。")
