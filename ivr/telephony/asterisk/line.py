"""One call on Asterisk: implements `ivr.call.ports.Line`.

The caller's channel and a media channel (chan_websocket) stand in one bridge. Control and media are two websockets
that Asterisk opens; whatever ends either of them ends the line.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Mapping

from ivr.call.ports import CallInfo, Digit, Frame, HungUp, LineEvent, Played, Transfer
from ivr.errors import TelephonyDown, WireError
from ivr.telephony.asterisk import media, variables
from ivr.telephony.asterisk.ari import segment
from ivr.telephony.asterisk.control import Control
from ivr.telephony.asterisk.media_socket import MediaSocket
from ivr.telephony.asterisk.recording import Recording
from ivr.telephony.inbox import Inbox

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 5.0
"""From the start of `answer` to sound; it takes some 30 ms."""
VERDICT_S = 0.3
"""When media ends, control says within milliseconds why."""
WANTED_EVENTS = ("RESTResponse", "StasisStart", "ChannelHangupRequest")
"""All that Asterisk tells us on the control websocket, and nothing of the media channel once it is up. 22.10.1 crashes
when it writes an event there in the very moment in which the websocket breaks, as it does when the bot dies: the media
channel hangs up and leaves its bridge then (one death in ten took Asterisk along, measured)."""
SUBSCRIBED = 4
"""Asterisk counts why it tells us of a channel: because we made it, because it is in our application."""
HUMAN = {"context": "human", "extension": "s", "priority": "1"}
"""Where the dialplan takes a call to its queue."""


class AsteriskLine:
    def __init__(self, info: CallInfo, control: Control, application: str, recording: Recording) -> None:
        self._info = info
        self._recording = recording
        self._control = control
        self._application = application
        self._app_path = f"applications/{segment(application)}"
        self._channel = segment(info.call_id)
        self._bridge = segment(f"{info.call_id}-bridge")
        self.media_channel = f"{info.call_id}-media"
        self.token = secrets.token_urlsafe(16)
        """Shown by the media websocket of this call."""
        self._media: MediaSocket | None = None
        self._media_ready = asyncio.Event()
        self._media_in_app = asyncio.Event()
        self._inbox = Inbox()
        self._tidied = False

    @property
    def info(self) -> CallInfo:
        return self._info

    @property
    def over(self) -> bool:
        """Hung up by either side, handed over, or lost."""
        return self._inbox.over

    async def answer(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await asyncio.gather(
                    self._ask("POST", f"bridges/{self._bridge}", type="mixing"),
                    self._ask("POST", "channels/externalMedia", **self._media_options()),
                    self._control.request(
                        "PUT",
                        f"{self._app_path}/eventFilter",
                        body={"allowed": [{"type": event} for event in WANTED_EVENTS]},
                    ),
                )
                # Before its own StasisStart the media channel cannot join a bridge (422).
                await asyncio.gather(self._media_in_app.wait(), self._media_ready.wait())
                await asyncio.gather(
                    self._ask("POST", f"channels/{self._channel}/answer"),
                    self._ask(
                        "POST",
                        f"bridges/{self._bridge}/addChannel",
                        channel=f"{self._info.call_id},{self.media_channel}",
                    ),
                )
                await self._hear_no_more_of_media()
        except TimeoutError as error:
            raise TelephonyDown(
                f"Asterisk 在 {ANSWER_TIMEOUT_S:g} 秒内没有接通声音（{self._info.call_id}）。"
            ) from error

    def events(self) -> AsyncIterator[LineEvent]:
        return self._inbox.events(lambda: self._media is not None)

    async def play(self, pcm: bytes) -> None:
        await self._sound().play(pcm)

    async def mark(self, name: str) -> None:
        self._sound().mark(name)

    async def pause(self) -> None:
        await self._sound().pause()

    async def resume(self) -> None:
        await self._sound().resume()

    async def flush(self) -> None:
        await self._sound().flush()

    async def record(self) -> None:
        self._recording.begin()

    async def note_ticket(self, ticket_no: str) -> None:
        await self._set({variables.TICKET: ticket_no})

    async def hand_over(self, transfer: Transfer) -> None:
        await self._set(variables.of_transfer(transfer))
        await self._ask("POST", f"channels/{self._channel}/continue", **HUMAN)
        self._inbox.end()
        await self._tidy()

    async def hang_up(self) -> None:
        if self.over:
            return
        await self._ask("DELETE", f"channels/{self._channel}", reason="normal")
        self._inbox.end(HungUp())
        await self._tidy()

    # --- what the two websockets bring ---

    def media_in_app(self) -> None:
        """StasisStart of the media channel."""
        self._media_in_app.set()

    def left(self, *, gone: bool) -> None:
        """Control says that the caller's channel hung up (`gone`), or goes on elsewhere."""
        self._inbox.end(*([HungUp()] if gone else []))

    def lost(self) -> None:
        """Control is closed, and nothing said that the caller hung up."""
        self._inbox.end(HungUp(gone=False))

    async def carry(self, socket: MediaSocket) -> None:
        """Bring events of the media websocket until it closes."""
        self._media = socket
        try:
            async for event in socket.events():
                self._take(event)
        except WireError:
            log.exception("call %s: media", self._info.call_id)
        await self._media_ended(socket)

    async def leave(self) -> None:
        """Nobody looks after this call any more: unless it is over the caller goes to a human."""
        try:
            if not self.over:
                log.error("call %s goes to a human: the bot gave it up", self._info.call_id)
                await self._set(variables.FAILED)
                await self._ask("POST", f"channels/{self._channel}/continue", **HUMAN)
                self._inbox.end(HungUp(gone=False))
        finally:
            await self._tidy()

    # --- inside ---

    async def _hear_no_more_of_media(self) -> None:
        source = {"eventSource": f"channel:{self.media_channel}"}
        for _ in range(SUBSCRIBED):
            left = await self._control.request("DELETE", f"{self._app_path}/subscription", source)
            if self.media_channel not in left:
                return
        log.warning("call %s: Asterisk goes on telling of its media channel", self._info.call_id)

    def _take(self, event: media.Event) -> None:
        match event:
            case media.Opened():
                self._media_ready.set()
            case media.Sound(frames):
                for pcm in frames:
                    self._inbox.put(Frame(pcm))
            case media.Key(digit):
                if digit in "0123456789*#":
                    self._inbox.put(Digit(digit))
            case media.MarkReached(name):
                self._inbox.put(Played(name))
            case _:
                pass

    async def _media_ended(self, socket: MediaSocket) -> None:
        try:
            async with asyncio.timeout(VERDICT_S):
                await self._inbox.wait_over()
        except TimeoutError:
            # The caller is still there and would hear nothing for ever.
            try:
                await self.leave()
            except TelephonyDown as error:
                log.warning("call %s: %s", self._info.call_id, error)
        await socket.close()

    async def _tidy(self) -> None:
        """Media channel and bridge of this call outlive the caller's channel. The former ends with its websocket."""
        if self._tidied:
            return
        self._tidied = True
        self._recording.end()
        if self._media:
            await self._media.close()
        try:
            await self._control.request("DELETE", f"bridges/{self._bridge}")
        except TelephonyDown as error:
            log.debug("call %s: %s", self._info.call_id, error)

    def _sound(self) -> MediaSocket:
        if self.over or self._media is None:
            raise TelephonyDown(f"通话 {self._info.call_id} 已经结束，或还没有接通声音。")
        return self._media

    async def _set(self, values: Mapping[str, str]) -> None:
        path = f"channels/{self._channel}/variable"
        each = [(name, variables.clean(value)) for name, value in values.items()]
        await asyncio.gather(*(self._ask("POST", path, variable=name, value=value) for name, value in each))

    async def _ask(self, method: str, path: str, **query: str) -> None:
        if self.over:
            raise TelephonyDown(f"通话 {self._info.call_id} 已经结束，无法执行 {method} {path}。")
        await self._control.request(method, path, query)

    def _media_options(self) -> dict[str, str]:
        return {
            "app": self._application,
            "channelId": self.media_channel,
            "external_host": "media",
            "transport": "websocket",
            "connection_type": "client",
            "encapsulation": "none",
            "format": media.FORMAT,
            "transport_data": f"f(json)v(call={self.token})",
        }
