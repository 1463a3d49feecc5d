"""Scenario files through `ivr simulate`, in text, against the running line's dialogue."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.caller import everything_up
from tests.e2e.conftest import PROJECT, RunningLine

pytestmark = pytest.mark.line


FILES = ("tests/scenarios", "tests/scenarios/own/appliance-earlier.yml", "tests/scenarios/own/appliance-several.yml")
"""The contract's callers of every hotline, earlier tickets, several complaints; `make scenarios` plays all."""


async def test_the_scenarios_pass_in_text(line: RunningLine, tmp_path: Path) -> None:
    await everything_up(line)
    report = tmp_path / "report.json"
    files = [*FILES, "--jobs", "2"]
    command = [sys.executable, "-m", "ivr", "--settings", str(line.file), "simulate", *files, "--report", str(report)]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=PROJECT, capture_output=True, text=True, timeout=420, check=False
    )
    assert report.exists(), done.stdout + done.stderr
    wrong = {
        each["id"]: [check for check in each["checks"] if not check["passed"]]
        for each in json.loads(report.read_text("utf-8"))["scenarios"]
        if not each["passed"]
    }
    assert wrong == {}
    assert done.returncode == 0, done.stderr
