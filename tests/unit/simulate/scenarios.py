"""Scenarios for tests, written as a file would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ivr.settings import PROJECT
from ivr.simulate.same_value import Sameness
from ivr.simulate.scenario import Scenario, load_scenarios
from ivr.tickets.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy(PROJECT / "data")
SAMENESS = Sameness(TAXONOMY, {"product": {"空调": ("挂机", "空调机")}})


def write(folder: Path, *scenarios: dict[str, Any]) -> Path:
    file = folder / "scenarios.yml"
    file.write_text(yaml.safe_dump({"scenarios": list(scenarios)}, allow_unicode=True), "utf-8")
    return file


def raw(**changes: Any) -> dict[str, Any]:
    return {
        "id": "one", "hotline": "appliance", "date": "2026-11-22", "caller": "13800010001", "customer": None,
        "prior_tickets": [], "says": {"opening": "坏了"}, "expect": {}, **changes,
    }  # fmt: skip


def scenario(folder: Path, *, says: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    """One scenario; `says` is added to an opening."""
    written = raw(says={"opening": "喂，坏了", **(says or {})}, **changes)
    return load_scenarios([write(folder, written)], TAXONOMY)[0]
