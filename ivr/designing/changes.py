"""What changed between two reports of `ivr simulate` (docs/contract/scenario.md): of the published model and of now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Changes:
    broken: Mapping[str, tuple[str, ...]]
    """Scenario that passed and fails now → its failed checks, a sentence each."""
    mended: tuple[str, ...]
    """Failed, passes now."""
    longer: Mapping[str, tuple[int, int]]
    """Passes both times, but with more questions: before, now."""
    shorter: Mapping[str, tuple[int, int]]
    new: tuple[str, ...]
    """Not in the report before."""
    compared: int


def read_report(file: Path) -> dict[str, Any]:
    """Scenario → its part of the report. Raises `SettingsError`."""
    try:
        return {str(each["id"]): each for each in json.loads(file.read_text("utf-8"))["scenarios"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"报告 {file} 读不了：{error}。请删掉它再运行一次。") from error


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    both = [name for name in now if name in before]
    passing = [name for name in both if before[name]["passed"] and now[name]["passed"]]
    asked = {name: (int(before[name]["questions"]), int(now[name]["questions"])) for name in passing}
    return Changes(
        broken={name: _failed(now[name]) for name in both if before[name]["passed"] and not now[name]["passed"]},
        mended=tuple(name for name in both if now[name]["passed"] and not before[name]["passed"]),
        longer={name: pair for name, pair in asked.items() if pair[1] > pair[0]},
        shorter={name: pair for name, pair in asked.items() if pair[1] < pair[0]},
        new=tuple(name for name in now if name not in before),
        compared=len(both),
    )


def _failed(scenario: Mapping[str, Any]) -> tuple[str, ...]:
    wrong = [check for check in scenario.get("checks", ()) if not check.get("passed")]
    return tuple(f"{check.get('what')}：应为 {check.get('expected')}，实为 {check.get('got')}" for check in wrong)


def told(found: Changes, version: str) -> list[str]:
    """For a person. `version`: what it is compared with."""
    lines = [f"和{version}相比（{found.compared} 个场景）：坏了 {len(found.broken)}，好了 {len(found.mended)}"]
    for name, why in found.broken.items():
        lines += [f"  坏了 {name}", *(f"      {sentence}" for sentence in why[:4])]
    lines += [f"  好了 {name}" for name in found.mended]
    lines += [f"  问得多了 {name}：{before} → {now} 问" for name, (before, now) in found.longer.items()]
    lines += [f"  问得少了 {name}：{before} → {now} 问" for name, (before, now) in found.shorter.items()]
    if found.new:
        lines.append(f"  以前没测过 {len(found.new)} 个")
    return lines
