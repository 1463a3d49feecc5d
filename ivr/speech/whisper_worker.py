"""A process of Whisper: one model, one decoding at a time.

    python -m ivr.speech.whisper_worker SOCKET FOLDER

SOCKET is the number of an open socket to the line. A thread reads it: it hears at once that a decoding is given up, and
when the line is gone, however it died, the process goes, too, whatever the model is doing.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from ivr.errors import NotPrepared, SpeechFailed
from ivr.speech.whisper_wire import Decode, Done, Failed, GiveUp, NotReady, Ready, asked, pack


class Worker:
    def __init__(self, line: Connection) -> None:
        self._line = line
        self._asked: queue.SimpleQueue[Decode] = queue.SimpleQueue()
        self._given_up = threading.Event()

    def run(self, folder: Path) -> None:
        threading.Thread(target=self._read, name="line", daemon=True).start()
        from ivr.speech.whisper_model import WhisperModel  # two seconds: the line may have gone by then

        try:
            model = WhisperModel(folder, threads=1, parallel=1)
        except NotPrepared as error:
            self._line.send_bytes(pack(NotReady(str(error))))
            return
        self._line.send_bytes(pack(Ready()))
        while True:
            wanted = self._asked.get()
            try:
                decoded = model.decode(wanted.pcm, wanted.prompt, wanted.terms, wanted.beam, self._given_up.is_set)
            except SpeechFailed as error:
                self._line.send_bytes(pack(Failed(str(error))))
            else:
                self._line.send_bytes(pack(Done(decoded.hypotheses, decoded.no_speech) if decoded else Done(())))

    def _read(self) -> None:
        try:
            while True:
                match asked(self._line.recv_bytes()):
                    case Decode() as wanted:
                        self._given_up.clear()
                        self._asked.put(wanted)
                    case GiveUp():
                        self._given_up.set()
        except (EOFError, OSError):
            os._exit(0)


def main(socket: str, folder: str) -> None:
    Worker(Connection(int(socket))).run(Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
