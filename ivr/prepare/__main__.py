"""The command: `python3 -m ivr.prepare [--only STEP] [all|test|talk|checks]`."""

from __future__ import annotations

import argparse
import errno
import fcntl
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, Optional, Sequence

from ivr.errors import IvrError, NotPrepared
from ivr.prepare import machine
from ivr.prepare.places import Places
from ivr.prepare.settings_file import read
from ivr.prepare.step import Job
from ivr.prepare.table import GOALS, STEPS
from ivr.prepare.terminal import Terminal


def main(words: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m ivr.prepare",
        description="准备运行所需的一切，都放在项目的文件夹里。做完的步骤会跳过。",
    )
    goals = "all：全部；test：测试所需；talk：ivr talk 所需；checks：只要代码检查所需"
    parser.add_argument("goal", nargs="?", choices=tuple(GOALS), default="all", help=goals)
    names = [step.name for step in STEPS]
    parser.add_argument("--only", choices=names, metavar="步骤", help="只做一步：" + "、".join(names))
    parser.add_argument("--list", action="store_true", help="列出步骤和它们是否已完成")
    wish = parser.parse_args(words)
    terminal = Terminal()
    signal.signal(signal.SIGTERM, _interrupt)
    root = Path(__file__).resolve().parents[2]
    try:
        if " " in str(root) or ":" in str(root):
            raise NotPrepared(f"项目所在的路径里有空格或冒号，有些工具受不了：{root}。请换一个文件夹。")
        job = Job(Places(root), terminal, read(Path(os.environ.get("IVR_SETTINGS") or root / "ivr.toml")))
        with _alone(job):
            if wish.list:
                return _list(job)
            prepare(job, (wish.only,) if wish.only else GOALS[wish.goal], again=bool(wish.only))
    except KeyboardInterrupt:
        terminal.fail("已中断。再运行一次会从没做完的那一步接着做。")
        return 130
    except IvrError as error:
        terminal.fail(f"✗ {error}")
        return 1
    except OSError as error:
        terminal.fail(f"✗ {_of_the_system(error)}")
        return 1
    return 0


def prepare(job: Job, names: Sequence[str], *, again: bool = False) -> None:
    """The named steps, in the table's order; those that are done are skipped unless `again`. Raises `IvrError`."""
    steps = [step for step in STEPS if step.name in names]
    todo = [step for step in steps if again or not step.is_done(job)]
    if not todo:
        return
    machine.check_room(job)
    began = time.monotonic()
    for number, step in enumerate(steps, 1):
        head = f"[{number}/{len(steps)}] {step.does}"
        at_work = Job(job.places, job.terminal, job.settings, step.name)
        if not again and step.is_done(at_work):  # asked again: a step before it may have changed the answer
            job.terminal.say(f"{head} —— 已完成", "dim")
            continue
        job.terminal.say(head)
        since = time.monotonic()
        step.carry_out(at_work)
        job.terminal.say(f"    完成，{time.monotonic() - since:.0f} 秒", "green")
    job.terminal.say(f"准备就绪，共 {time.monotonic() - began:.0f} 秒。", "green")


def _list(job: Job) -> int:
    for step in STEPS:
        job.terminal.say(f"{'✓' if step.is_done(job) else '·'} {step.name:15} {step.does}")
    return 0


@contextmanager
def _alone(job: Job) -> Iterator[None]:
    """One preparation at a time in this folder; the second waits for the first."""
    job.places.tools.mkdir(parents=True, exist_ok=True)
    with (job.places.tools / "prepare.lock").open("w") as lock:
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                job.terminal.waiting("等待另一个正在进行的准备", began)
                time.sleep(1)
        yield


def _of_the_system(error: OSError) -> str:
    known: Dict[int, str] = {
        errno.ENOSPC: "磁盘满了，请腾出空间后再运行一次。",
        errno.EDQUOT: "磁盘配额用完了，请腾出空间后再运行一次。",
        errno.EACCES: f"没有权限：{error.filename}。这个文件夹是不是由另一个用户（如 root）准备过？请改正它的属主。",
        errno.EPERM: f"没有权限：{error.filename}。这个文件夹是不是由另一个用户（如 root）准备过？请改正它的属主。",
        errno.EROFS: f"只读的文件系统：{error.filename}。请把项目放到可写的地方。",
    }
    return known.get(error.errno or 0, f"文件操作失败：{error}。")


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
