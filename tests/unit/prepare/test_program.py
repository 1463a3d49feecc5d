"""Programs that are run: what they say, why they fail, and that none stays behind."""

import os
import sys
from pathlib import Path

import pytest

from ivr.errors import NotPrepared
from ivr.prepare.program import reason, run
from ivr.prepare.terminal import Terminal


def ask(*argv: str, log: Path) -> str:
    return run(argv, what="试一试", env=dict(os.environ), log=log, terminal=Terminal())


def test_what_a_program_writes_is_returned_and_kept(tmp_path: Path) -> None:
    said = ask(sys.executable, "-c", "print('你好')", log=tmp_path / "log")
    assert "你好" in said
    assert "你好" in (tmp_path / "log").read_text("utf-8")


def test_a_failure_is_one_sentence_with_the_log(tmp_path: Path) -> None:
    with pytest.raises(NotPrepared, match=r"试一试没有成功：退出码 3，最后一行是“oh no”。全部输出在 .*/log。"):
        ask(sys.executable, "-c", "import sys; print('oh no'); sys.exit(3)", log=tmp_path / "log")


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotPrepared, match="找不到程序 no-such-program"):
        ask("no-such-program", log=tmp_path / "log")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("error: client error (Connect)\n  cause: dns error: failed to lookup address information", "连不上网络"),
        ("E: Failed to fetch http://mirror/x  Could not resolve 'mirror'", "连不上网络"),
        ("OSError: [Errno 28] No space left on device", "磁盘满了"),
        ("invalid peer certificate: UnknownIssuer", "证书不被信任"),
        ("", "退出码 1"),
    ],
)
def test_the_likely_cause(said: str, told: str) -> None:
    assert told in reason(said, 1)
