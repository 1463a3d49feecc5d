"""Runs one program, keeps what it writes in a log, shows that it is still at work, and says why it failed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Dict, Optional, Sequence

from ivr.errors import NotPrepared
from ivr.prepare.terminal import Terminal

NO_NETWORK = re.compile(
    r"dns error|failed to lookup address|name resolution|could not resolve|temporary failure resolving"
    r"|network is unreachable|connection refused|connection timed out|connection reset|no route to host"
    r"|failed to fetch|newconnectionerror|cannot initiate the connection|tcp connect error|operation timed out",
    re.IGNORECASE,
)
NO_ROOM = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
BAD_CERTIFICATE = re.compile(
    r"certificate verif|invalid peer certificate|unknownissuer|CA certificate bundle", re.IGNORECASE
)


def run(
    argv: Sequence[str],
    *,
    what: str,
    env: Dict[str, str],
    log: Path,
    terminal: Terminal,
    cwd: Optional[Path] = None,
) -> str:
    """What the program wrote. `what` completes “还在…”: 下载语音模型. Raises `NotPrepared` with the likely cause."""
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("wb") as output:
        output.write(("$ " + " ".join(argv) + "\n").encode())
        output.flush()
        try:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise NotPrepared(f"找不到程序 {argv[0]}，无法{what}。") from error
        try:
            while child.poll() is None:
                try:
                    child.wait(timeout=1.0)
                except subprocess.TimeoutExpired:
                    terminal.waiting(what, began)
        finally:
            _end(child)  # interrupted while it runs
    said = log.read_text("utf-8", errors="replace")
    if child.returncode != 0:
        raise NotPrepared(f"{what}没有成功：{reason(said, child.returncode)}全部输出在 {log}。")
    return said


def reason(said: str, code: int) -> str:
    """The likely cause of a failure, in one sentence, from what the program wrote."""
    if NO_ROOM.search(said):
        return "磁盘满了，请腾出空间后再运行一次。"
    if BAD_CERTIFICATE.search(said):
        return "服务器的证书不被信任，请用 SSL_CERT_FILE 或 PIP_CERT 指明证书文件。"
    if NO_NETWORK.search(said):
        return "连不上网络或软件源，请检查网络、代理或镜像设置后再运行一次（已下载的会保留）。"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"退出码 {code}，最后一行是“{lines[-1][:200] if lines else ''}”。"


def _end(child: subprocess.Popen[bytes]) -> None:
    """The whole process group: apt and uv have children of their own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            return
        try:
            os.killpg(child.pid, sign)
            child.wait(timeout=5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
