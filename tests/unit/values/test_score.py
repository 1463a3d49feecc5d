"""`ivr score` as docs/contract/score.md says: line by line, JSON, exit code 0."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from ivr.commands.score import command

app = typer.Typer()
app.command()(command)


def score(*arguments: str, lines: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, list(arguments), input=lines)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_values_with_their_span() -> None:
    answers = score(
        "values", "--kind", "date", "--date", "2026-11-22", lines="得有三天了\n\n空调坏了\n前天，哎不对，昨天\n"
    )
    assert answers == [
        {"value": "2026-11-19", "span": [2, 4]},
        {},
        {"value": None},
        {"value": "2026-11-21", "span": [7, 9]},
    ]


def test_terms_of_one_hotline() -> None:
    answers = score("values", "--kind", "term", "--hotline", "appliance", lines="客厅那个挂机\n不是空调是洗衣机\n")
    assert [answer["value"] for answer in answers] == ["空调", "洗衣机"]


def test_yes_no_and_neither() -> None:
    answers = score("yesno", lines="可不是嘛\n不是坏了，是装反了\n空调坏了\n")
    assert [answer["answer"] for answer in answers] == ["yes", "no", None]


@pytest.mark.parametrize(("what", "keys"), [("emotion", {"label", "score"}), ("urgency", {"urgency", "why"})])
def test_judgements_of_a_sentence(what: str, keys: set[str]) -> None:
    assert score(what, lines="微波炉冒烟了！\n")[0].keys() == keys


def test_a_line_that_cannot_be_judged_is_told() -> None:
    good, bad = score("likeness", lines="空调不制冷\t空调不冷\n只有一段\n")
    assert 0 < good["score"] <= 1
    assert "制表符" in bad["error"]


def test_an_amount_beyond_all_money_is_none() -> None:
    assert score("values", "--kind", "money", lines="九亿亿亿亿亿亿块\n五十块\n") == [
        {"value": None},
        {"value": "50.00", "span": [0, 3]},
    ]


def test_a_judgement_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ArithmeticError("overflow")

    monkeypatch.setattr("ivr.commands.score.find", fails)
    assert "error" in score("values", "--kind", "money", lines="五十块\n")[0]
