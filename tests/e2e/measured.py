"""What the real calls of a test run measured, for its summary."""

from __future__ import annotations

ANSWER_GAPS: list[int] = []
"""Milliseconds from the caller's last speech sample to the first sample of the answer, at the SIP client."""


def summary() -> str:
    gaps = sorted(ANSWER_GAPS)
    middle, late = gaps[len(gaps) // 2], gaps[int(len(gaps) * 0.95)]
    return f"应答间隔（{len(gaps)} 轮，在 SIP 客户端测得）：p50 {middle} ms，p95 {late} ms；全部 {gaps}"
