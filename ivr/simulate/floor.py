"""When may a caller speak? From what the line says it did and what the telephone hears. No clock, no network.

The line knows when a question's sound has left, the caller's ear when it has arrived: a polite caller waits for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.simulate.caller import BotTurn


@dataclass(slots=True)
class Floor:
    hearing: bool = False
    """Sound is heard on the telephone right now."""
    heard_at: float | None = None
    """First sample heard since the caller last acted, in seconds of the telephone's clock."""
    words: str = ""
    """What recognition made of the caller's last turn."""
    _turn: BotTurn | None = None
    _played: bool = False

    def taken(self) -> None:
        """The caller acts: what the bot said before has been answered."""
        self._turn, self._played, self.heard_at, self.words = None, False, None, ""

    def line(self, kind: str, values: Mapping[str, Any]) -> None:
        """An event of the line."""
        if kind == "reply":
            self._turn, self._played = reply_turn(values), False
        elif kind == "played":
            self._played = True
        elif kind == "heard":
            self.words += str(values.get("text", ""))

    def phone(self, kind: str, at: float) -> None:
        """An event of the telephone."""
        if kind == "speech_started":
            self.hearing = True
            if self.heard_at is None:
                self.heard_at = at
        elif kind == "speech_ended":
            self.hearing = False

    @property
    def latest(self) -> BotTurn | None:
        """The bot's turn as soon as it begins."""
        return self._turn

    @property
    def spoken(self) -> BotTurn | None:
        """The bot's turn as soon as it was said to the end, by the line's account."""
        return self._turn if self._played else None


def reply_turn(values: Mapping[str, Any]) -> BotTurn:
    return BotTurn(
        text=str(values.get("text", "")),
        asks=tuple(values.get("asks") or ()),
        about={str(key): str(value) for key, value in (values.get("about") or {}).items()},
        keys=bool(values.get("keys")),
        ended=bool(values.get("ended")),
    )
