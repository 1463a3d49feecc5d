"""Sentences that no training saw (`tests/nlu/intents.tsv`), in the form that `rasa test nlu` reads."""

from __future__ import annotations

import json
from pathlib import Path

from ivr.errors import SettingsError

LEAST_F1 = 0.90
"""Weighted over the intents: below this the test has failed."""


def rasa_form(tsv: Path) -> str:
    """YAML of the lines `hotline⇥sentence⇥intent`. Raises `SettingsError` naming the line."""
    by_intent: dict[str, list[str]] = {}
    for number, line in enumerate(tsv.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) != 3:
            raise SettingsError(f"{tsv}:{number} 应当是“热线、说的话、意图”，用制表符隔开：{line[:60]!r}。")
        by_intent.setdefault(parts[2].strip(), []).append(parts[1].strip())
    blocks = ['version: "3.1"', "nlu:"]
    for intent, sentences in by_intent.items():
        blocks += [f"- intent: {intent}", "  examples: |", *(f"    - {sentence}" for sentence in sentences)]
    return "\n".join(blocks) + "\n"


def weighted_f1(report: Path) -> tuple[float, int]:
    """F1 and the count of sentences, of the report that Rasa wrote. Raises `SettingsError`."""
    try:
        found = json.loads(report.read_text("utf-8"))["weighted avg"]
        return float(found["f1-score"]), int(found["support"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"Rasa 的报告 {report} 读不了：{error}。") from error
