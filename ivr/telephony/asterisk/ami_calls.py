"""AMI for single calls: their recording; with AudioSocket, which has no control, also variables and keys."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from ivr.errors import TelephonyDown
from ivr.settings import Settings
from ivr.telephony.asterisk.ami_link import AmiLink, AmiLogin, Connection
from ivr.telephony.asterisk.config import CALLS_USER
from ivr.telephony.asterisk.secrets import load_secrets

log = logging.getLogger(__name__)

ANSWER_S = 0.5
"""Asterisk answers within milliseconds; a call does not wait longer for what it can do without."""


class AmiCalls:
    """`on_key(call_id, digit)` is called in the event loop, on the release of a key."""

    def __init__(self, settings: Settings, on_key: Callable[[str, str], None] = lambda call, digit: None) -> None:
        self._settings = settings
        self._on_key = on_key
        self._connection: Connection | None = None
        self._link = AmiLink(self)

    def start(self) -> None:
        self._link.start_when_there()

    async def stop(self) -> None:
        await self._link.stop()

    async def set(self, channel: str, variable: str, value: str) -> bool:
        """Did the channel take it? Never raises: a call goes on without AMI."""
        return await self._ask({"Action": "Setvar", "Channel": channel, "Variable": variable, "Value": value})

    async def record(self, call_id: str) -> bool:
        """Both sides in one file, and each in its own, time-aligned. Never raises."""
        ours = not self._settings.telephony.pbx.host
        base = self._settings.var / "recordings" / call_id if ours else f"ivr-{call_id}"  # in the PBX's own folder
        files = {"File": f"{base}.wav", "Options": f"r({base}-caller.wav)t({base}-line.wav)"}
        return await self._ask({"Action": "MixMonitor", "Channel": call_id, **files})

    async def _ask(self, action: dict[str, str]) -> bool:
        if self._connection is None:
            return False
        try:
            answer = await self._connection.ask(ANSWER_S, action)
        except TelephonyDown as error:
            log.warning("%s", error)
            return False
        if not answer.success:
            log.warning("AMI refused %s: %s", action["Action"], answer.message)
        return bool(answer.success)

    # --- what the link tells ---

    def login(self) -> AmiLogin:
        secret = load_secrets(self._settings.var / "secrets.toml").ami
        host, port = self._settings.ami
        return AmiLogin(host=host, port=port, user=CALLS_USER, secret=secret)

    async def logged_in(self, connection: Connection) -> None:
        self._connection = connection

    def event(self, event: Mapping[str, str]) -> None:
        if event.get("Event") == "DTMFEnd" and event.get("Direction") == "Received":
            self._on_key(event.get("Uniqueid", ""), event.get("Digit", ""))

    def lost(self) -> None:
        self._connection = None
