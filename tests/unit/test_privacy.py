"""Nothing of a call leaves the machine, and nothing outside the project changes."""

import os
import subprocess
import sys
from pathlib import Path


def test_onnxruntime_is_told_not_to_send_usage_data(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    env |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-B", "-c", "import ivr.speech.vad"], env=env, check=True)
    assert list(tmp_path.rglob("*")) == []
