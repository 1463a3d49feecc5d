"""What is suggested for a ticket."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from ivr.errors import SettingsError
from ivr.packs import Advice, load_packs
from ivr.tickets.judgement.suggestions import suggestions
from ivr.tickets.ticket import Fact, Ticket

FAULT = ("product_fault",)
ADVICE = (
    Advice(category=FAULT, text="约师傅上门", why="都要看"),
    Advice(category=FAULT, product=("空调",), problem="不制冷|热风", text="先清洗滤网", why="滤网堵"),
    Advice(category=FAULT, product=("空调",), text="看遥控器模式", why="常设错"),
    Advice(category=FAULT, fields={"error_code": "^E4$"}, text="查进水管", why="E4 是进水"),
    Advice(category=("installation",), text="改约", why="没人来"),
)


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        ({"product": "空调", "problem": "吹的是热风"}, ["先清洗滤网", "看遥控器模式", "约师傅上门"]),
        ({"product": "洗衣机", "error_code": "E4"}, ["查进水管", "约师傅上门"]),
        ({"product": "冰箱", "problem": "不制冷"}, ["约师傅上门"]),
    ],
)
def test_the_most_particular_comes_first(fields: dict[str, str], texts: list[str]) -> None:
    ticket = Ticket(
        hotline="appliance", category="product_fault", call_id="1.1", caller_number=None,
        created_at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
    )  # fmt: skip
    for name, value in fields.items():
        ticket = ticket.replacing(name, Fact(value))
    assert [each.text for each in suggestions(ticket, ADVICE)] == texts


def test_a_mistake_in_the_file_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "packs" / "x"
    folder.mkdir(parents=True)
    (folder / "hotline.yml").write_text("name: x\ndialled: ['1']\n", "utf-8")
    (folder / "lexicon.yml").write_text("product: {}\n", "utf-8")
    (folder / "suggestions.yml").write_text("- {category: lost, text: 查, why: 因, problem: '('}\n", "utf-8")
    with pytest.raises(SettingsError, match=r"suggestions\.yml 有误"):
        load_packs(tmp_path)
