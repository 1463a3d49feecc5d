"""What happened in one call, as its telephone and the line tell it: turns, times, gaps. No clock, no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ivr.simulate.floor import Floor
from ivr.simulate.report import Turn


@dataclass(frozen=True, slots=True)
class Live:
    """Something to show while the call goes on."""

    kind: str
    """answered | bot | caller | heard | gap | silence | keys | handoff | agent | ended"""
    text: str = ""
    ms: int | None = None
    """answered: since the INVITE; gap: from the caller's last speech sample to the answer's first."""
    at: float = 0.0
    """Seconds since the call was answered."""


Watch = Callable[[Live], None]


@dataclass(slots=True)
class CallLog:
    watch: Watch = lambda live: None
    turns: list[Turn] = field(default_factory=list)
    floor: Floor = field(default_factory=Floor)
    remarks: list[str] = field(default_factory=list)
    call_id: str = ""
    """The line's id of the call; empty until it says something of it."""
    answered_ms: int | None = None
    """From the INVITE to 200 OK."""
    greeting_ms: int | None = None
    """From 200 OK to the first sound."""
    said_at: float | None = None
    """Last speech sample of the caller's turn, in seconds of the telephone's clock."""
    handed_over: bool = False
    line_ended: bool = False
    gone: bool = False
    """The call is over on the telephone."""
    lost: bool = False
    """The line's event stream broke off."""
    keys_left: int = 0
    _answered_at: float = 0.0
    _now: float = 0.0

    # --- what the caller does ---

    def caller(self, text: str, keyed: str | None = None) -> None:
        """The caller takes the floor: with words, keys or (neither) silence."""
        self.floor.taken()
        self.said_at, self.keys_left = None, len(keyed or "")
        self.turns.append(Turn("caller", text, self.at, keyed=keyed))
        if text:
            self.show("caller", text)
        if keyed:
            self.show("keys", keyed)
        if not text and not keyed:
            self.show("silence")

    @property
    def at(self) -> float:
        """Seconds since the call was answered."""
        return max(0.0, self._now - self._answered_at)

    def show(self, kind: str, text: str = "", ms: int | None = None) -> None:
        self.watch(Live(kind, text, ms, self.at))

    # --- what happens ---

    def phone(self, kind: str, at: float, values: Mapping[str, Any]) -> None:
        """An event of the telephone; `at` in seconds of its clock."""
        self._now = max(self._now, at)
        self.floor.phone(kind, at)
        match kind:
            case "answered":
                self.answered_ms, self._answered_at = values["ms"], at
                self.show("answered", ms=self.answered_ms)
            case "said":
                self.said_at = at
                if self.floor.hearing:
                    self.remarks.append(f"话没说完机器人就开口了：{values.get('name', '')}")
            case "keyed":
                self.keys_left, self.said_at = values["left"], None  # an answer to keys is none to speech
            case "speech_started":
                self._measure(at)
            case "ended" | "gone":
                self.gone = True
            case _:
                pass

    def _measure(self, first_sample: float) -> None:
        if self.greeting_ms is None and not self._mine:
            self.greeting_ms = round(1000 * (first_sample - self._answered_at))
        if self.said_at is None or not self._mine or self.turns[self._mine[-1]].gap_ms is not None:
            return
        gap = round(1000 * (first_sample - self.said_at))
        if gap >= 0:
            self._amend(gap_ms=gap)
            self.show("gap", ms=gap)

    def line(self, kind: str, values: Mapping[str, Any]) -> None:
        """An event of the line."""
        self.call_id = self.call_id or str(values.get("call_id", ""))
        self.floor.line(kind, values)
        match kind:
            case "reply":
                self._bot()
            case "heard":
                self._amend(heard=self.floor.words)
                self.show("heard", self.floor.words)
            case "handoff":
                self.handed_over = True
                self.show("handoff", f"{values.get('reason')} {values.get('ticket_no') or ''}".strip())
            case "ended":
                self.line_ended = True
                self.handed_over = self.handed_over or values.get("how") == "handed_over"
            case "lost":
                self.lost = True
            case _:
                pass

    def _bot(self) -> None:
        turn = self.floor.latest
        if turn is not None:
            self.turns.append(Turn("bot", turn.text, self.at, turn.asks, turn.about, turn.keys))
            self.show("bot", turn.text)

    @property
    def _mine(self) -> list[int]:
        """Where the caller's turns are."""
        return [index for index, turn in enumerate(self.turns) if turn.who == "caller"]

    def _amend(self, **changes: Any) -> None:
        """Something more is known of the caller's last turn; the bot may have spoken since."""
        if self._mine:
            self.turns[self._mine[-1]] = replace(self.turns[self._mine[-1]], **changes)
