"""`ivr dialogue test`: scenarios and Rasa's own tests of the trained model; what changed since the published one."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr import publishing
from ivr.commands.dialogue_check import coverage_file, findings, say, show
from ivr.commands.simulate import Job, in_text
from ivr.designing.changes import changes, read_report, told
from ivr.designing.content import read_content
from ivr.designing.coverage import load_coverage, measure, moments, read_events, save_coverage
from ivr.designing.finding import Grade
from ivr.designing.held_out import LEAST_F1, rasa_form, weighted_f1
from ivr.designing.versions import REPORT, Versions, shown
from ivr.errors import NotPrepared, SettingsError
from ivr.network_ports import free_ports
from ivr.packs import load_packs
from ivr.prepare.places import Places
from ivr.processes import Processes
from ivr.settings import PROJECT, Settings, load, save
from ivr.simulate.display import progress, show_totals
from ivr.simulate.report import CallResult, write_report
from ivr.simulate.scenario import load_scenarios
from ivr.simulate.suite import play_all
from ivr.simulate.totals import totals_of
from ivr.tickets.taxonomy import load_taxonomy

BROKER = """
event_broker:
  type: file
  path: {}
"""
"""Every event of every conversation is written down: it shows which rules they went through."""


def command(
    files: Annotated[list[Path] | None, typer.Argument(help="场景文件或文件夹；不写就是 tests/scenarios 全部")] = None,
    *,
    only: Annotated[str, typer.Option(help="只跑这些场景，id 用逗号分开")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="同时进行几个场景")] = 2,
    rasa: Annotated[
        bool, typer.Option("--rasa/--no-rasa", help="也运行 Rasa 自己的测试（dialogue/tests、tests/nlu）")
    ] = True,
) -> None:
    """测试训练好的对话（工作区里的，不是线路上的）：Rasa 自己的测试，加上全部场景；
    再和发布的那一版比：什么坏了，什么好了，哪些规则和故事没有场景走到。全部通过时退出码为 0。
    """
    settings, console = replace(load(), simulation=True), Console(highlight=False)
    wrong = [one for one in findings(settings) if one.grade is Grade.ERROR]
    show(console, settings, wrong)
    if wrong:
        raise SettingsError(f"有 {len(wrong)} 处错误，没有测试：请先改好（ivr dialogue check）。")
    failed = run_rasa_tests(settings, console) if rasa else []
    taxonomy = load_taxonomy(settings.root / "data")
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    scenarios = load_scenarios(_files(settings, files), taxonomy, wanted)
    job = Job(settings, taxonomy, load_packs(settings.root / "data"), scenarios)
    results = asyncio.run(_play(job, jobs))
    totals = totals_of(results, taxonomy)
    show_totals(console, totals, results)
    whole = not files and not wanted
    report = settings.var / "dialogue" / (REPORT if whole else "report-part.json")
    write_report(report, "text", results, totals.to_json())
    _compare(settings, console, report)
    _cover(settings, console, keep=whole)
    say(console, f"报告：{report}")
    raise typer.Exit(0 if not failed and all(result.passed for result in results) else 1)


def _files(settings: Settings, named: list[Path] | None) -> list[Path]:
    folders = named or [settings.root / "tests" / "scenarios"]
    return [file for name in folders for file in (sorted(name.rglob("*.yml")) if name.is_dir() else [name])]


# --- scenarios ----------------------------------------------------------------------


async def _play(job: Job, jobs: int) -> list[CallResult]:
    async with working_pair(job.settings) as settings:
        file = settings.var / "run" / f"dialogue-test-{os.getpid()}.json"
        save(settings, file)
        try:
            with progress(Console(), len(job.scenarios)) as done:
                return await play_all(job.scenarios, in_text(job, file), jobs=jobs, done=done)
        finally:
            file.unlink(missing_ok=True)


@asynccontextmanager
async def working_pair(settings: Settings) -> AsyncIterator[Settings]:
    """The files as they are edited, served at ports of their own: a running line is not touched. Gives the settings
    to reach them."""
    rasa, actions = free_ports(settings.host)
    settings = replace(settings, ports=replace(settings.ports, rasa=rasa, actions=actions))
    events = events_file(settings)
    events.parent.mkdir(parents=True, exist_ok=True)
    events.unlink(missing_ok=True)
    endpoints = events.with_name("endpoints.yml")
    usual = (settings.root / "dialogue" / "endpoints.yml").read_text("utf-8")
    endpoints.write_text(usual + BROKER.format(json.dumps(str(events))), "utf-8")
    async with Processes(settings, _tell) as processes:
        await publishing.start_pair(processes, settings, "-designing", endpoints)
        yield settings


def events_file(settings: Settings) -> Path:
    return settings.var / "dialogue" / "events.jsonl"


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _cover(settings: Settings, console: Console, *, keep: bool) -> None:
    content = read_content(settings.root)
    talks = {name: moments(events) for name, events in read_events(events_file(settings)).items()}
    coverage = measure(content, talks)
    if keep or load_coverage(coverage_file(settings)) is None:
        save_coverage(coverage, coverage_file(settings))
    missed = [route for route in content.routes if not coverage.by_route.get(route.name)]
    say(console, f"规则和故事 {len(content.routes)} 条，场景走到 {len(content.routes) - len(missed)} 条。")
    for route in missed if keep else ():
        say(console, f"  没走到：{route.name}（{route.at.shown(settings.root)}）", "yellow")


def _compare(settings: Settings, console: Console, report: Path) -> None:
    versions = Versions(settings)
    now = versions.current()
    if now is None:
        say(console, "还没有发布过，没有可比的。")
        return
    before = versions.place(now.number) / REPORT
    if not before.exists():
        say(console, f"{shown(now)}没有留下报告，没有可比的：发布之前先运行 ivr dialogue test，以后就能比。")
        return
    for sentence in told(changes(read_report(before), read_report(report)), f"第 {now.number} 版"):
        say(console, sentence, "red" if sentence.startswith("  坏了") else "")


# --- Rasa's own ---------------------------------------------------------------------


def run_rasa_tests(settings: Settings, console: Console) -> list[str]:
    """Names of those that failed. Raises `NotPrepared` without a model."""
    models = sorted((settings.var / "models").glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
    if not models:
        raise NotPrepared("还没有训练过：请先运行 ivr dialogue train。")
    out = settings.var / "dialogue" / "rasa"
    common = ("--model", str(models[-1]), "--out", str(out))
    stories, sentences = settings.root / "dialogue" / "tests", settings.root / "tests" / "nlu" / "intents.tsv"
    failed: list[str] = []
    if any(stories.glob("*.yml")):
        arguments = ("core", "--stories", str(stories), "--fail-on-prediction-errors", *common)
        failed += _rasa_test(settings, console, "对话（rasa test core）", arguments)
    if sentences.exists():
        failed += _test_intents(settings, console, sentences, common)
    return failed


def _test_intents(settings: Settings, console: Console, sentences: Path, common: tuple[str, ...]) -> list[str]:
    what, out = "意图（rasa test nlu）", settings.var / "dialogue" / "rasa"
    file = out.with_name("held_out.yml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(rasa_form(sentences), "utf-8")
    report = out / "intent_report.json"
    report.unlink(missing_ok=True)
    if failed := _rasa_test(settings, console, what, ("nlu", "--nlu", str(file), "--no-plot", *common)):
        return failed
    f1, count = weighted_f1(report)
    say(console, f"  没学过的 {count} 句，意图 F1 {f1:.3f}（至少要 {LEAST_F1}）", "green" if f1 >= LEAST_F1 else "red")
    return [] if f1 >= LEAST_F1 else [what]


def _rasa_test(settings: Settings, console: Console, what: str, arguments: tuple[str, ...]) -> list[str]:
    folder = settings.root / "dialogue"
    log = settings.var / "log" / f"rasa-test-{arguments[0]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    say(console, f"Rasa 自己的测试，{what}……")
    env = {**Places(PROJECT).own_home(), "PYTHONPATH": str(folder), "IVR_ACTIONS_URL": "http://127.0.0.1:9/webhook"}
    program = str(PROJECT / ".venv-rasa" / "bin" / "python")
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603  (our own program, our own arguments)
            [program, "-m", "rasa", "test", *arguments], cwd=folder, env=env, stdout=output, stderr=output, check=False
        )
    if done.returncode == 0:
        say(console, "  通过", "green")
        return []
    say(console, f"  没有通过，全部输出在 {log}，细节在 {settings.var / 'dialogue' / 'rasa'}", "red")
    return [what]
