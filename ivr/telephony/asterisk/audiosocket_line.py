"""One call by AudioSocket (Asterisk 18 and newer): implements `ivr.call.ports.Line`.

The dialplan stands still in FastAGI until we answer, then in AudioSocket() for as long as the bot talks; when the
socket closes it asks by FastAGI what comes next. Whoever does not answer that question is dead, and the call goes to
a human. AMI only notes the ticket on the channel beforehand, for just that case.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from ivr.call.ports import CallInfo, Digit, Frame, HungUp, LineEvent, Played, Transfer
from ivr.errors import TelephonyDown
from ivr.telephony.asterisk import audiosocket, variables
from ivr.telephony.asterisk.audio_peer import AudioPeer
from ivr.telephony.asterisk.keys import Keys
from ivr.telephony.asterisk.recording import Recording
from ivr.telephony.inbox import Inbox

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 5.0
"""From the start of `answer` to sound; it takes some 10 ms."""
ASKED_WITHIN_S = 1.0
"""When the socket has closed the dialplan asks within milliseconds what comes next, or tells that the caller left."""

SetVariable = Callable[[str, str], Awaitable[bool]]
"""Of this call's channel; False = it could not be set now."""


class AudioSocketLine:
    def __init__(self, info: CallInfo, set_variable: SetVariable, recording: Recording) -> None:
        self._info = info
        self._set_variable = set_variable
        self._recording = recording
        self.socket_id = uuid.uuid4()
        """What the connection of this call names itself."""
        self.ready = asyncio.Event()
        """The dialplan may go on: answered, parted, or over."""
        self.answered = False
        self._inbox = Inbox()
        self._keys = Keys()
        self._peer: AudioPeer | None = None
        self._media = asyncio.Event()
        """Sound flows, or never will."""
        self._ticket_no = ""
        self._next: dict[str, str] | None = None
        """The answer to the dialplan's question; None = we did not part from the call."""
        self._asked = asyncio.Event()

    @property
    def info(self) -> CallInfo:
        return self._info

    @property
    def over(self) -> bool:
        return self._inbox.over

    async def answer(self) -> None:
        self._check()
        self.answered = True
        self.ready.set()
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._media.wait()
        except TimeoutError as error:
            raise TelephonyDown(
                f"Asterisk 在 {ANSWER_TIMEOUT_S:g} 秒内没有接通声音（{self._info.call_id}）。"
            ) from error
        self._check()

    def events(self) -> AsyncIterator[LineEvent]:
        return self._inbox.events(lambda: self._peer is not None)

    async def play(self, pcm: bytes) -> None:
        await self._sound().play(pcm)

    async def mark(self, name: str) -> None:
        self._sound().mark(name)

    async def pause(self) -> None:
        self._sound().pause()

    async def resume(self) -> None:
        self._sound().resume()

    async def flush(self) -> None:
        self._sound().flush()

    async def record(self) -> None:
        self._recording.begin()

    async def note_ticket(self, ticket_no: str) -> None:
        """Without AMI the ticket is told when the dialplan asks; only a bot that dies before then takes it along."""
        self._check()
        if ticket_no == self._ticket_no:
            return
        if await self._set_variable(variables.TICKET, variables.clean(ticket_no)):
            self._ticket_no = ticket_no
        else:
            log.warning("call %s: ticket %s is not noted on the channel", self._info.call_id, ticket_no)

    async def hand_over(self, transfer: Transfer) -> None:
        await self._part({**variables.of_transfer(transfer), "IVR_NEXT": "human"})
        self._inbox.end()

    async def hang_up(self) -> None:
        if self.over:
            return
        await self._part({"IVR_NEXT": "end"})
        self._inbox.end(HungUp())

    # --- what the dialplan and the socket bring ---

    def attach(self, peer: AudioPeer) -> None:
        self._peer = peer
        self._media.set()

    def next(self) -> Mapping[str, str]:
        """The dialplan asks what comes after AudioSocket(). Where we did not end it, it failed."""
        self._asked.set()
        if self._next is None:
            self._finish(HungUp(gone=False))
        return self._next or {**variables.FAILED, "IVR_NEXT": "human"}

    def gone(self) -> None:
        """The dialplan tells that the channel hung up."""
        self._asked.set()
        self._finish(HungUp())

    def heard(self, event: audiosocket.Event) -> None:
        match event:
            case audiosocket.Sound(frames):
                for pcm in frames:
                    self._inbox.put(Frame(pcm))
            case audiosocket.Key(digit):
                self.pressed("audiosocket", digit)
            case audiosocket.Fault(code):
                log.warning("call %s: AudioSocket tells of fault %d", self._info.call_id, code)
            case _:
                pass

    def pressed(self, witness: str, digit: str) -> None:
        if self._keys.take(witness) and digit in "0123456789*#":
            self._inbox.put(Digit(digit))

    def played(self, mark: str) -> None:
        self._inbox.put(Played(mark))

    def disconnected(self) -> None:
        """Whether the caller left or the connection failed, the dialplan tells next; else Asterisk is gone, too."""
        asyncio.get_running_loop().call_later(ASKED_WITHIN_S, self._finish, HungUp(gone=False))

    async def leave(self) -> None:
        """Nobody looks after this call any more: unless it is over the caller goes to a human."""
        self._recording.end()
        if self.over:
            return
        log.error("call %s goes to a human: the bot gave it up", self._info.call_id)
        try:
            await self._part({**variables.FAILED, "IVR_NEXT": "human"})
        finally:
            self._finish(HungUp(gone=False))

    # --- inside ---

    async def _part(self, following: dict[str, str]) -> None:
        """End AudioSocket() and wait until the dialplan has heard what follows."""
        self._check()
        self._next = {name: variables.clean(value) for name, value in following.items()}
        self.ready.set()
        if self._peer:
            self._peer.close()
        try:
            async with asyncio.timeout(ASKED_WITHIN_S):
                await self._asked.wait()
        except TimeoutError as error:
            raise TelephonyDown(f"拨号方案没有来问通话 {self._info.call_id} 接着怎么走。") from error
        self._check()

    def _finish(self, last: HungUp) -> None:
        self.ready.set()
        self._media.set()
        self._inbox.end(last)
        if self._peer:
            self._peer.close()

    def _sound(self) -> AudioPeer:
        self._check()
        if self._peer is None:
            raise TelephonyDown(f"通话 {self._info.call_id} 还没有接通声音。")
        return self._peer

    def _check(self) -> None:
        if self.over:
            raise TelephonyDown(f"通话 {self._info.call_id} 已经结束。")
