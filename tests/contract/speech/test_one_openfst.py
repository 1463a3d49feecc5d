"""Vosk and Whisper in one process: their libraries must not share OpenFst, which corrupted the heap at the start."""

import subprocess
import sys

PROGRAM = """
import gc
from ivr.speech.whisper_model import simplifier
assert simplifier()("著急的時候，這個著名的後台") == "着急的时候，这个著名的后台"
import vosk
gc.collect()
print("loaded")
"""


def test_vosk_loads_after_the_simplifier() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (0, "loaded\n"), done.stderr[-500:]
