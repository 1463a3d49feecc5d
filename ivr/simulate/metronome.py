"""A bare 20 ms timer: how late does this machine wake anybody up?

    python -m ivr.simulate.metronome FILE

Until its standard input ends; then FILE (.npy) holds (when it was due, how late it was) of every tick, in seconds of
the system's monotonic clock.
"""

from __future__ import annotations

import select
import sys
import time
from array import array
from pathlib import Path

import numpy as np

from ivr.audio import FRAME_MS


def main() -> None:
    ticks, due = array("d"), time.monotonic()
    while not select.select([sys.stdin], [], [], 0)[0]:
        due += FRAME_MS / 1000
        time.sleep(max(0.0, due - time.monotonic()))
        ticks.extend((due, time.monotonic() - due))
    np.save(Path(sys.argv[1]), np.frombuffer(ticks).reshape(-1, 2))


if __name__ == "__main__":
    main()
