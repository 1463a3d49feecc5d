"""A connection to AMI that is kept: pings with a deadline, backoff, login again.

panoramisk's Manager, with its faults guarded (each has a test): a failed login raises nothing; a connection that is
only half open is not noticed; its own reconnection knows no backoff. It decodes each TCP segment by itself and drops
what is cut in two, so the values read here are ASCII (extensions, ticket numbers, queue names).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from panoramisk import Manager

from ivr.errors import IvrError, TelephonyDown

log = logging.getLogger(__name__)

LOGIN_TIMEOUT_S = 3.0
PING_EVERY_S = 5.0
ANSWER_TIMEOUT_S = 3.0
"""An action without an answer by then: the connection is dead, whatever TCP says."""
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Waits between attempts to connect again; the last one repeats."""
NEVER_S = 10**8
"""panoramisk's own pings, which nobody waits for, are put off for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiLogin:
    host: str
    port: int
    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiTimes:
    """Seconds; tests are in a hurry."""

    ping_every_s: float = PING_EVERY_S
    answer_timeout_s: float = ANSWER_TIMEOUT_S
    backoff_s: tuple[float, ...] = BACKOFF_S


class AmiListener(Protocol):
    """Told what happens on the link, in the event loop."""

    def login(self) -> AmiLogin:
        """A new connection begins: its events follow."""

    async def logged_in(self, connection: Connection) -> None:
        """Time to ask for the state of things."""

    def event(self, event: Mapping[str, str]) -> None: ...

    def lost(self) -> None: ...


class AmiLink:
    def __init__(self, listener: AmiListener, times: AmiTimes = AmiTimes()) -> None:
        self._listener = listener
        self._times = times
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises `TelephonyDown` when AMI cannot be reached or refuses us; what is lost later is mended by itself."""
        self._keeper = asyncio.create_task(self._keep(await self._connect()), name="ami")
        await asyncio.sleep(0)  # it has begun: stopped before, it would never close the connection

    def start_when_there(self) -> None:
        """As `start`, but Asterisk may come later: it is tried until it is there."""
        self._keeper = asyncio.create_task(self._begin(), name="ami")

    async def stop(self) -> None:
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    async def _begin(self) -> None:
        connection = None
        try:
            connection = await self._connect()
        except IvrError as error:
            log.info("%s", error)
        await self._keep(connection)

    async def _keep(self, connection: Connection | None) -> None:
        while True:
            if connection is None:
                connection = await self._connect_again()
            try:
                try:
                    await self._watch(connection)
                finally:
                    self._listener.lost()
                    connection.close()
            except TelephonyDown as error:
                log.warning("%s", error)
            except Exception:  # the boundary of one connection: events must be heard again whatever ended it
                log.exception("AMI connection")
            connection = None

    async def _watch(self, connection: Connection) -> None:
        """Until the connection is lost, then `TelephonyDown`."""
        while True:
            try:
                async with asyncio.timeout(self._times.ping_every_s):
                    await connection.lost.wait()
            except TimeoutError:
                await connection.ask(self._times.answer_timeout_s, {"Action": "Ping"})
            else:
                raise TelephonyDown("AMI 连接断开了，正在重新连接。")

    async def _connect_again(self) -> Connection:
        attempt = 0
        while True:
            await asyncio.sleep(self._times.backoff_s[min(attempt, len(self._times.backoff_s) - 1)])
            attempt += 1
            try:
                return await self._connect()
            except IvrError as error:
                log.warning("%s", error)

    async def _connect(self) -> Connection:
        """Raises `TelephonyDown`, or another `IvrError` where it is not known how to log in."""
        connection = Connection(self._listener.login())
        connection.register_event("*", lambda _, event: self._listener.event(dict(event.items())))
        whole = False
        try:
            await connection.log_in()
            await self._listener.logged_in(connection)
            whole = True
        except IvrError:
            raise
        except Exception as error:  # the boundary to panoramisk, whose parser raises whatever a peer's bytes lead to
            log.exception("AMI connection")
            raise TelephonyDown(f"AMI 的连接没有建成（{error!r}）：请看线路的日志。") from error
        finally:
            if not whole:
                connection.close()
        return connection


class Connection(Manager):  # type: ignore[misc]  # panoramisk carries no types
    """One connection, which is not renewed. To be built inside the running loop."""

    def __init__(self, login: AmiLogin) -> None:
        super().__init__(
            loop=asyncio.get_running_loop(),
            host=login.host,
            port=login.port,
            username=login.user,
            secret=login.secret,
            ping_delay=NEVER_S,
            ping_interval=NEVER_S,
            log=log,
        )
        self.lost = asyncio.Event()
        self._where = f"{login.host}:{login.port}"

    async def log_in(self) -> None:
        """Raises `TelephonyDown`: panoramisk itself is silent about a refusal."""
        try:
            async with asyncio.timeout(LOGIN_TIMEOUT_S):
                await self.connect()
        except (OSError, TimeoutError) as error:
            raise TelephonyDown(f"连不上 AMI（{self._where}）：Asterisk 没有运行，或设置 ports.ami 不对。") from error
        await asyncio.sleep(0)  # connection_made is the connection's callback: it sends the login
        answer = self.authenticated_future
        if answer is None:
            raise TelephonyDown(f"AMI（{self._where}）在登录时断开了。")
        await self._first_of(answer, LOGIN_TIMEOUT_S, "登录")
        if not answer.result().success:
            raise TelephonyDown(
                f"AMI（{self._where}）拒绝了登录：{answer.result().message}。"
                "请用现在的 var/secrets.toml 重新启动 Asterisk。"
            )

    async def ask(self, timeout_s: float, action: Mapping[str, str]) -> Any:
        """Answer of an action: a message, or several. Raises `TelephonyDown` when none comes: TCP does not tell of a
        peer that is gone."""
        answer = self.send_action(dict(action))
        await self._first_of(answer, timeout_s, action["Action"])
        return answer.result()

    async def events(self, timeout_s: float, action: Mapping[str, str]) -> list[Mapping[str, str]]:
        """As `ask`; none where Asterisk has nothing to list."""
        answer = await self.ask(timeout_s, action)
        return [dict(each.items()) for each in (answer if isinstance(answer, list) else [answer])]

    def tell(self, action: Mapping[str, str]) -> None:
        """Nobody waits for the answer."""
        self.send_action(dict(action))

    async def _first_of(self, answer: asyncio.Future[Any], timeout_s: float, what: str) -> None:
        lost = asyncio.ensure_future(self.lost.wait())
        try:
            await asyncio.wait({answer, lost}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
        if not answer.done():
            raise TelephonyDown(f"AMI（{self._where}）在 {timeout_s:g} 秒内没有回答 {what}。")

    # What panoramisk calls; its own versions connect again by themselves.

    def connection_made(self, f: asyncio.Task[Any]) -> None:
        if f.cancelled() or f.exception() is not None:
            return
        super().connection_made(f)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()

    def login(self, future: asyncio.Future[Any]) -> bool:
        self.authenticated = bool(not future.cancelled() and future.result().success)
        return self.authenticated
