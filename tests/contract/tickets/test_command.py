"""`ivr tickets` as a person and a program use it, on a store of its own."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.commands.tickets import app
from ivr.errors import IvrError, SettingsError, StepRefused
from ivr.tickets.store import TicketStore
from ivr.tickets.ticket import Callback, Fact, Ticket, TranscriptLine, to_json
from tests.contract.conftest import NOW, ZONE


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "ivr.toml"
    file.write_text(f'database = "{url}"\n', "utf-8")
    monkeypatch.setenv("IVR_SETTINGS", str(file))
    return file


def ivr(*words: str) -> str:
    """What the command prints when its output is not a terminal."""
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.fixture
def filed(url: str, draft: Ticket) -> Ticket:
    async def fill() -> Ticket:
        store = TicketStore(url, ZONE)
        await store.open()
        await store.add_line(draft.call_id, TranscriptLine("caller", "客厅那个挂机", 2.1, 0.88))
        risky = draft.with_fact("problem", Fact("=1+1 不制冷"))
        ticket = await store.create(replace(risky, category="product_fault", summary="空调不制冷", urgency="P2"))
        await store.create(replace(draft, hotline="bank", call_id="other"))
        ticket = await store.get(ticket.ticket_no)
        await store.close()
        return ticket

    return asyncio.run(fill())


def test_an_agent_completes_a_ticket(url: str, filed: Ticket) -> None:
    with pytest.raises(StepRefused, match="还没有结束"):
        ivr("complete", filed.ticket_no, "since=2026-11-19", "--by", "8001")

    async def end() -> None:
        store = TicketStore(url, ZONE)
        await store.change(filed.ticket_no, lambda known: replace(known, status="incomplete"), by="bot", why="")
        await store.close()

    asyncio.run(end())
    told = ivr("complete", filed.ticket_no, "since=2026-11-19", "--by", "8001", "--note", "明天上门", "--close")
    assert told.startswith(f"{filed.ticket_no} 已关闭：")
    shown = ivr("show", filed.ticket_no, "--history")
    assert "坐席：（小结 8001）明天上门" in shown
    assert "8001：坐席补全：明天上门" in shown
    with pytest.raises(SettingsError, match="字段=值"):
        ivr("complete", filed.ticket_no, "since", "--by", "8001")


def test_show_as_json_is_exactly_the_contracts_form(filed: Ticket) -> None:
    shown = json.loads(ivr("show", filed.ticket_no, "--json"))
    assert shown == to_json(filed)
    assert list(shown) == list(to_json(filed))


def test_show_for_a_person(filed: Ticket) -> None:
    shown = ivr("show", filed.ticket_no, "--history")
    for told in (filed.ticket_no, "产品故障", "空调", "客厅那个挂机", "通话中记下第一条事实"):
        assert told in shown
    assert "\x1b" not in shown


def test_list_in_a_pipe_is_one_plain_line_a_ticket(filed: Ticket) -> None:
    lines = ivr("list").splitlines()
    assert len(lines) == 2
    assert [line.split("\t")[0] for line in lines] == ["GD20261122-000002", "GD20261122-000001"]
    only = ivr("list", "--hotline", "appliance", "--json")
    assert [each["ticket_no"] for each in json.loads(only)] == [filed.ticket_no]
    assert ivr("list", "--since", "2026-11-23") == ""
    assert len(ivr("list", "--since", "2026-11-22", "--until", "2026-11-22").splitlines()) == 2


def test_search_as_people_type_it(filed: Ticket) -> None:
    assert [line.split("\t")[0] for line in ivr("search", "空调", "不制冷").splitlines()] == [filed.ticket_no]
    found = json.loads(ivr("search", "挂机", "--hotline", "bank", "--json"))
    assert [each["ticket_no"] for each in found] == ["GD20261122-000002"]
    assert ivr("search", "冰箱") == ""


def test_what_does_not_exist_is_told_in_one_sentence() -> None:
    for words, told in ((("show", "GD20990101-000001"), "GD20990101-000001"), (("list", "--since", "昨天"), "昨天")):
        with pytest.raises(IvrError, match=told):
            ivr(*words)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_wrong_number_ends_the_program_with_1_and_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ivr", "tickets", "show", "GD20990101-000001", "--json"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1


def test_export_cannot_run_as_a_formula(filed: Ticket, tmp_path: Path) -> None:
    file = tmp_path / "tickets.csv"
    assert str(file) in ivr("export", str(file))
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert len(rows) == 2
    assert {row["产品"] for row in rows} == {"空调"}
    problem = next(row["问题描述"] for row in rows if row["编号"] == filed.ticket_no)
    assert problem == "'=1+1 不制冷"
    assert file.stat().st_mode & 0o077 == 0


def test_export_for_excel_and_for_programs(filed: Ticket, tmp_path: Path) -> None:
    ivr("export", str(tmp_path / "t.xlsx"), "--hotline", "appliance")
    with zipfile.ZipFile(tmp_path / "t.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=1+1 不制冷" in sheet
    assert "<f>" not in sheet
    assert sheet.count("<row ") == 2
    ivr("export", str(tmp_path / "t.json"))
    exported = json.loads((tmp_path / "t.json").read_text("utf-8"))
    assert exported[-1] == to_json(filed)  # with what was said
    assert len(exported) == 2
    ivr("export", str(tmp_path / "none.json"), "--hotline", "courier")
    assert json.loads((tmp_path / "none.json").read_text()) == []


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_an_export_that_fails_leaves_what_was_there(filed: Ticket, tmp_path: Path) -> None:
    with pytest.raises(IvrError, match=r"\.xlsx"):
        ivr("export", str(tmp_path / "t.doc"))
    with pytest.raises(IvrError, match="写不进"):
        ivr("export", str(tmp_path / "no/where.csv"))
    assert not [file for file in tmp_path.iterdir() if ".new" in file.name]


def test_a_ticket_moves_step_by_step(filed: Ticket) -> None:
    assert "已受理" in ivr("move", filed.ticket_no, "accept", "--by", "8001")
    with pytest.raises(IvrError, match="不能 reopen"):
        ivr("move", filed.ticket_no, "reopen", "--by", "8001")
    with pytest.raises(IvrError, match="没有 '飞' 这一步"):
        ivr("move", filed.ticket_no, "飞", "--by", "8001")
    assert "8001：accept" in ivr("show", filed.ticket_no, "--history")


def test_call_backs_are_listed_done_and_undone(filed: Ticket, url: str) -> None:
    async def owe() -> None:
        store = TicketStore(url, ZONE)
        await store.record_callback(filed.ticket_no, Callback(NOW, "13800010001", "无人接听"))
        await store.close()

    asyncio.run(owe())
    line = ivr("callbacks").strip().split("\t")
    assert (line[0], line[3], line[4]) == (filed.ticket_no, "13800010001", "无人接听")
    ivr("callbacks", "--done", filed.ticket_no, "--by", "8001")
    assert ivr("callbacks", "--all") == ""
    ivr("callbacks", "--undone", filed.ticket_no, "--by", "8001")
    (again,) = json.loads(ivr("callbacks", "--json"))
    assert again["callback"]["why"] == "无人接听"
    for words in (("--done", filed.ticket_no), ("--undone", filed.ticket_no, "--by", "8001")):
        with pytest.raises(IvrError):
            ivr("callbacks", *words)


def test_prune_counts_first_and_deletes_when_told(filed: Ticket, settings: Path, tmp_path: Path) -> None:
    with pytest.raises(IvrError, match="没有保存期限"):
        ivr("prune")
    settings.write_text(settings.read_text() + f'var = "{tmp_path}"\n[retention]\ntickets_days = 100000\n')
    assert "会删除 0 张" in ivr("prune")
    assert "已删除 0 张" in ivr("prune", "--yes")
    assert len(ivr("list").splitlines()) == 2
