"""Loads a model of sherpa-onnx in a process of its own and lets it decode: what is no model ends that process only.

sherpa-onnx leaves the process (`exit`) or crashes where a valid .onnx is not what it expects: another kind of model,
one that does not stream, missing metadata. So every model is tried before the line, or `ivr models`, relies on it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from ivr.errors import IvrError, NotPrepared
from ivr.settings import PROJECT
from ivr.speech.hotwords import hotwords
from ivr.speech.sherpa_files import SherpaFiles, refusal, sherpa_files

LONGEST_S = 60.0
"""The largest models load in some seconds; the line has 90 s to start in."""
WHOLE = "sherpa-onnx: whole"
"""Said when all went well: `exit(0)` would look like success, too."""
_SOURCE = re.compile(r"^\S*\.(?:cc|h):\S+:\d+ ")
"""Where in sherpa-onnx's sources a message comes from."""


def checked(folder: Path, hotwords_score: float = 1.5) -> SherpaFiles:
    """The files of a model that loads and decodes. Takes as long as loading it. Raises `NotPrepared`."""
    files = sherpa_files(folder)
    argv = [sys.executable, "-m", __spec__.name, str(folder), str(hotwords_score)]
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}
    try:
        told = subprocess.run(argv, env=env, capture_output=True, timeout=LONGEST_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise NotPrepared(
            f"sherpa-onnx 模型 {folder} 在 {LONGEST_S:.0f} 秒里没有加载完：请换一个小些的模型。"
        ) from error
    if told.returncode == 0 and WHOLE.encode() in told.stdout:
        return files
    raise NotPrepared(refusal(folder, complaint(told.stderr.decode("utf-8", "replace"), told.returncode)))


def complaint(said: str, code: int) -> str:
    """What went wrong, from the process's error output: its last line that says something."""
    lines = [_SOURCE.sub("", line.strip()) for line in said.splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    return last or (f"它让进程崩溃了，信号 {-code}" if code < 0 else f"它让进程退出了，退出码 {code}")


def trial(folder: Path, hotwords_score: float) -> None:
    """Two seconds of silence and one of noise, so that every network runs. Ends the process where the model is none."""
    from ivr.speech.sherpa_model import RATE, SherpaModel

    files = sherpa_files(folder)
    model = SherpaModel(files, hotwords_score)
    stream = model.stream(hotwords(_spellable(files), files))
    for level in (0.0, 0.3, 0.0):
        model.decode(stream, (level * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32))
    model.finish(stream)


def _spellable(files: SherpaFiles) -> list[str]:
    """Any phrase that the model can write: hotwords take part in the trial."""
    characters = sorted(symbol.strip("▁") for symbol in files.symbols if len(symbol.strip("▁")) == 1)
    return ["".join(pair) for pair in pairwise(characters)][:50]


def main(folder: str, hotwords_score: str) -> int:
    try:
        trial(Path(folder), float(hotwords_score))
    except (IvrError, RuntimeError, ValueError, IndexError) as error:
        sys.stderr.write(f"{error.__cause__ or error}\n")
        return 1
    sys.stdout.write(WHOLE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
