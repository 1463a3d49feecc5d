"""`ivr score WHAT`: each judgement of the product on its own, line by line (docs/contract/score.md)."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.commands.score_nlu import reader
from ivr.commands.score_terms import term_repairer
from ivr.conversation.values.find import find
from ivr.conversation.values.yesno import yes_no
from ivr.errors import IvrError, SettingsError
from ivr.packs import load_packs
from ivr.settings import Settings, load
from ivr.tickets.judgement.emotion import emotion
from ivr.tickets.judgement.urgency import urgency
from ivr.tickets.judgement.words import Judgement, load_judgement
from ivr.tickets.likeness import likeness
from ivr.tickets.taxonomy import load_taxonomy

Answer = dict[str, Any]
Judge = Callable[[str], Answer]


class Kind(StrEnum):
    DIGITS = "digits"
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    TERM = "term"


class What(StrEnum):
    VALUES = "values"
    YESNO = "yesno"
    TERMS = "terms"
    LIKENESS = "likeness"
    EMOTION = "emotion"
    URGENCY = "urgency"
    NLU = "nlu"


@dataclass(frozen=True, slots=True)
class Options:
    settings: Settings
    kind: Kind | None
    date: dt.date
    """The call's own date."""
    hotline: str | None
    asking: str | None
    """Field that the last question asked for."""
    lexicon: Path | None
    until: ExitStack
    """What a judge starts is stopped with it."""


class _Unjudgeable(IvrError):
    code = "unjudgeable"


def command(
    what: Annotated[What, typer.Argument(help="要看的判断，见 docs/contract/score.md")],
    *,
    kind: Annotated[Kind | None, typer.Option(help="values：值的种类（必填）")] = None,
    date: Annotated[str, typer.Option(help="values：这通电话的日期 YYYY-MM-DD，默认是业务时区的今天")] = "",
    hotline: Annotated[str, typer.Option(help="哪条热线的词表和规则，默认是全部热线")] = "",
    asking: Annotated[str, typer.Option(help="terms、nlu：上一句问的是哪个字段")] = "",
    lexicon: Annotated[Path | None, typer.Option(help="terms：词表文件，一行一个词，代替热线的词表")] = None,
) -> None:
    """单独看一句话的判断：从标准输入逐行读，每行打印一个 JSON 对象。

    空行得到 {}；无法判断的行得到 {"error": "…"}，退出码仍为 0。

    例：echo 得有三天了 | ivr score values --kind date --date 2026-11-22
    """
    settings = load()
    with ExitStack() as until:
        options = Options(settings, kind, _date(date, settings), hotline or None, asking or None, lexicon, until)
        judge = JUDGES[what](options)
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        for line in sys.stdin:
            print(json.dumps(_judged(judge, line.rstrip("\r\n")), ensure_ascii=False), flush=True)


def _judged(judge: Judge, line: str) -> Answer:
    if not line.strip():
        return {}
    try:
        return judge(line)
    except IvrError as error:
        return {"error": str(error)}
    except (ArithmeticError, ValueError) as error:
        return {"error": f"这一行无法判断：{type(error).__name__}（{error}）。请把这一行报告给开发者。"}


def _date(words: str, settings: Settings) -> dt.date:
    if not words:
        return settings.now().date()
    try:
        return dt.date.fromisoformat(words)
    except ValueError as error:
        raise SettingsError(f"--date {words} 不是日期：请写成 2026-11-22 的样子。") from error


def _values(options: Options) -> Judge:
    kind = options.kind
    if kind is None:
        raise SettingsError("ivr score values 需要 --kind：digits、money、date、time 或 term。")
    terms = _terms_of(options) if kind is Kind.TERM else {}

    def judge(line: str) -> Answer:
        value = find(kind.value, line, today=options.date, terms=terms, prefer="any")
        return {"value": None} if value is None else {"value": value.value, "span": [value.start, value.end]}

    return judge


def _terms_of(options: Options) -> Mapping[str, Sequence[str]]:
    """The lexicon of the fields that hold terms, of one hotline or of all."""
    data = options.settings.root / "data"
    packs = load_packs(data)
    if options.hotline and options.hotline not in packs:
        raise SettingsError(f"没有叫 {options.hotline} 的热线：data/packs 里有 {'、'.join(packs)}。")
    chosen = [packs[options.hotline]] if options.hotline else list(packs.values())
    fields = [field.id for field in load_taxonomy(data).fields.values() if field.kind == "term"]
    terms: dict[str, list[str]] = {}
    for pack in chosen:
        for field in fields:
            for canonical, names in pack.lexicon.get(field, {}).items():
                terms.setdefault(canonical, []).extend(names)
    return terms


def _yesno(_: Options) -> Judge:
    return lambda line: {"answer": {True: "yes", False: "no", None: None}[yes_no(line)]}


def _rules(options: Options) -> Judgement:
    return load_judgement(options.settings.root / "data" / "judgement")


def _urgency(options: Options) -> Judge:
    rules = _rules(options)

    def judge(line: str) -> Answer:
        felt = emotion(line, rules.emotion)
        label, why = urgency(line, rules.urgency, hotline=options.hotline, emotion=felt)
        return {"urgency": label, "why": why}

    return judge


def _emotion(options: Options) -> Judge:
    words = _rules(options).emotion

    def judge(line: str) -> Answer:
        felt = emotion(line, words)
        return {"label": felt.label, "score": round(felt.score, 2)}

    return judge


def _likeness(options: Options) -> Judge:
    words = _rules(options).linking

    def judge(line: str) -> Answer:
        one, tab, other = line.partition("\t")
        if not tab or not one.strip() or not other.strip():
            raise _Unjudgeable("这一行应当是两段描述，中间用制表符（Tab）隔开。")
        return {"score": round(likeness(one, other, words), 4)}

    return judge


def _nlu(options: Options) -> Judge:
    return reader(options.settings, options.date, options.hotline, options.asking, options.until)


def _repaired(options: Options) -> Judge:
    return term_repairer(options.settings, options.hotline, options.asking, options.lexicon)


JUDGES: dict[What, Callable[[Options], Judge]] = {
    What.VALUES: _values,
    What.YESNO: _yesno,
    What.URGENCY: _urgency,
    What.TERMS: _repaired,
    What.LIKENESS: _likeness,
    What.EMOTION: _emotion,
    What.NLU: _nlu,
}
"""What can be judged → how the judge is prepared from the options, once for all lines."""
