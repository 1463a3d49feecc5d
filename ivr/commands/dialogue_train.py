"""`ivr dialogue train`: checks, trains, and says what came of it."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer
from rich.console import Console

from ivr.commands.dialogue_check import findings, say, show
from ivr.designing.content import read_content
from ivr.designing.finding import Grade
from ivr.errors import SettingsError
from ivr.prepare import dialogue as training
from ivr.prepare.places import Places
from ivr.prepare.settings_file import read as read_settings
from ivr.prepare.step import Job
from ivr.prepare.table import STEPS
from ivr.prepare.terminal import Terminal
from ivr.settings import PROJECT, load

_SCORES = re.compile(r"i_acc=([0-9.]+)")


def command(
    *,
    anyway: Annotated[bool, typer.Option("--anyway", help="检查有错误也训练")] = False,
) -> None:
    """训练对话模型：先检查，再训练（约一两分钟），说明模型在哪儿、学得怎么样。不影响正在运行的线路。"""
    settings, console = load(), Console(highlight=False)
    wrong = [one for one in findings(settings) if one.grade is Grade.ERROR]
    show(console, settings, wrong)
    if wrong and not anyway:
        raise SettingsError(f"有 {len(wrong)} 处错误，没有训练：请按上面说的改好。")
    content = read_content(settings.root)
    rules = sum(route.kind == "rule" for route in content.routes)
    taught = len({example.intent for example in content.examples})
    told = (
        f"训练：{len(content.examples)} 句例句，{taught} 个意图，{rules} 条规则，{len(content.routes) - rules} 个故事……"
    )
    say(console, told)
    began = time.monotonic()
    job = Job(Places(PROJECT), Terminal(), read_settings(PROJECT / "ivr.toml"), "dialogue")
    if settings.root == PROJECT and settings.var == job.places.var:
        next(step for step in STEPS if step.name == "dialogue").carry_out(job)  # make prepare need not do it again
        (model,) = training.trained_models(job)
    else:
        model = training.train_into(job, settings.root / "dialogue", settings.var / "models")
    size = model.stat().st_size / 1e6
    say(console, f"训练好了（{time.monotonic() - began:.0f} 秒）：{model}（{size:.0f} MB）", "green")
    if scores := _SCORES.findall((job.places.logs / "dialogue.log").read_text("utf-8", "replace")):
        say(console, f"学过的例句认对 {float(scores[-1]):.1%}；没学过的说法要看 ivr dialogue test。")
    say(console, "接着：ivr dialogue try 试着说，ivr dialogue test 测，ivr dialogue publish 发布。")
