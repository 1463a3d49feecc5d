"""Sound as the line carries it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ivr.audio import SILENCE, frame_dbov


def test_a_frames_loudness_is_its_power_under_full_scale() -> None:
    assert frame_dbov(np.full(160, 3276, "<i2").tobytes()) == pytest.approx(-20.0, abs=0.01)
    assert frame_dbov(SILENCE) == -math.inf
