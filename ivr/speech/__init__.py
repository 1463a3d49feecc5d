"""Hearing and speaking: voice activity, recognition, synthesis."""

import os

# onnxruntime ≥ 1.29 sends usage data to its maker and writes a device id below HOME unless this is set before its
# first import (Privacy.md in its package). Nothing leaves the machine at run time, and nothing outside
# the project changes.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
