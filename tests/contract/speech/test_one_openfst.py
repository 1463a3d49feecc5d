"""Vosk, sherpa-onnx and Whisper in one process: they must not share OpenFst, which corrupted the heap at the start."""

import subprocess
import sys

import pytest

PROGRAM = """
import gc
import ivr.speech.whisper_model
from ivr.speech.simplified import simplifier
assert simplifier()("著急的時候，這個著名的後台") == "着急的时候，这个著名的后台"
import {first}
import {second}
gc.collect()
print("loaded")
"""


@pytest.mark.parametrize(("first", "second"), [("vosk", "sherpa_onnx"), ("sherpa_onnx", "vosk")])
def test_the_recognisers_load_after_the_simplifier(first: str, second: str) -> None:
    program = PROGRAM.format(first=first, second=second)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (0, "loaded\n"), done.stderr[-500:]
