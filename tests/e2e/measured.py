"""What the real calls of a test run measured, for its summary."""

from __future__ import annotations

ANSWER_GAPS: list[int] = []
"""Milliseconds from the caller's last speech sample to the first sample of the answer, at the SIP client."""

RING_EVENTS: list[int] = []
"""Milliseconds from the INVITE at the agent's telephone to the event at the desk; negative: the event first."""


def summary() -> list[str]:
    return [line for line in (_gaps() if ANSWER_GAPS else "", _rings() if RING_EVENTS else "") if line]


def _rings() -> str:
    return f"坐席电话响到桌面收到事件（{len(RING_EVENTS)} 次）：{sorted(RING_EVENTS)} ms"


def _gaps() -> str:
    gaps = sorted(ANSWER_GAPS)
    middle, late = gaps[len(gaps) // 2], gaps[int(len(gaps) * 0.95)]
    return f"应答间隔（{len(gaps)} 轮，在 SIP 客户端测得）：p50 {middle} ms，p95 {late} ms；全部 {gaps}"
