"""Connections to Vosk servers: a stretch of sound goes to one after the other, from its beginning, until one heard it
to its end. Which one is next is `addresses`' to say, what is sent and answered `vosk_server_wire`'s."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

import aiohttp

from ivr.audio import RATE
from ivr.errors import SettingsError, SpeechFailed, WireError
from ivr.settings import RecogniserChoice
from ivr.speech.addresses import Address, Addresses
from ivr.speech.grammar import fits
from ivr.speech.vosk_server_wire import EOF, Answers, config

log = logging.getLogger(__name__)

LEAST_BYTES = RATE // 10 * 2
"""Sound of one message while the caller speaks: 0.1 s."""
MOST_BYTES = RATE // 2 * 2
"""Sound of one message when there is more to catch up with."""
CLOSE_S = 1.0
"""How long a server may take to say goodbye."""
FAULTS = (aiohttp.ClientError, OSError, TimeoutError, WireError, ValueError)
"""What a server or the way to it can do wrong; ValueError: an answer that is no text."""


def checked(choice: RecogniserChoice) -> RecogniserChoice:
    """Raises `SettingsError`."""
    where = "请改设置的 [speech.recognisers.…]"
    if not choice.addresses:
        raise SettingsError(f'识别引擎 vosk_server 没有写地址：{where}，例如 addresses = ["ws://10.0.0.5:2700"]。')
    for address in choice.addresses:
        if not _is_websocket(address):
            raise SettingsError(f"识别服务的地址 {address!r} 不对：应当像 ws://10.0.0.5:2700，{where}。")
    if min(choice.connect_timeout_s, choice.answer_timeout_s) <= 0:
        raise SettingsError(f"connect_timeout_s 和 answer_timeout_s 要大于 0（秒）：{where}。")
    return choice


def _is_websocket(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False


class Stretch:
    """Sound up to a result, and what is made of it. Most utterances are one."""

    def __init__(self) -> None:
        self.sound = bytearray()
        self.ended = False
        self.changed = asyncio.Event()
        """More sound, or the end."""
        self.answers = Answers()
        self.address: Address | None = None
        """Who hears it now."""

    def feed(self, pcm: bytes) -> None:
        self.sound += pcm
        self.changed.set()

    def end(self) -> None:
        self.ended = True
        self.changed.set()


class Servers:
    """The connections of this process."""

    def __init__(self, choice: RecogniserChoice) -> None:
        self.choice = choice
        self.addresses = Addresses(choice.addresses)
        self.done = 0
        """Stretches heard to their end."""
        self._http: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, stretch: Stretch, words: Sequence[str]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._hear(stretch, words), name="vosk server")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def probe(self, address: Address) -> str | None:
        """Has it say what it hears in nothing. What is wrong, or None."""
        stretch = Stretch()
        stretch.end()
        try:
            async with asyncio.timeout(self.choice.connect_timeout_s + self.choice.answer_timeout_s):
                await self._hear_at(address, stretch, ())
        except FAULTS as error:
            return str(error) or "没有及时回答"
        return None

    async def probe_all(self) -> list[str | None]:
        """In the order of `addresses.all`."""
        return await asyncio.gather(*(self.probe(each) for each in self.addresses.all))

    def failed(self, address: Address, why: object) -> None:
        self.addresses.failed(address, asyncio.get_running_loop().time())
        log.warning("识别服务 %s 出错（%s），%.0f 秒后再试。", address.url, why or "没有及时回答", address.rest_s)

    async def close(self) -> None:
        while tasks := list(self._tasks):  # one that is cancelled begins to close its connection
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._http:
            await self._http.close()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        has_failed(task)  # looks at its error, which may have nobody else: a dropped utterance

    async def _hear(self, stretch: Stretch, words: Sequence[str]) -> None:
        """Raises `SpeechFailed` when no server is left."""
        tried: list[Address] = []
        while address := self.addresses.next(asyncio.get_running_loop().time(), tried):
            if not await self._heard_at(address, stretch, words):
                tried.append(address)
            elif words and not all(fits(each.text, each.confidence) for each in stretch.answers.segments):
                words = ()
            else:
                self.done += 1
                return
        raise SpeechFailed("没有一个识别服务能用，由本机识别：请看 ivr doctor 和 addresses 里的地址。")

    async def _heard_at(self, address: Address, stretch: Stretch, words: Sequence[str]) -> bool:
        try:
            await self._hear_at(address, stretch, words)
        except FAULTS as error:
            self.failed(address, error)
            return False
        self.addresses.good(address)
        return True

    async def _hear_at(self, address: Address, stretch: Stretch, words: Sequence[str]) -> None:
        """From the beginning to the end of the stretch. Raises one of `FAULTS`."""
        stretch.answers, stretch.address = Answers(), address
        address.busy += 1
        try:
            async with self._connected(address) as socket:
                await socket.send_str(config(words, self.choice.alternatives))
                sending = asyncio.create_task(_send(socket, stretch, stretch.answers))
                try:
                    await self._receive(socket, stretch.answers)
                finally:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
        finally:
            address.busy -= 1

    @contextlib.asynccontextmanager
    async def _connected(self, address: Address) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        self._http = self._http or aiohttp.ClientSession()
        closing = aiohttp.ClientWSTimeout(ws_close=CLOSE_S)
        async with asyncio.timeout(self.choice.connect_timeout_s):
            socket = await self._http.ws_connect(address.url, timeout=closing)
        try:
            yield socket
        finally:
            task = asyncio.create_task(_closed(socket), name="vosk server closes")  # nobody waits for it
            self._tasks.add(task)
            task.add_done_callback(self._done)

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse, answers: Answers) -> None:
        """Until the last answer. Raises one of `FAULTS`."""
        while not answers.complete:
            try:
                message = await socket.receive(timeout=self.choice.answer_timeout_s)
            except TimeoutError:
                if answers.awaited:
                    raise
                continue  # nothing was said to it
            if message.type is aiohttp.WSMsgType.TEXT:
                answers.take(message.data)
            elif answers.complete_when_closed:
                return
            else:
                raise WireError("连接断了")


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.close()


async def _send(socket: aiohttp.ClientWebSocketResponse, stretch: Stretch, answers: Answers) -> None:
    """A connection that breaks meanwhile is seen by who receives."""
    at = 0
    while True:
        due = len(stretch.sound) - at
        if due >= LEAST_BYTES or (due and stretch.ended):
            pcm = bytes(stretch.sound[at : at + MOST_BYTES])
            at += len(pcm)
            answers.sent()
            await socket.send_bytes(pcm)
        elif stretch.ended:
            answers.ended()
            return await socket.send_str(EOF)
        else:
            stretch.changed.clear()
            await stretch.changed.wait()


def has_failed(task: asyncio.Task[None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


async def wrong_with(choice: RecogniserChoice) -> dict[str, str | None]:
    """Each address of a choice → what is wrong there, or None. Raises `SettingsError`."""
    servers = Servers(checked(choice))
    try:
        return dict(zip([each.url for each in servers.addresses.all], await servers.probe_all(), strict=True))
    finally:
        await servers.close()
