"""The command line: `ivr …` or `python -m ivr …`. Thin: each command lives in a module of `ivr/commands/`."""

from __future__ import annotations

import errno
import importlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.errors import IvrError

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("up", "启动整条线路并保持运行"),
    "demo": ("demo", "打一通真实的电话，从来电到工单再到人工"),
    "chat": ("chat", "用键盘和机器人对话"),
    "talk": ("talk", "用麦克风和扬声器和机器人通话"),
    "simulate": ("simulate", "让模拟来电人按剧本打电话或对话"),
    "dialogue": ("dialogue", "设计对话：检查、训练、试、测、发布、回退、画图"),
    "telephony": ("telephony", "接到您自己的交换机（FreePBX、Asterisk 18 起）"),
    "doctor": ("doctor", "检查安装和配置"),
    "tickets": ("tickets", "查看工单"),
    "customers": ("customers", "客户资料（CRM）：查一个号码、检查来源"),
    "api": ("api", "HTTP API：令牌、接口说明"),
    "webhooks": ("webhooks", "工单通知：看接收方、没送到的，重送，试一试"),
    "speech": ("speech", "语音：预先合成、评测"),
    "models": ("models", "语音模型：有哪些、加一个、检查"),
    "bench": ("bench", "在负载下量一量"),
    "score": ("score", "单独看一句话的判断"),
    "flow": ("flow", "画出通话状态图"),
    "line": ("line", "线路进程（由 up 启动）"),
    "actions": ("actions", "动作服务（由 up 启动）"),
    "gateway": ("gateway", "HTTP API 和通知（由 up 启动）"),
}
"""Name → module below `ivr.commands`, one-line help. A module offers `command` (a function) or `app` (a group)."""


def main() -> None:
    name = next((word for word in sys.argv[1:] if word in COMMANDS), None)
    app = typer.Typer(no_args_is_help=True, add_completion=False, help="投诉热线语音机器人。", rich_markup_mode="rich")
    app.callback()(_options)
    for command, (module, summary) in COMMANDS.items():
        if name in (None, command):
            _register(app, command, module, summary, load=command == name)
    try:
        app()
    except IvrError as error:
        if os.environ.get("IVR_DEBUG"):
            raise
        typer.secho(f"错误：{error}", fg=typer.colors.RED, err=True)
        raise SystemExit(1) from None
    except OSError as error:
        if os.environ.get("IVR_DEBUG"):
            raise
        typer.secho(f"错误：{_of_the_system(error)}", fg=typer.colors.RED, err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _of_the_system(error: OSError) -> str:
    """What the operating system refused, where, and what to do."""
    where = error.filename or "（没有文件名）"
    known = {
        errno.ENOSPC: "磁盘满了，请腾出空间后再运行一次。",
        errno.EDQUOT: "磁盘配额用完了，请腾出空间后再运行一次。",
        errno.EACCES: f"没有权限：{where}。请改正它的属主和权限，或用它的属主来运行。",
        errno.EPERM: f"没有权限：{where}。请改正它的属主和权限，或用它的属主来运行。",
        errno.EROFS: f"只读的文件系统：{where}。请把它放到可写的地方。",
        errno.EISDIR: f"{where} 是文件夹，这里要一个文件：请改正路径。",
        errno.ENOTDIR: f"{where} 不是文件夹：请改正路径。",
        errno.ENOENT: f"找不到 {where}：请检查路径，或运行 make prepare。",
    }
    return known.get(error.errno or 0, f"系统操作失败：{error}。详情：加上环境变量 IVR_DEBUG=1 再运行一次。")


def _register(app: typer.Typer, command: str, module: str, summary: str, *, load: bool) -> None:
    """Only the command that runs is imported: `ivr --help` must not wait for the rest."""
    if not load:
        app.command(command, help=summary)(_placeholder)
        return
    loaded: Any = importlib.import_module(f"ivr.commands.{module}")
    if hasattr(loaded, "command"):
        run: Callable[..., Any] = loaded.command
        app.command(command, help=run.__doc__ or summary)(run)
    else:
        app.add_typer(loaded.app, name=command, help=summary)


def _placeholder() -> None:
    """Never run: stands for a command in the list of all."""


def _options(
    settings: Annotated[Path | None, typer.Option(help="设置文件，默认是项目里的 ivr.toml")] = None,
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="显示详细日志")] = False,
) -> None:
    if settings:
        os.environ["IVR_SETTINGS"] = str(settings.resolve())  # children take the same
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


if __name__ == "__main__":
    main()
