"""Whisper in processes of its own: a crash or a hang of the model costs one of them, never the line.

Blocks, and is used by as many threads as there are processes: each takes one, tells it what to decode and waits. What
a process that died held is decoded once more by a new one.
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from ivr.audio import seconds
from ivr.errors import NotPrepared, SpeechFailed
from ivr.settings import PROJECT
from ivr.speech.hypotheses import Decoded
from ivr.speech.whisper_wire import Answer, Decode, Done, Failed, GiveUp, NotReady, pack, told

log = logging.getLogger(__name__)

READY_S = 60.0
"""Loading takes two seconds; a machine that starts everything at once takes longer."""
HANGS_S = 6.0
"""A decoding that takes longer than this, and as long again as its sound, never ends."""
LOOK_S = 0.02
"""How often a waiting thread looks whether anybody still wants the words."""
FREE_S = 5.0
"""How long a decoding waits for a process where all died; starting one takes two seconds."""
REST_S = 5.0
"""Before the next try where a process did not start."""


class WorkerDied(Exception):
    """Within this module: the process ended in the middle of a decoding."""


class WhisperProcess:
    """One of them, started and not yet waited for."""

    def __init__(self, folder: Path) -> None:
        ours, theirs = socket.socketpair()
        argv = [sys.executable, "-m", "ivr.speech.whisper_worker", str(theirs.fileno()), str(folder)]
        paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        with theirs:
            self._process = subprocess.Popen(argv, env=env, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
        self._line = Connection(ours.detach())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def wait_gone(self) -> None:
        self._process.wait()

    def wait_ready(self) -> None:
        """Raises `NotPrepared`."""
        try:
            answer = self._answer(READY_S, lambda: False)
        except (WorkerDied, TimeoutError) as error:
            raise NotPrepared("语音识别进程没有启动起来：原因见线路的日志；可用 ivr doctor 检查。") from error
        if isinstance(answer, NotReady):
            raise NotPrepared(answer.why)

    def decode(self, wanted: Decode, abandoned: Callable[[], bool]) -> Done | Failed:
        """Raises `WorkerDied`, `TimeoutError`."""
        try:
            self._line.send_bytes(pack(wanted))
        except OSError as error:
            raise WorkerDied from error
        answer = self._answer(HANGS_S + seconds(wanted.pcm), abandoned)
        if not isinstance(answer, Done | Failed):
            raise WorkerDied
        return answer

    def end(self) -> None:
        self._line.close()
        self._process.kill()
        self._process.wait()

    def _answer(self, within_s: float, abandoned: Callable[[], bool]) -> Answer:
        until, given_up = time.monotonic() + within_s, False
        try:
            while not self._line.poll(LOOK_S):
                if time.monotonic() > until:
                    raise TimeoutError
                if not given_up and abandoned():
                    given_up = True
                    self._line.send_bytes(pack(GiveUp()))
            return told(self._line.recv_bytes())
        except (EOFError, ConnectionError) as error:
            raise WorkerDied from error


class WhisperProcesses:
    """Has the methods of `WhisperModel` that decode, for `parallel` decodings at a time."""

    def __init__(self, folder: Path, parallel: int) -> None:
        """Takes some seconds. Raises `NotPrepared`."""
        self._folder = folder
        self._closed = threading.Event()
        self._changing = threading.Lock()
        """Held while `_all` changes or is read: threads replace processes while the line's loop counts them."""
        self._free: queue.SimpleQueue[WhisperProcess] = queue.SimpleQueue()
        self._all: set[WhisperProcess] = set()
        started = [WhisperProcess(folder) for _ in range(parallel)]
        try:
            for one in started:
                one.wait_ready()
        except NotPrepared:
            for one in started:
                one.end()
            raise
        for one in started:
            self._keep(one)

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the processes that can decode, or do."""
        with self._changing:
            return tuple(one.pid for one in self._all if one.runs)

    def decode(
        self, pcm: bytes, prompt: str, terms: Sequence[str], beam: int, abandoned: Callable[[], bool]
    ) -> Decoded | None:
        """As `WhisperModel.decode`. Raises `SpeechFailed`, also where the model died twice, or hangs."""
        wanted = Decode(pcm, prompt, tuple(terms), beam)
        answer = self._once(wanted, abandoned) or self._once(wanted, abandoned)
        if answer is None:
            raise SpeechFailed("识别这句话时语音识别进程退出了：请看线路的日志。")
        if isinstance(answer, Failed):
            raise SpeechFailed(answer.why)
        return Decoded(answer.hypotheses, answer.no_speech) if answer.hypotheses else None

    def close(self) -> None:
        """Ends the processes, also one that decodes."""
        with self._changing:
            self._closed.set()
            running = tuple(self._all)
        for one in running:
            one.end()

    def _once(self, wanted: Decode, abandoned: Callable[[], bool]) -> Done | Failed | None:
        """None: the process died of it, or for another reason."""
        process = self._take()
        try:
            answer = process.decode(wanted, abandoned)
        except (WorkerDied, TimeoutError) as error:
            process.end()
            if isinstance(error, TimeoutError):
                raise SpeechFailed("语音识别没有反应：已经重新启动识别进程。") from error
            return None
        self._free.put(process)
        return answer

    def _take(self) -> WhisperProcess:
        """One that runs: what died with nothing to do did not die of this decoding. Raises `SpeechFailed`."""
        until = time.monotonic() + FREE_S
        while True:
            try:
                process = self._free.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise SpeechFailed("语音识别进程都退出了，正在重新启动：请看线路的日志。") from None
            if process.runs:
                return process

    def _keep(self, process: WhisperProcess) -> None:
        with self._changing:
            if self._closed.is_set():
                process.end()
                return
            self._all.add(process)
        self._free.put(process)
        threading.Thread(target=self._watch, args=(process,), name="whisper watch", daemon=True).start()

    def _watch(self, process: WhisperProcess) -> None:
        """Replaces it when it dies, also with nothing to do: calls go to humans while there is none."""
        process.wait_gone()
        with self._changing:
            self._all.discard(process)
        if self._closed.is_set():
            return
        log.error("whisper process %d died or hung; another one is started", process.pid)
        while not self._closed.is_set():
            another = WhisperProcess(self._folder)
            try:
                another.wait_ready()
            except NotPrepared as error:
                another.end()
                log.error("%s", error)  # noqa: TRY400  (a sentence for people)
                self._closed.wait(REST_S)
            else:
                self._keep(another)
                return
