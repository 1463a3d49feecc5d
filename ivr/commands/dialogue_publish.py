"""`ivr dialogue publish` and `rollback`: what calls get (docs/adr/0022-publishing.md)."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr.commands.dialogue_check import findings, say, show
from ivr.conversation.servers import at_work, serving
from ivr.designing.finding import Grade
from ivr.designing.versions import REPORT, Version, Versions, shown
from ivr.errors import IvrError, SettingsError
from ivr.packs import load_packs
from ivr.prepare import dialogue as training
from ivr.prepare.places import Places
from ivr.settings import Settings, load
from ivr.wishes import ask_line


def publish(
    *,
    note: Annotated[str, typer.Option(help="备注：这一版改了什么")] = "",
) -> None:
    """发布：把现在的 dialogue/、data/ 和训练好的模型交给正在运行的线路。

    新来电用新的一版；正在进行的电话用原来的，直到挂断。新的一版起不来时，原来的继续用，退出码为 1。
    线路没有运行时，只记下来，下次 ivr up 就用它。
    """
    settings, console = load(), Console(highlight=False)
    versions = Versions(settings)
    with one_at_a_time(versions):
        model = checked(settings, console)
        version = versions.make(model, note)
        keep_report(settings, versions, version, model)
        say(console, f"第 {version.number} 版已存好：{versions.place(version.number)}")
        bring(settings, versions, version, console)
        versions.forget_old()


def rollback(
    *,
    to: Annotated[int, typer.Option("--to", help="回到哪一版；不写就是上一版")] = 0,
    listed: Annotated[bool, typer.Option("--list", help="只列出发布过的版本")] = False,
) -> None:
    """回退：让线路用回以前发布的一版，模型、对话和数据都是当时的。电话不受影响，和发布一样。

    工作区里的文件不变：改好之后再发布。
    """
    settings, console = load(), Console(highlight=False)
    versions = Versions(settings)
    if listed:
        show_versions(settings, versions, console)
        return
    with one_at_a_time(versions):
        serve(settings, versions, versions.get(to or _before(versions)), console)


def checked(settings: Settings, console: Console) -> Path:
    """The model that may be published. Raises `SettingsError` when the files have errors or were changed since it was
    trained."""
    wrong = [one for one in findings(settings) if one.grade is Grade.ERROR]
    if wrong:
        show(console, settings, wrong)
        raise SettingsError(f"有 {len(wrong)} 处错误，没有发布：请改好（ivr dialogue check），再训练、发布。")
    models = sorted((settings.var / "models").glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
    if not models:
        raise SettingsError("还没有训练过：请先运行 ivr dialogue train。")
    trained_at = models[-1].stat().st_mtime
    changed = [file for file in training.training_files(Places(settings.root)) if file.stat().st_mtime > trained_at]
    changed = [file for file in changed if file.suffix in {".yml", ".yaml"}]
    if changed:
        names = "、".join(str(file.relative_to(settings.root)) for file in changed[:5])
        raise SettingsError(f"训练之后又改过 {names}：请先运行 ivr dialogue train，再发布。")
    return models[-1]


def keep_report(settings: Settings, versions: Versions, version: Version, model: Path) -> None:
    """What the tests said of this model stays with it: later ones are compared with it."""
    report = settings.var / "dialogue" / REPORT
    if report.exists() and report.stat().st_mtime > model.stat().st_mtime:
        shutil.copy2(report, versions.place(version.number) / REPORT)


def bring(settings: Settings, versions: Versions, version: Version, console: Console) -> None:
    """A new version to the line; it is forgotten when the line could not take it. Raises `PeerDown`."""
    try:
        serve(settings, versions, version, console)
    except IvrError:
        now = versions.current()
        if version.number not in {serving(settings).version, now.number if now else 0}:
            versions.forget(version.number)
        raise


def serve(settings: Settings, versions: Versions, version: Version, console: Console) -> None:
    """The line gets that version, or, where none runs, will get it. Raises `PeerDown`."""
    told = _needs_restart(settings, versions, version)
    if asyncio.run(ask_line(settings, version.number, lambda sentence: say(console, sentence))):
        for sentence in told:
            say(console, sentence, "yellow")
        say(console, "正在进行的电话用完原来的一版，最后一通结束后它自己停止。回退：ivr dialogue rollback", "green")
        return
    versions.make_current(version.number)
    say(console, f"线路没有运行。下次 ivr up 就用{shown(version)}。", "green")


def _needs_restart(settings: Settings, versions: Versions, version: Version) -> list[str]:
    """Asterisk's own files are made when the line starts."""
    try:
        now = load_packs(at_work(settings).data)
        new = load_packs(versions.place(version.number) / "data")
    except IvrError:
        return []
    differ = [
        hotline
        for hotline in {*now, *new}
        if (old := now.get(hotline)) is None
        or (pack := new.get(hotline)) is None
        or (old.dialled, old.queue) != (pack.dialled, pack.queue)
    ]
    return [f"{'、'.join(sorted(differ))} 的号码或队列改了：要重新启动线路（ivr up）才生效。"] if differ else []


def _before(versions: Versions) -> int:
    now = versions.current()
    if now is None:
        raise SettingsError("还没有发布过，没有可以回退的版本。")
    if not now.before:
        raise SettingsError(f"{shown(now)}是第一版，没有更早的可以回退。")
    return now.before


def show_versions(settings: Settings, versions: Versions, console: Console) -> None:
    now, at_line = versions.current(), serving(settings).version
    for version in versions.all():
        marks = ["现在的"] if now and version.number == now.number else []
        marks += ["线路正在用"] if version.number == at_line else []
        say(console, f"{shown(version)}{'  ← ' + '，'.join(marks) if marks else ''}")
    if not versions.all():
        say(console, "还没有发布过：线路用的是工作区里的文件。")


@contextmanager
def one_at_a_time(versions: Versions) -> Iterator[None]:
    """Raises `SettingsError` while somebody else publishes."""
    versions.folder.mkdir(parents=True, exist_ok=True)
    with (versions.folder / ".lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError("有人正在发布或回退，请等他完成。") from None
        yield
