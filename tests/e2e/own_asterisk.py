"""A real Asterisk for a test of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ivr.telephony.asterisk.server import Prepared

UP_S = 30.0


@contextmanager
def started(prepared: Prepared, var: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Until the block ends; what it writes is in `var`."""
    output = var / "asterisk.out"
    with output.open("ab") as out:
        process = subprocess.Popen(prepared.start, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            end = time.monotonic() + UP_S
            while not prepared.ready():
                assert process.poll() is None, output.read_text()
                assert time.monotonic() < end, output.read_text()
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            process.wait(20)
