"""A SIP telephone for tests and simulated callers: G.711 A-law, real audio, on this machine's own UDP ports.

    async with Softphone(record=folder) as phone:
        await phone.call("sip:4001000001@127.0.0.1:15060", caller="13800010101")
        await phone.wait("answered")
        await phone.wait("speech_ended")
        await phone.say(file)
        said = await phone.wait("said")
        answer = await phone.wait("speech_started")
        gap_s = answer.at - said.at

The telephone is a process of its own (`ivr.simulate.sip_client`) that never outlives the `async with`.

Events, each with `at` = seconds of the telephone's clock (samples sent and heard, which `said.wav` and `heard.wav` in
the folder share; sound events carry the exact sample):

    ready {address}                          the telephone is there; host:port it listens on
    registered {code, reason}
    answering {how}                          `answer_calls` holds from now on
    placed {to}                              the INVITE left
    ringing {code, ms}, answered {code, ms}  ms since the INVITE (our own, or the one that came)
    incoming {name, number, headers}         caller id name, caller number, SIP headers of the INVITE
    speech_started, speech_ended {started_at}    what is heard, by its energy: first and last sample
    said {name, started_at}                  `at` = the last speech sample of a sound has been sent
    keyed {digit, left}, digit {digit}       a key sent (`left` to go), a key that came
    ended {code, reason, ms}                 the call is over (200 = hung up normally); recordings are written
    error {why}                              a command that could not be obeyed
    gone {code}                              the process ended; nothing follows
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ivr.errors import TelephonyDown
from ivr.simulate.line_faults import FAULTLESS, LineFaults

START_TIMEOUT_S = 15.0
ANSWERING_TIMEOUT_S = 5.0
QUIT_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class PhoneEvent:
    kind: str
    at: float
    """Seconds of the telephone's clock."""
    values: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


class Softphone:
    def __init__(self, *, record: Path | None = None, host: str = "127.0.0.1", faults: LineFaults = FAULTLESS) -> None:
        """`record`: folder for `said.wav` and `heard.wav`. `faults`: what is wrong with its line."""
        self._arguments = ["--host", host]
        if record is not None:
            self._arguments += ["--record", str(record)]
        self._arguments += faults.arguments()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._arrived = asyncio.Condition()
        self._cursor = 0
        self.seen: list[PhoneEvent] = []
        """Every event so far, in order."""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ivr.simulate.sip_client",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read(self._process), name="softphone events")
        try:
            await self.wait("ready", timeout=START_TIMEOUT_S)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    @property
    def address(self) -> str:
        """host:port that it listens on."""
        return str(next(event for event in self.seen if event.kind == "ready")["address"])

    # --- commands ---

    async def call(
        self, target: str, *, caller: str | None = "phone", headers: Mapping[str, str] | None = None
    ) -> None:
        """Place a call to a SIP address. `caller`: the user part of From; None = withheld (anonymous)."""
        await self._command({"call": target, "from": caller, "headers": dict(headers or {})})

    async def register(self, extension: str, password: str, *, host: str, port: int) -> None:
        """Sign on at a registrar. Raises `TelephonyDown` when it is refused or not answered."""
        await self._command({"register": {"extension": extension, "password": password, "host": host, "port": port}})
        registered = await self.wait("registered", timeout=35)
        if registered["code"] != 200:
            raise TelephonyDown(
                f"分机 {extension} 在 {host}:{port} 注册失败（{registered['code']} {registered['reason']}）。"
            )

    async def say(self, file: Path, name: str = "") -> None:
        """Speak a WAV file (16 bit; one after the other). `said` tells when its last speech sample left."""
        await self._command({"say": str(file), "name": name or file.name})

    async def hush(self) -> None:
        """Stop speaking in mid-word."""
        await self._command({"hush": True})

    async def key(self, digits: str) -> None:
        """Press keys (RFC 4733), one every 300 ms."""
        await self._command({"digits": digits})

    async def answer_calls(self, how: float | str) -> None:
        """What becomes of calls that come: answered after so many seconds, "decline" (486) or "ignore" (rings)."""
        before = len(self.seen)
        await self._command({"answer_calls": how})
        async with self._arrived, asyncio.timeout(ANSWERING_TIMEOUT_S):
            await self._arrived.wait_for(lambda: any(event.kind == "answering" for event in self.seen[before:]))

    async def hang_up(self) -> None:
        await self._command({"hang_up": True})

    # --- events ---

    async def wait(self, *kinds: str, timeout: float = 10.0) -> PhoneEvent:  # noqa: ASYNC109  (a bound in the call)
        """The next event of one of these kinds, after the last one waited for. Raises `TelephonyDown` when it does
        not come in `timeout` seconds or the telephone is gone."""
        try:
            async with asyncio.timeout(timeout):
                async for event in self._after_cursor():
                    if event.kind in kinds:
                        return event
        except TimeoutError:
            kinds_seen = " ".join(event.kind for event in self.seen[-12:])
            raise TelephonyDown(
                f"软电话等了 {timeout:g} 秒没有等到 {'/'.join(kinds)}（最近的事件：{kinds_seen}）。"
            ) from None
        raise TelephonyDown(f"软电话已经退出，等不到 {'/'.join(kinds)}。")

    async def events(self) -> AsyncIterator[PhoneEvent]:
        """Every event from the first on, to the end of the telephone. Does not move what `wait` waits for."""
        index = 0
        while True:
            async with self._arrived:
                while len(self.seen) <= index:
                    await self._arrived.wait()
            yield self.seen[index]
            if self.seen[index].kind == "gone":
                return
            index += 1

    async def _after_cursor(self) -> AsyncIterator[PhoneEvent]:
        while True:
            async with self._arrived:
                while len(self.seen) <= self._cursor:
                    await self._arrived.wait()
            event = self.seen[self._cursor]
            if event.kind == "gone":
                yield event
                return
            self._cursor += 1
            yield event

    # --- the process ---

    async def _command(self, command: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None or self._process.returncode is not None:
            raise TelephonyDown("软电话没有在运行。")
        self._process.stdin.write(json.dumps(command, ensure_ascii=False).encode() + b"\n")
        try:
            await self._process.stdin.drain()
        except ConnectionError as error:
            raise TelephonyDown("软电话已经退出，命令没有送到。") from error

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101  (asked for above)
        async for line in process.stdout:
            raw = json.loads(line)
            await self._add(PhoneEvent(raw.pop("event"), raw.pop("at"), raw))
        await self._add(PhoneEvent("gone", self.seen[-1].at if self.seen else 0.0, {"code": await process.wait()}))

    async def _add(self, event: PhoneEvent) -> None:
        async with self._arrived:
            self.seen.append(event)
            self._arrived.notify_all()

    async def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(b'{"quit": true}\n')
                process.stdin.close()
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), QUIT_TIMEOUT_S)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()
        if self._reading is not None:
            await self._reading
