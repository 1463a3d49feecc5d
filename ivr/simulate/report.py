"""The report of a simulation: what each scenario's call was, and what of it was right."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ivr.errors import SettingsError
from ivr.simulate.caller import Mode
from ivr.simulate.checks import Check, Ticket
from ivr.simulate.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation, as it goes into the report."""

    who: Literal["bot", "caller"]
    text: str
    at: float = 0.0
    """Seconds since the call was answered (text mode: since it began)."""
    asks: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    keys: bool = False
    """Bot: the keys are asked for."""
    keyed: str | None = None
    """Caller: digits that were keyed."""
    heard: str | None = None
    """Caller: what recognition made of it."""
    gap_ms: int | None = None
    """Caller, call mode: from the last speech sample to the first sample of the answer."""

    def to_json(self) -> dict[str, object]:
        at = round(self.at, 2)
        if self.who == "bot":
            asks = {"asks": list(self.asks), "about": dict(self.about), "keys": self.keys}
            return {"who": "bot", "text": self.text, **asks, "at": at}
        turn: dict[str, object] = {"who": "caller", "text": self.text, "heard": self.heard, "at": at}
        if self.keyed is not None:
            turn["keys"] = self.keyed
        if self.gap_ms is not None:
            turn["gap_ms"] = self.gap_ms
        return turn


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """One scenario, played and judged."""

    scenario: Scenario
    checks: tuple[Check, ...]
    tickets: tuple[Ticket, ...] = ()
    """That of the complaint spoken first, then the others of the call."""
    questions: int = 0
    turns: tuple[Turn, ...] = ()
    remarks: tuple[str, ...] = ()
    """Reported, not failed."""
    took_s: float = 0.0
    extra: Mapping[str, object] = field(default_factory=dict)
    """Further keys of the report: greeting and answer times of a call, what the human's telephone saw."""

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def ticket(self) -> Ticket | None:
        return self.tickets[0] if self.tickets else None

    @property
    def gaps_ms(self) -> list[int]:
        return [turn.gap_ms for turn in self.turns if turn.gap_ms is not None]

    def to_json(self) -> dict[str, Any]:
        return {
            **self.scenario.extra,
            "id": self.scenario.id,
            "passed": self.passed,
            "checks": [check.to_json() for check in self.checks],
            "ticket": self.ticket,
            "tickets": list(self.tickets),
            "questions": self.questions,
            "turns": [turn.to_json() for turn in self.turns],
            "remarks": [*self.scenario.remarks, *self.remarks],
            "took_s": round(self.took_s, 2),
            **self.extra,
        }


def write_report(file: Path, mode: Mode, results: Sequence[CallResult], totals: Mapping[str, object]) -> None:
    """Raises `SettingsError` when the file cannot be written."""
    document = {"mode": mode, "scenarios": [result.to_json() for result in results], "totals": totals}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n", "utf-8")
    except OSError as error:
        raise SettingsError(f"报告写不进 {file}：{error.strerror}。请换一个位置。") from error
