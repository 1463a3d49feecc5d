"""Whisper's processes, with the real model: what happens when one dies or hangs, and that none outlives the line."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivr.errors import NotPrepared, SpeechFailed
from ivr.settings import Settings
from ivr.speech import whisper_processes
from ivr.speech.whisper_processes import WhisperProcess, WhisperProcesses

FOLDER = Settings().tools / "models" / "whisper-base"
SPEECH = "我家的洗衣机漏水了"
SIMPLIFIED = "以下是普通话的句子。"


@pytest.fixture(scope="module")
def one() -> Iterator[WhisperProcesses]:
    made = WhisperProcesses(FOLDER, 1)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting one takes long on a busy machine."""
    monkeypatch.setattr(whisper_processes, "FREE_S", 60.0)


def words(model: WhisperProcesses, pcm: bytes) -> str:
    decoded = model.decode(pcm, SIMPLIFIED, (), 1, lambda: False)
    assert decoded is not None
    return decoded.hypotheses[0].text


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def until(holds: Callable[[], bool], within_s: float = 60.0) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_a_dead_process_held_is_decoded_by_another(one: WhisperProcesses, caller: Callable[[str], bytes]) -> None:
    (first,) = one.pids
    os.kill(first, signal.SIGKILL)

    assert words(one, caller(SPEECH))
    assert first not in one.pids
    assert not alive(first)


def test_those_that_died_idle_are_neither_counted_nor_asked(caller: Callable[[str], bytes]) -> None:
    """Both, say for lack of memory: the next utterance waits for a new one instead of failing."""
    two = WhisperProcesses(FOLDER, 2)
    try:
        for pid in two.pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not two.pids)
        assert words(two, caller(SPEECH))
        until(lambda: len(two.pids) == 2)  # both, though only one was asked for
    finally:
        two.close()


def test_they_are_counted_while_they_are_replaced(one: WhisperProcesses) -> None:
    """By the line's loop, for admission, while threads replace them."""
    until(lambda: bool(one.pids))
    other, stop, often = WhisperProcess(FOLDER), threading.Event(), sys.getswitchinterval()

    def replacing() -> None:
        while not stop.is_set():
            with one._changing:
                one._all.add(other)
            with one._changing:
                one._all.discard(other)

    thread = threading.Thread(target=replacing)
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        assert all(one.pids for _ in range(10_000))
    finally:
        sys.setswitchinterval(often)
        stop.set()
        thread.join()
        other.end()


def test_one_that_starts_while_they_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[WhisperProcess] = []
    loading, loaded, ready = threading.Event(), threading.Event(), WhisperProcess.wait_ready

    def late(process: WhisperProcess) -> None:
        ready(process)
        if started:
            loading.set()
            loaded.wait(60)
        started.append(process)

    monkeypatch.setattr(WhisperProcess, "wait_ready", late)
    made = WhisperProcesses(FOLDER, 1)
    os.kill(made.pids[0], signal.SIGKILL)
    assert loading.wait(60)
    made.close()
    loaded.set()
    until(lambda: len(started) == 2 and not alive(started[1].pid))


def test_one_that_hangs_is_replaced(
    one: WhisperProcesses, caller: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    (stuck,) = one.pids
    os.kill(stuck, signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr(whisper_processes, "HANGS_S", 0.1)
        with pytest.raises(SpeechFailed, match="没有反应"):
            one.decode(caller(SPEECH)[:1600], "", (), 1, lambda: False)

    until(lambda: bool(one.pids))
    assert stuck not in one.pids
    assert not alive(stuck)
    assert words(one, caller(SPEECH))


def test_a_decoding_that_nobody_wants_is_given_up(one: WhisperProcesses, caller: Callable[[str], bytes]) -> None:
    assert one.decode(caller(SPEECH), "", (), 5, lambda: True) is None
    assert words(one, caller(SPEECH))


def test_no_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotPrepared, match="make prepare"):
        WhisperProcesses(tmp_path, 2)


def test_they_end_with_whoever_started_them() -> None:
    program = (
        "import sys, time; from pathlib import Path; from ivr.speech.whisper_processes import WhisperProcesses;"
        "made = WhisperProcesses(Path(sys.argv[1]), 1); print(*made.pids, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(FOLDER)], stdout=subprocess.PIPE, text=True) as line:
        assert line.stdout is not None
        pid = int(line.stdout.readline())
        assert alive(pid)
        line.kill()
    until(lambda: not alive(pid))
