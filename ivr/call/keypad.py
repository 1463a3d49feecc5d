"""Keys of a telephone: digits, closed by # or a pause; * begins the entry anew. No clock."""

from __future__ import annotations

from ivr.audio import FRAME_MS
from ivr.call.endpointing import Answer, Judge
from ivr.settings import Turns


class Keypad:
    def __init__(self, turns: Turns, judge: Judge) -> None:
        self._judge = judge
        self._gap_ms = round(1000 * turns.key_gap_s)
        self._whole_gap_ms = round(1000 * turns.key_gap_whole_s)
        self._asks: tuple[str, ...] = ()
        self._wanted = False
        self._digits = ""
        self._since_ms = 0

    @property
    def open(self) -> bool:
        """Digits were pressed and not closed yet."""
        return bool(self._digits)

    def asked(self, asks: tuple[str, ...], *, wanted: bool) -> None:
        """`wanted`: the answer may be keyed."""
        self._asks, self._wanted = asks, wanted

    def press(self, key: str) -> str | None:
        """The entry, once a key closes it: "" for # alone. A 0 that no number was asked for means a human, at once."""
        self._since_ms = 0
        if key == "*":
            self._digits = ""
            return None
        if key == "#" or (key == "0" and not self._digits and not self._wanted):
            return self._close(last="" if key == "#" else key)
        self._digits += key
        return None

    def frame(self) -> str | None:
        """20 ms passed; the entry, once the pause closes it."""
        self._since_ms += FRAME_MS
        whole = self._wanted and self._judge(self._digits, self._asks) is Answer.WHOLE
        gap_ms = self._whole_gap_ms if whole else self._gap_ms
        return self._close() if self._since_ms >= gap_ms else None

    def _close(self, last: str = "") -> str:
        digits, self._digits = self._digits + last, ""
        return digits
