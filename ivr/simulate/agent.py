"""The human's telephone: registers, rings, answers after a while, says hello, listens, and tells what it saw."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from ivr.simulate.softphone import PhoneEvent, Softphone

TICKET_HEADER = "X-Ticket-No"
CALL_HEADER = "X-Call-Id"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLogin:
    extension: str
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 15060
    """SIP over UDP."""


@dataclass(slots=True, kw_only=True)
class AgentCall:
    """One call that reached the agent's telephone."""

    extension: str
    caller_name: str
    """Caller id name as the telephone shows it."""
    caller_number: str
    ticket_no: str | None
    """From the INVITE's header, else from the caller id name."""
    call_id: str | None
    """Of the caller's call, from the INVITE's header."""
    rang: float
    """`time.monotonic()`."""
    answered_after_s: float | None = None
    """From the first ring; None: not (yet) answered."""
    heard_s: float = 0.0
    """Sound heard, pauses not counted."""
    heard_by_caller: bool = False
    """The caller heard sound after this telephone had answered."""
    ended: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return {
            "extension": self.extension,
            "caller_name": self.caller_name,
            "caller_number": self.caller_number,
            "ticket_no": self.ticket_no,
            "answered_after_s": self.answered_after_s,
            "heard_s": round(self.heard_s, 2),
            "heard_by_caller": self.heard_by_caller,
        }


class AgentPhone:
    """`async with AgentPhone(login, hello=file) as agent: call = await agent.answered(call_id="…")`."""

    def __init__(
        self,
        login: AgentLogin,
        *,
        answers: float | str = 1.0,
        hello: Path | None = None,
        record: Path | None = None,
    ) -> None:
        """`answers`: seconds of ringing, "decline" or "ignore". `hello`: WAV said on answering. `record`: folder."""
        self.login = login
        self.calls: list[AgentCall] = []
        self._answers, self._hello = answers, hello
        self._phone = Softphone(record=record, host=login.host if login.host != "0.0.0.0" else "127.0.0.1")  # noqa: S104
        self._changed = asyncio.Condition()
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Raises `TelephonyDown` when it cannot register."""
        await self._phone.__aenter__()
        try:
            await self._phone.answer_calls(self._answers)
            login = self.login
            await self._phone.register(login.extension, login.password, host=login.host, port=login.port)
        except BaseException:
            await self._phone.__aexit__(None, None, None)
            raise
        self._watching = asyncio.create_task(self._watch(), name=f"agent {self.login.extension}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._phone.__aexit__(kind, error, trace)
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching

    @property
    def address(self) -> str:
        """host:port that the telephone listens on."""
        return self._phone.address

    async def hang_up(self) -> None:
        await self._phone.hang_up()

    def of(self, call_id: str) -> AgentCall | None:
        """The last call that came for this caller's call."""
        return next((call for call in reversed(self.calls) if call.call_id == call_id), None)

    async def answered(self, call_id: str, *, within_s: float) -> AgentCall | None:
        """The caller's call once this telephone has answered it; None when it has not in time."""

        def there() -> AgentCall | None:
            call = self.of(call_id)
            return call if call and call.answered_after_s is not None else None

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: there() is not None)
        return there()

    async def _watch(self) -> None:
        async for event in self._phone.events():
            async with self._changed:
                await self._note(event)
                self._changed.notify_all()

    async def _note(self, event: PhoneEvent) -> None:
        if event.kind == "incoming":
            self.calls.append(_incoming(self.login.extension, event))
            return
        if not self.calls:
            return
        call = self.calls[-1]
        if event.kind == "answered":
            call.answered_after_s = round(time.monotonic() - call.rang, 2)
            if self._hello is not None:
                await self._phone.say(self._hello)
        elif event.kind == "speech_ended":
            call.heard_s += event.at - event["started_at"]
        elif event.kind == "ended":
            call.ended = True


def _incoming(extension: str, event: PhoneEvent) -> AgentCall:
    headers: Mapping[str, str] = event["headers"]
    name = str(event["name"])
    return AgentCall(
        extension=extension,
        caller_name=name,
        caller_number=str(event["number"]),
        ticket_no=headers.get(TICKET_HEADER) or (name if name.startswith("GD") else None),
        call_id=headers.get(CALL_HEADER),
        rang=time.monotonic(),
        headers=headers,
    )
