"""AMI: how many agents are free, and what became of calls that were handed over.

panoramisk's Manager, with its faults guarded (each has a test): a failed login raises nothing; a connection that is
only half open is not noticed; its own reconnection knows no backoff. It decodes each TCP segment by itself and drops
what is cut in two, so the values read here are ASCII (extensions, ticket numbers, queue names).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from panoramisk import Manager

from ivr.errors import IvrError, TelephonyDown
from ivr.settings import Settings
from ivr.telephony.asterisk.config import APP
from ivr.telephony.asterisk.handoffs import Agents, HandoffOutcome, Handoffs
from ivr.telephony.asterisk.secrets import load_secrets

log = logging.getLogger(__name__)

LOGIN_TIMEOUT_S = 3.0
PING_EVERY_S = 5.0
ANSWER_TIMEOUT_S = 3.0
"""An action without an answer by then: the connection is dead, whatever TCP says."""
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Waits between attempts to connect again; the last one repeats."""
NEVER_S = 10**8
"""panoramisk's own pings, which nobody waits for, are put off for ever."""


class QueueWatch:
    """Follows AMI. `on_outcome` is called in the event loop and must not block."""

    def __init__(
        self,
        settings: Settings,
        on_outcome: Callable[[HandoffOutcome], None] = lambda _: None,
        *,
        ping_every_s: float = PING_EVERY_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        backoff_s: tuple[float, ...] = BACKOFF_S,
    ) -> None:
        self._settings = settings
        self._on_outcome = on_outcome
        self._ping_every_s = ping_every_s
        self._answer_timeout_s = answer_timeout_s
        self._backoff_s = backoff_s
        self._handoffs = Handoffs(settings.telephony.ring_timeout_s)
        self._agents: Agents | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return self._agents is not None

    def free_agents(self, queue: str) -> int | None:
        """Agents of a queue who could take a call now; None = unknown (AMI is away, or there is no such queue)."""
        return self._agents.free(queue) if self._agents else None

    async def start(self) -> None:
        """Raises `TelephonyDown` when AMI cannot be reached or refuses us; what is lost later is mended by itself."""
        try:
            connection = await self._connect()
        except IvrError:
            raise
        except Exception as error:
            log.exception("AMI")
            raise TelephonyDown(f"AMI 的连接没有建成（{error!r}）：请看线路的日志。") from error
        self._keeper = asyncio.create_task(self._keep(connection), name="ami")

    async def stop(self) -> None:
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    async def _keep(self, connection: _Connection) -> None:
        while True:
            try:
                try:
                    await self._watch(connection)
                finally:
                    self._agents = None
                    connection.close()
            except TelephonyDown as error:
                log.warning("%s", error)
            except Exception:  # the boundary of one connection: outcomes must be heard again whatever ended it
                log.exception("AMI connection")
            connection = await self._connect_again()

    async def _watch(self, connection: _Connection) -> None:
        """Until the connection is lost, then `TelephonyDown`."""
        while True:
            try:
                async with asyncio.timeout(self._ping_every_s):
                    await connection.lost.wait()
            except TimeoutError:
                await connection.ask(self._answer_timeout_s, {"Action": "Ping"})
            else:
                raise TelephonyDown("AMI 连接断开了，正在重新连接。")

    async def _connect_again(self) -> _Connection:
        attempt = 0
        while True:
            await asyncio.sleep(self._backoff_s[min(attempt, len(self._backoff_s) - 1)])
            attempt += 1
            try:
                return await self._connect()
            except TelephonyDown as error:
                log.warning("%s", error)
            except Exception:
                log.exception("AMI connection")

    async def _connect(self) -> _Connection:
        secret = load_secrets(self._settings.var / "secrets.toml").ami
        connection = _Connection(self._settings.host, self._settings.ports.ami, secret)
        agents = Agents()
        connection.register_event("*", lambda _, event: self._take(agents, event))
        try:
            await connection.log_in()
            for event in await connection.ask(self._answer_timeout_s, {"Action": "QueueStatus"}, as_list=True):
                agents.take(dict(event.items()))
        except BaseException:
            connection.close()
            raise
        self._agents = agents
        return connection

    def _take(self, agents: Agents, message: Any) -> None:
        event = dict(message.items())
        agents.take(event)
        outcome = self._handoffs.take(event, time.monotonic())
        if outcome:
            log.info("call %s: hand-over %s, agent %s", outcome.call_id, outcome.outcome, outcome.agent)
            self._on_outcome(outcome)


class _Connection(Manager):  # type: ignore[misc]  # panoramisk carries no types
    """One connection, which is not renewed. To be built inside the running loop."""

    def __init__(self, host: str, port: int, secret: str) -> None:
        super().__init__(
            loop=asyncio.get_running_loop(),
            host=host,
            port=port,
            username=APP,
            secret=secret,
            ping_delay=NEVER_S,
            ping_interval=NEVER_S,
            log=log,
        )
        self.lost = asyncio.Event()
        self._where = f"{host}:{port}"

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

    async def ask(self, timeout_s: float, action: dict[str, str], *, as_list: bool = False) -> Any:
        """Answer of an action. Raises `TelephonyDown` when none comes: TCP does not tell of a peer that is gone."""
        answer = self.send_action(action, as_list=as_list)
        await self._first_of(answer, timeout_s, action["Action"])
        return answer.result()

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
